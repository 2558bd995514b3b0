import assert from "node:assert/strict";
import { test } from "node:test";
import {
  anomaliesForbiddenBy,
  boundary,
  canonicalModel,
  CONSISTENCY_MODELS,
  modelsAbove,
  modelsBelow,
  orderOf,
} from "../../../../checker/transactions/levels/consistency_models.ts";

test("the strongest model implies every other", () => {
  assert.deepEqual([...modelsBelow(["strong-serializable"])].sort(), CONSISTENCY_MODELS);
});

test("an anomaly that rules out a model rules out all stronger ones", () => {
  for (const model of CONSISTENCY_MODELS) {
    for (const stronger of modelsAbove([model])) {
      assert.ok(modelsBelow([stronger]).has(model), `${stronger} does not imply ${model}`);
    }
  }
});

test("a stronger model forbids all that a weaker one does", () => {
  for (const model of CONSISTENCY_MODELS) {
    const own = anomaliesForbiddenBy(model);
    for (const weaker of modelsBelow([model])) {
      for (const name of anomaliesForbiddenBy(weaker)) {
        assert.ok(own.has(name), `${model} allows ${name}, which ${weaker} forbids`);
      }
    }
  }
});

test("each anomaly rules out the weakest models that forbid it", () => {
  const weakest: [string, string[]][] = [
    ["G0", ["read-uncommitted"]],
    ["G1c", ["read-committed"]],
    ["internal", ["read-atomic"]],
    ["lost-update", ["cursor-stability", "update-atomic"]],
    ["G-nonadjacent-item", ["repeatable-read", "snapshot-isolation"]],
    ["G2-item", ["repeatable-read"]],
    ["G0-process", ["strong-session-read-uncommitted"]],
    ["G1c-realtime", ["strong-read-committed"]],
    ["G-single-item-process", ["strong-session-snapshot-isolation"]],
    ["G2-item-realtime", ["strong-serializable"]],
  ];
  for (const [anomaly, models] of weakest) assert.deepEqual(boundary([anomaly]).not, models, anomaly);
});

test("a read of a value that nobody wrote rules out every model", () => {
  const { not, alsoNot, remaining } = boundary(["thin-air-read"]);
  assert.deepEqual([...not, ...alsoNot].sort(), CONSISTENCY_MODELS);
  assert.deepEqual(remaining, []);
});

test("a history without anomalies rules out no model, and only models that were decided count as holding", () => {
  assert.deepEqual(boundary([]), { not: [], alsoNot: [], remaining: [] });
  const held = modelsBelow(["prefix", "repeatable-read"]);
  assert.deepEqual(boundary([], held).remaining, ["prefix", "repeatable-read"]);
  assert.deepEqual(boundary(["G2-item"], held).remaining, ["cursor-stability", "prefix"]);
});

test("session edges belong to session models, real time to strong ones, and plain names have neither", () => {
  const order = (model: string) => orderOf(anomaliesForbiddenBy(model));
  for (const model of ["read-committed", "snapshot-isolation", "serializable", "repeatable-read"]) {
    assert.equal(order(model), "none", model);
  }
  for (const model of ["strong-session-serializable", "causal", "PRAM", "read-your-writes"]) {
    assert.equal(order(model), "process", model);
  }
  for (const model of ["strict-serializable", "strong-snapshot-isolation"]) {
    assert.equal(order(model), "realtime", model);
  }
});

test("a model is found by its other names, and an unknown one is refused with the list of models", () => {
  assert.equal(canonicalModel("strict-serializable"), "strong-serializable");
  assert.equal(canonicalModel("PL-2.99"), "repeatable-read");
  assert.throws(
    () => canonicalModel("eventual"),
    (error) => error instanceof RangeError && /"eventual".*strict-serializable/.test(error.message),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, modelByName } from "../../../../checker/mod.ts";
import {
  isLinearizableNaively,
  type NaiveObject,
  type NaiveStep,
  RANDOM_HISTORIES,
  randomFrom,
  randomHistory,
  smallShape,
} from "../naive.ts";

/** @param subtracts Whether there are decrements among the additions. */
function counterObject(subtracts: boolean): NaiveObject {
  return {
    initial: 0,
    propose: (random) =>
      random(2) === 0
        ? { f: "read" }
        : { f: subtracts && random(3) === 0 ? "decrement" : "add", value: random(9) === 0 ? 0 : 1 + random(3) },
    answer: (state, { f, value }) =>
      f === "read"
        ? { state, type: "ok", value: state }
        : { state: (state as number) + (f === "add" ? 1 : -1) * (value as number), type: "ok", value },
    corrupt: (random, event) => event.f === "read" ? { ...event, value: random(8) } : event,
  };
}

const counterStep: NaiveStep = (state, { event, completion, returned }) => {
  if (event.f === "read") return returned === Infinity || completion!.value === state ? [state] : [];
  return [(state as number) + (event.f === "add" ? 1 : -1) * (event.value as number)];
};

for (const subtracts of [false, true]) {
  test(`a counter${subtracts ? " with decrements" : ""} is judged as by all permutations`, () => {
    const seen = new Set<boolean>();
    for (let seed = 1; seed <= RANDOM_HISTORIES; seed++) {
      const random = randomFrom(seed);
      const history = randomHistory(random, counterObject(subtracts), smallShape(random));
      const expected = isLinearizableNaively(history, 0, counterStep);
      assert.equal(checkLinearizability(history, modelByName("counter"), { witness: true }).valid, expected, `${seed}`);
      seen.add(expected);
    }
    assert.equal(seen.size, 2);
  });
}

test("a counter of twenty clients and thousands of additions is decided", () => {
  const random = randomFrom(7);
  const shape = { operations: 3000, processes: 20, unknownOneIn: 0, length: 3, corruptOneIn: 0 };
  const history = randomHistory(random, counterObject(false), shape);

  const verdict = checkLinearizability(history, modelByName("counter"), { witness: true });

  assert.equal(verdict.valid, true, verdict.reason);
  assert.equal(verdict.witness![0]!.order.length, verdict.operations.ok);
});

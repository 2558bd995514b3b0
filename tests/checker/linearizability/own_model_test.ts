import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, type Model } from "../../../checker/mod.ts";

/** Operations one after another, each of its own process, 10 ns long. */
function inTurn(...operations: readonly [f: string, value: unknown, type: "ok" | "fail", result: unknown][]) {
  return operations.flatMap(([f, value, type, result], i): HistoryEvent[] => [
    { process: i, type: "invoke", f, value, time: 20 * i },
    { process: i, type, f, time: 20 * i + 10, ...(type === "ok" ? { value: result } : { error: result }) },
  ]);
}

for (
  const [what, state] of [["a Map", new Map()], ["a Set", new Set()], ["NaN", NaN], ["undefined", undefined], [
    "a Map",
    { inside: [new Map()] },
  ]] as const
) {
  test(`a model whose state holds ${what} is refused at its first step, with the reason: ${JSON.stringify(state)}`, () => {
    const model: Model<unknown> = { name: "mine", initial: 0, step: () => [state] };

    assert.throws(() => checkLinearizability(inTurn(["do", 1, "ok", 1]), model), {
      name: /RangeError|UnknownOperationError/,
      message: new RegExp(`states of the model mine apart: one is or holds ${what},.*identify`),
    });
  });
}

test("a model with a Map as its state is judged if it says how to tell states apart", () => {
  const model: Model<ReadonlyMap<string, unknown>> = {
    name: "mine",
    initial: new Map(),
    step: (map, { f, argument, result }) =>
      f === "put" ? [new Map(map).set("x", argument)] : map.get("x") === result ? [map] : [],
    identify: (map) => JSON.stringify([...map]),
  };

  assert.equal(checkLinearizability(inTurn(["put", 1, "ok", 1], ["see", null, "ok", 1]), model).valid, true);
  assert.equal(checkLinearizability(inTurn(["put", 1, "ok", 1], ["see", null, "ok", 2]), model).valid, false);
});

test("a step that does not return a list of states is reported", () => {
  const model = { name: "mine", initial: 0, step: (): unknown => 1 } as unknown as Model<number>;

  assert.throws(() => checkLinearizability(inTurn(["do", 1, "ok", 1]), model), /mine must return a list of states/);
});

test("a step sees the process and times, and then equal operations are distinguished", () => {
  const seen: unknown[] = [];
  const model: Model<readonly number[]> = {
    name: "turns",
    initial: [],
    step(turns, operation) {
      seen.push([operation.process, operation.invoked, operation.returned]);
      seen.push([operation.invokedTime, operation.returnedTime]);
      return [[...turns, operation.process]];
    },
  };

  const { valid } = checkLinearizability(inTurn(["go", null, "ok", null], ["go", null, "ok", null]), model);

  assert.equal(valid, true);
  assert.deepEqual(seen, [[0, 0, 1], [0, 10], [1, 2, 3], [20, 30]]);
});

test("a model that asks for failures is shown what failed, and why", () => {
  const model: Model<boolean> = {
    name: "lock",
    initial: false,
    failures: true,
    step(isHeld, { type, error }) {
      if (type === "fail") return isHeld === (error === "busy") ? [isHeld] : [];
      return isHeld ? [] : [true];
    },
  };
  const take = ["take", null, "ok", null] as const;

  assert.equal(checkLinearizability(inTurn([...take], ["take", null, "fail", "busy"]), model).valid, true);
  assert.equal(checkLinearizability(inTurn(["take", null, "fail", "busy"], [...take]), model).valid, false);
});

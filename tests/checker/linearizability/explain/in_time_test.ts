import assert from "node:assert/strict";
import { test } from "node:test";
import { contradictsInTime } from "../../../../checker/linearizability/explain/in_time.ts";
import { eventsByKey, RegisterPieces } from "../../../../checker/linearizability/piece/registers.ts";
import { checkLinearizability, type HistoryEvent, type Model, modelByName } from "../../../../checker/mod.ts";
import type { Piece } from "../../../../checker/linearizability/piece/piece.ts";
import { stepPieces } from "../../../../checker/linearizability/piece/steps.ts";
import { type Operations, operationsOf } from "../../../../checker/table/operations.ts";
import { NULL_ID } from "../../../../checker/table/values.ts";
import { type NaiveObject, type NaiveStep, RANDOM_HISTORIES, registerObject, smallHistories } from "../naive.ts";
import { canBeTrueInTime } from "./relaxed.ts";

/** Whether every set of a piece's operations contradicts itself as trying all orders says; how many do. */
function compared(
  piece: Piece,
  table: Operations,
  canBeTrue: (places: ReadonlySet<number>) => boolean,
  history: readonly HistoryEvent[],
): number {
  const all = Array.from({ length: piece.length }, (_, op) => op);
  let wrong = 0;
  for (let bits = 1; bits < 1 << piece.length; bits++) {
    const kept = all.filter((op) => (bits >> op & 1) === 1);
    const places: ReadonlySet<number> = new Set(kept.map((op) => table.invoked[piece.rows[op]!]!));
    const expected: boolean = !canBeTrue(places);

    assert.equal(contradictsInTime(piece, kept, {}), expected, JSON.stringify({ history, places: [...places] }));
    if (expected) wrong++;
  }
  return wrong;
}

for (const [values, tells] of [[2, true], [2, false], [3, true], [0, true]] as const) {
  test(`sets contradict themselves as trying all orders says: ${values || "distinct"} values, tells: ${tells}`, () => {
    const object = registerObject({ deletes: true, swaps: true, tells, values });
    let wrong = 0;
    for (const history of smallHistories(5 + values, object, RANDOM_HISTORIES / 4, { operations: 6 })) {
      const table = operationsOf(history);
      const { sorted, begins } = eventsByKey(table);
      if (begins.length < 2 || begins[1] === 0) continue;
      const piece = new RegisterPieces(table, { initial: NULL_ID }).pieceOf(sorted, begins[0]!, begins[1]!);
      if (piece === undefined) continue;
      wrong += compared(piece, table, (places) => canBeTrueInTime(history, places), history);
    }
    assert.ok(wrong > 10, `${wrong}`);
  });
}

/** A lamp that is switched on, off, or over, and is seen on or off. */
const lamp: Model<boolean> = {
  name: "lamp",
  initial: false,
  observes: ({ f }) => f === "get",
  step: (isOn, { f, result }) => f === "over" ? [!isOn] : f === "get" ? isOn === result ? [isOn] : [] : [f === "on"],
};
const lampStep: NaiveStep = (isOn, { event: { f }, completion, returned }) =>
  f === "over"
    ? [!isOn]
    : f !== "get"
    ? [f === "on"]
    : returned === Infinity || completion!.value === isOn
    ? [isOn]
    : [];
const lampObject: NaiveObject = {
  initial: false,
  propose: (random) => ({ f: ["get", "get", "on", "off", "over"][random(5)]! }),
  answer: (isOn, { f }) =>
    f === "get" ? { state: isOn, type: "ok", value: isOn } : { state: f === "over" ? !isOn : f === "on", type: "ok" },
  corrupt: (_random, event) => event.f === "get" ? { ...event, value: !event.value } : event,
};

/** A lock: taken and released, in turn. */
const lockStep: NaiveStep = (isHeld, { event: { f } }) => isHeld === (f === "release") ? [!isHeld] : [];
const lockObject: NaiveObject = {
  initial: false,
  propose: (random, isHeld) => ({ f: isHeld === (random(8) > 0) ? "release" : "acquire" }),
  answer: (isHeld, { f }) =>
    isHeld === (f === "release") ? { state: !isHeld, type: "ok" } : { state: isHeld, type: "ok" },
};

for (
  const [model, object, step] of [[lamp, lampObject, lampStep], [modelByName("mutex"), lockObject, lockStep]] as const
) {
  test(`so do sets of another model's operations: ${model.name}`, () => {
    let wrong = 0;
    for (const history of smallHistories(3, object, RANDOM_HISTORIES / 4, { operations: 6 })) {
      const table = operationsOf(history);
      const played = { initial: false, step };
      for (const piece of stepPieces(table, model as Model<boolean>)) {
        wrong += compared(piece, table, (places) => canBeTrueInTime(history, places, Infinity, played), history);
      }
    }
    assert.ok(wrong > 10, `${wrong}`);
  });
}

test("the counterexample of a lock that was often taken and released names the two that held it at once", () => {
  const cycles = Array.from({ length: 500 }, () => [["acquire", null], ["release", null]] as const).flat();
  const history = inTurn([...cycles, ["acquire", null], ["acquire", null]]).map(({ key: _, ...event }) => event);

  const { counterexample, reason } = checkLinearizability(history, modelByName("mutex"));

  assert.equal(reason, "The acquire by process 1001 succeeded although process 1000 held the lock");
  assert.deepEqual(
    [counterexample!.operations.length, counterexample!.minimal, counterexample!.replayed],
    [2, true, true],
  );
});

/** Events of one register, one operation after the other. */
function inTurn(operations: readonly (readonly [string, unknown])[]): HistoryEvent[] {
  return operations.flatMap(([f, value], i): HistoryEvent[] => [
    { process: i, type: "invoke", f, key: "x", value: f === "get" ? null : value },
    { process: i, type: "ok", f, key: "x", value },
  ]);
}

test("a stale read of a value that was written often is explained by what came between", () => {
  const deletes = Array.from({ length: 30 }, (_, i) => [["put", i], ["delete", null]] as const).flat();
  const history = inTurn([...deletes, ["put", 99], ["get", null]]);

  const { counterexample, reason } = checkLinearizability(history, modelByName("kv"));

  assert.deepEqual(counterexample!.operations.map(({ f }) => f), ["put", "get"]);
  assert.deepEqual(
    [counterexample!.othersInTime, counterexample!.minimal, counterexample!.replayed],
    [true, true, true],
  );
  assert.match(
    reason!,
    /^A read of x by process 61 returned null, although process 60 had put 99 before that read began/,
  );
});

test("a circle of swaps is explained by the last one", () => {
  const circle = Array.from({ length: 12 }, (_, i) => ["cas", [i % 3, (i + 1) % 3]] as const);
  const history = inTurn([["put", 0], ...circle, ["get", 1]]);

  const { counterexample } = checkLinearizability(history, modelByName("kv"));

  assert.ok(counterexample!.operations.length <= 3, JSON.stringify(counterexample!.operations));
  assert.equal(counterexample!.minimal, true);
});

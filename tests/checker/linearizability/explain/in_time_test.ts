import assert from "node:assert/strict";
import { test } from "node:test";
import { contradictsInTime } from "../../../../checker/linearizability/explain/in_time.ts";
import { eventsByKey, RegisterPieces } from "../../../../checker/linearizability/piece/registers.ts";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../../checker/mod.ts";
import { operationsOf } from "../../../../checker/table/operations.ts";
import { NULL_ID } from "../../../../checker/table/values.ts";
import { RANDOM_HISTORIES, registerObject, smallHistories } from "../naive.ts";
import { canBeTrueInTime } from "./relaxed.ts";

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
      const all = Array.from({ length: piece.length }, (_, op) => op);
      for (let bits = 1; bits < 1 << piece.length; bits++) {
        const kept = all.filter((op) => (bits >> op & 1) === 1);
        const places: ReadonlySet<number> = new Set(kept.map((op) => table.invoked[piece.rows[op]!]!));
        const expected: boolean = !canBeTrueInTime(history, places);

        assert.equal(contradictsInTime(piece, kept, {}), expected, JSON.stringify({ history, places: [...places] }));
        if (expected) wrong++;
      }
    }
    assert.ok(wrong > 10, `${wrong}`);
  });
}

/** Events of one register, one operation after the other. */
function inTurn(operations: readonly (readonly [string, unknown])[]): HistoryEvent[] {
  return operations.flatMap(([f, value], i): HistoryEvent[] => [
    { process: i, type: "invoke", f, key: "x", value: f === "get" ? null : value },
    { process: i, type: "ok", f, key: "x", value },
  ]);
}

test("of a value that was written again and again, a stale read is told by what came between", () => {
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

test("swaps in a circle are told by the one that came last", () => {
  const circle = Array.from({ length: 12 }, (_, i) => ["cas", [i % 3, (i + 1) % 3]] as const);
  const history = inTurn([["put", 0], ...circle, ["get", 1]]);

  const { counterexample } = checkLinearizability(history, modelByName("kv"));

  assert.ok(counterexample!.operations.length <= 3, JSON.stringify(counterexample!.operations));
  assert.equal(counterexample!.minimal, true);
});

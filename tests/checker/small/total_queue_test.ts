import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTotalQueue, type HistoryEvent } from "../../../checker/mod.ts";

type Step = readonly [f: string, value: unknown, type: "ok" | "fail" | "info", result?: unknown];

function inTurn(...steps: readonly Step[]): HistoryEvent[] {
  return steps.flatMap(([f, value, type, result], process): HistoryEvent[] => [
    { process, type: "invoke", f, value },
    { process, type, f, value: result ?? value },
  ]);
}

test("every acknowledged enqueue comes out of a total queue, by a dequeue or a drain", () => {
  const history = inTurn(
    ["enqueue", 1, "ok"],
    ["enqueue", 2, "ok"],
    ["enqueue", 3, "info"],
    ["enqueue", 4, "fail"],
    ["dequeue", null, "ok", 1],
    ["drain", null, "ok", [2, 3, 2]],
  );

  const { valid, found } = checkTotalQueue(history);

  assert.equal(valid, true);
  assert.deepEqual([found.okCount, found.duplicated, found.recovered], [3, [2], [3]]);
});

test("an acknowledged element that never came out is lost, and one that nobody enqueued is unexpected", () => {
  const { valid, found, reason } = checkTotalQueue(inTurn(["enqueue", 1, "ok"], ["drain", null, "ok", [9]]));

  assert.equal(valid, false);
  assert.deepEqual([found.lost, found.unexpected], [[1], [9]]);
  assert.match(reason!, /1 acknowledged elements never came out, and 1 came out that nobody enqueued/);
});

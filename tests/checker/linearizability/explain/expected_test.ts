import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../../checker/mod.ts";
import { isLinearizableNaively, RANDOM_HISTORIES, registerObject, registerStep, smallHistories } from "../naive.ts";

/** The events up to a place, without what turned out to have failed later. */
function known(history: readonly HistoryEvent[], end: number): HistoryEvent[] {
  return history.slice(0, end + 1).filter(({ type, process }, place) => {
    if (type !== "invoke") return true;
    const at = history.findIndex((other, i) => i > place && other.process === process);
    return at <= end || history[at]!.type !== "fail";
  });
}

for (const values of [0, 3]) {
  test(`what a read should have returned is what trying all values finds: ${values || "distinct"} values`, () => {
    const object = registerObject({ deletes: true, swaps: true, tells: true, values });
    let found = 0;
    for (const history of smallHistories(11 + values, object, RANDOM_HISTORIES / 2, { corruptOneIn: 1 })) {
      const { counterexample } = checkLinearizability(history, modelByName("kv"));
      if (counterexample?.expected === undefined) continue;
      found++;
      const read = counterexample.operations.find(({ returned }) => returned === counterexample.finePrefix)!;
      const end = read.returned!;
      const fine = [null, ...Array.from({ length: 10 }, (_, value) => value)].filter((value) => {
        const prefix = known(history, end).map((event) => event === history[end] ? { ...event, value } : event);
        return isLinearizableNaively(prefix, null, registerStep);
      });

      const text = JSON.stringify({ history, counterexample });
      assert.deepEqual([...counterexample.expected].sort(), fine.sort(), text);
    }
    assert.ok(found > 10, `${found}`);
  });
}

const event = (process: number, type: HistoryEvent["type"], f: string, value: unknown, more: object): HistoryEvent => ({
  process,
  type,
  f,
  key: "x",
  value,
  ...more,
});

test("a sentence names nodes, times, and the value that should have been read", () => {
  const { reason, counterexample } = checkLinearizability([
    event(0, "invoke", "put", 1, { node: 1, time: 1e9 }),
    event(0, "ok", "put", 1, { node: 1, time: 1.1e9 }),
    event(0, "invoke", "put", 2, { node: 1, time: 1.2e9 }),
    event(0, "ok", "put", 2, { node: 1, time: 1.3e9 }),
    event(2, "invoke", "put", 3, { node: 3, time: 1.35e9 }),
    event(1, "invoke", "get", null, { node: 2, time: 1.4e9 }),
    event(1, "ok", "get", 1, { node: 2, time: 1.5e9 }),
  ], modelByName("kv"));

  assert.equal(
    reason,
    "A read of x by process 1 on node 2 returned 1 at 1.500 s, which process 0 on node 1 had overwritten with 2 at 1.300 s, " +
      "before that read began. It should have returned 2 (or 3, still being written)",
  );
  assert.deepEqual(counterexample!.expected, [2, 3]);
  assert.deepEqual(counterexample!.operations.map(({ node }) => node), ["1", "1", "2"]);
});

test("the nodes of a queue's operations are named", () => {
  const queue = (process: number, type: HistoryEvent["type"], f: string, value: unknown): HistoryEvent => ({
    process,
    type,
    f,
    value,
    node: process,
  });
  const { reason } = checkLinearizability([
    queue(1, "invoke", "enqueue", 1),
    queue(1, "ok", "enqueue", 1),
    queue(2, "invoke", "dequeue", null),
    queue(2, "ok", "dequeue", 7),
  ], modelByName("fifo-queue"));

  assert.equal(reason, "A dequeue by process 2 on node 2 returned 7, which nobody had put in");
});

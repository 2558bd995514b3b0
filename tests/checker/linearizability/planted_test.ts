import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../checker/mod.ts";
import { tries } from "../../corpus.ts";
import { randomFrom } from "./naive.ts";

/** How long the histories are; a million is what is promised. */
const OPERATIONS = tries("KAYA_PLANTED_OPERATIONS", 20000);

/** A valid history of one key: each operation takes effect at its end, and ends a little later than it says. */
function validHistory(operations: number, deletes: boolean): HistoryEvent[] {
  const random = randomFrom(17);
  const events: HistoryEvent[] = [];
  const open: (HistoryEvent | undefined)[] = Array.from({ length: 10 }, () => undefined);
  let state: unknown = null;
  let written = 0;
  for (let invoked = 0; invoked < operations || open.some((event) => event !== undefined);) {
    const process = random(10);
    const busy = open[process];
    const base = { index: events.length, time: events.length, process, key: "x" };
    if (busy === undefined && invoked < operations) {
      const dice = random(10);
      const f = dice < 5 ? "get" : dice < 6 && deletes ? "delete" : "put";
      open[process] = { ...base, type: "invoke", f, ...(f === "put" ? { value: ++written } : {}) };
      events.push(open[process]!);
      invoked++;
    } else if (busy !== undefined) {
      if (busy.f === "put") state = busy.value;
      if (busy.f === "delete") state = null;
      events.push({ ...base, type: "ok", f: busy.f, ...(busy.f === "get" ? { value: state } : {}) });
      open[process] = undefined;
    }
  }
  return events;
}

/** Puts events of a process of its own into the middle of a history. */
function withInserted(history: readonly HistoryEvent[], inserted: readonly Partial<HistoryEvent>[]): HistoryEvent[] {
  const middle = history.length >> 1;
  const own = inserted.map((event) => ({ process: 99, key: "x", ...event }) as HistoryEvent);
  return [...history.slice(0, middle), ...own, ...history.slice(middle)].map((event, index) => ({
    ...event,
    index,
    time: index,
  }));
}

function oldValue(history: readonly HistoryEvent[]): unknown {
  const puts = history.slice(0, history.length >> 2).filter((event) => event.f === "put" && event.type === "ok");
  return history.find((event) =>
    event.type === "invoke" && event.process === puts.at(-1)!.process && event.f === "put"
  )!.value;
}

for (const deletes of [false, true]) {
  const kind = deletes ? "with deletes" : "without deletes";
  const history = validHistory(OPERATIONS, deletes);

  test(`a history of ${OPERATIONS} operations ${kind} is fine`, () => {
    assert.equal(checkLinearizability(history, modelByName("kv")).valid, true);
  });

  test(`a planted stale read is found and named, ${kind}`, () => {
    const planted = withInserted(history, [{ type: "invoke", f: "get" }, {
      type: "ok",
      f: "get",
      value: oldValue(history),
    }]);
    assertNamed(planted, (operation) => operation.process === 99 && operation.f === "get");
  });

  test(`a planted lost write is found and named, ${kind}`, () => {
    const planted = withInserted(history, [
      { type: "invoke", f: "put", value: -1 },
      { type: "ok", f: "put" },
      { type: "invoke", f: "get" },
      { type: "ok", f: "get", value: oldValue(history) },
    ]);
    assertNamed(planted, (operation) => operation.process === 99 && operation.f === "get");
  });
}

test("a planted read of a deleted value is found and named", () => {
  const planted = withInserted(validHistory(OPERATIONS, true), [
    { type: "invoke", f: "put", value: -1 },
    { type: "ok", f: "put" },
    { type: "invoke", f: "delete" },
    { type: "ok", f: "delete" },
    { type: "invoke", f: "get" },
    { type: "ok", f: "get", value: -1 },
  ]);
  assertNamed(planted, (operation) => operation.process === 99 && operation.result === -1);
});

function assertNamed(
  history: readonly HistoryEvent[],
  isPlanted: (operation: { process: number; f: string; result?: unknown }) => boolean,
): void {
  const { valid, counterexample } = checkLinearizability(history, modelByName("kv"));

  assert.equal(valid, false);
  assert.ok(counterexample!.operations.some(isPlanted), JSON.stringify(counterexample));
  assert.ok(counterexample!.operations.length <= 4, JSON.stringify(counterexample));
  assert.equal(counterexample!.minimal, true);
}

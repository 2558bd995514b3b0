import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkBank,
  checkCounter,
  checkLinearizability,
  checkLongFork,
  checkSet,
  checkSetFull,
  checkTransactions,
  type HistoryEvent,
  modelByName,
} from "../../checker/mod.ts";

/** A wrong history of each checker, as operations one after another, and the checker. */
const WRONG: Readonly<Record<string, [readonly [f: string, value: unknown][], (history: HistoryEvent[]) => unknown]>> =
  {
    linearizability: [[["put", 1], ["get", 2]], (history) => checkLinearizability(history, modelByName("kv"))],
    transactions: [[["txn", [["append", "x", 1]]], ["txn", [["r", "x", []]]]], checkTransactions],
    bank: [[["read", { a: 1, b: 1 }], ["read", { a: 1, b: 2 }]], checkBank],
    counter: [[["add", 1], ["read", 5]], checkCounter],
    set: [[["add", 1], ["read", []]], checkSet],
    "set-full": [[["add", 1], ["read", []]], checkSetFull],
    "long-fork": [
      [["write", [["w", 1, 1]]], ["read", [["r", 1, 1], ["r", 2, null]]], ["read", [["r", 1, null], ["r", 2, 1]]]],
      checkLongFork,
    ],
  };

for (const [name, [operations, check]] of Object.entries(WRONG)) {
  test(`${name}: an event that leaves out index and time has its place for an index`, () => {
    const bare = operations.flatMap(([f, value], process): HistoryEvent[] => [
      { process, type: "invoke", f, value },
      { process, type: "ok", f, value },
    ]);
    const whole = bare.map((event, index) => ({ ...event, index }));

    const verdict = check(bare);

    assert.equal((verdict as { valid: unknown }).valid, false);
    assert.deepEqual(verdict, check(whole));
  });
}

test("an event without an index is named by its place in an error", () => {
  const history: HistoryEvent[] = [
    { process: 0, type: "invoke", f: "read" },
    { process: 0, type: "ok", f: "read", value: "many" },
  ];

  assert.throws(() => checkCounter(history), { name: "TypeError", message: /^Cannot judge event 1 as counter: / });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCounter, checkLinearizability, checkSet, checkTransactionModel } from "../../checker/mod.ts";
import { type HistoryEvent, modelByName } from "../../checker/mod.ts";

const put = { process: 0, type: "invoke", f: "put", key: "x", value: 1 } as const;

test("an event of no known type, or without a process, is refused with its place", () => {
  const wrong: readonly (readonly [readonly unknown[], RegExp])[] = [
    [
      [{}],
      /^HistoryError: Cannot judge event 0: expected "process" to be a whole number, a name or "nemesis", found nothing$/,
    ],
    [[{ ...put, process: null }], /^HistoryError: Cannot judge event 0: expected "process" to be .*, found null$/],
    [
      [put, { ...put, type: "OK" }],
      /^HistoryError: Cannot judge event 1: expected "type" to be invoke, ok, fail or info, found "OK"$/,
    ],
    [[put, { process: 0, f: "put" }], /^HistoryError: Cannot judge event 1: expected "type" to be .*, found nothing$/],
  ];
  for (const [history, message] of wrong) {
    assert.throws(() => checkLinearizability(history as HistoryEvent[], modelByName("kv")), message);
  }
});

test("so are they by the judges of transactions and by the small checkers, which would find nothing wrong in them", () => {
  const judges: readonly (readonly [string, unknown, (history: readonly HistoryEvent[]) => unknown])[] = [
    ["txn", [["append", 1, 1]], (events) => checkTransactionModel("list-append", { events })],
    ["txn", [["w", 1, 1]], (events) => checkTransactionModel("rw-register", { events })],
    ["add", 1, checkSet],
    ["add", 1, checkCounter],
  ];
  for (const [f, value, judge] of judges) {
    for (const type of ["OK", undefined]) {
      const history = [{ process: 0, type: "invoke", f, value }, { process: 0, type, f, value }] as HistoryEvent[];
      assert.throws(() => judge(history), /Cannot judge event 1: expected "type" to be .*, found ("OK"|nothing)$/);
    }
    assert.throws(
      () => judge([{ type: "ok", f, value }] as never),
      /Cannot judge event 0: expected "process" to be .*, found nothing$/,
    );
  }
});

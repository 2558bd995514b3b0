import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../checker/mod.ts";

const put = { process: 0, type: "invoke", f: "put", key: "x", value: 1 } as const;

test("an event of no known type, or without a process, is refused with its place", () => {
  const wrong: readonly (readonly [readonly unknown[], RegExp])[] = [
    [[{}], /^HistoryError: Cannot judge event 0: Its process is missing$/],
    [[{ ...put, process: null }], /^HistoryError: Cannot judge event 0: Its process is null$/],
    [[put, { ...put, type: "OK" }], /^HistoryError: Cannot judge event 1: Its type is "OK", but there are invoke, ok,/],
    [[put, { process: 0, f: "put" }], /^HistoryError: Cannot judge event 1: Its type is missing, but there are/],
  ];
  for (const [history, message] of wrong) {
    assert.throws(() => checkLinearizability(history as HistoryEvent[], modelByName("kv")), message);
  }
});

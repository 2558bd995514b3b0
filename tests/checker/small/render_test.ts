import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/history.ts";
import { checkTransactionModel } from "../../../checker/transactions/models.ts";
import { renderTransactionVerdict } from "../../../checker/transactions/render.ts";

/** What is said of operations of one client, each asked for and answered. */
function rendered(model: string, ...operations: [f: string, asked: unknown, answered: unknown][]): string[] {
  const events = operations.flatMap(([f, asked, answered], i): HistoryEvent[] => [
    { index: 2 * i, time: 0, process: 0, type: "invoke", f, value: asked },
    { index: 2 * i + 1, time: 0, process: 0, type: "ok", f, value: answered },
  ]);
  return renderTransactionVerdict(checkTransactionModel(model, { events })).trimEnd().split("\n");
}

test("a bank's verdict tells the first read of each kind that is wrong", () => {
  assert.deepEqual(rendered("bank", ["read", null, { a: 10, b: 0 }], ["read", null, { a: 5, b: 4 }]), [
    "invalid  bank: 2 ok, 0 fail, 0 info",
    "  reads of the bank are wrong: wrong total",
    "  2 reads of accounts that hold 10 together",
    '  wrong-total: 1 read, the first at event 3: {"a":5,"b":4} (together 9)',
  ]);
});

test("a counter's verdict names the bounds of each read that is out of them", () => {
  assert.deepEqual(rendered("counter", ["add", 2, 2], ["read", null, 2], ["read", null, 7]), [
    "invalid  counter: 3 ok, 0 fail, 0 info",
    "  1 of 2 reads is out of bounds, the first 7, not from 2 to 2",
    "  2 reads",
    "  out of bounds: 7 (not from 2 to 2)",
  ]);
});

test("a set's verdict cuts its lists at ten", () => {
  const adds = Array.from({ length: 12 }, (_, i): [string, unknown, unknown] => ["add", i, i]);
  assert.deepEqual(rendered("set", ...adds, ["read", null, ["?"]]), [
    "invalid  set: 13 ok, 0 fail, 0 info",
    '  the last read lacks 12 elements that were added and has "?", which nobody added',
    "  12 elements added, 12 of them for sure; the last read has 0",
    "  lost: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more",
    '  added by nobody: "?"',
  ]);
});

test("a full set's verdict says how many elements were stable, lost or never read", () => {
  assert.deepEqual(rendered("set-full", ["add", 1, 1], ["read", null, [1]]), [
    "valid  set-full: 2 ok, 0 fail, 0 info",
    "  1 element added: 1 stayed, 0 lost, 0 never read",
    "  ms until every later read had it, by quantile: 0: 0, 0.5: 0, 0.95: 0, 0.99: 0, 1: 0",
  ]);
});

test("Maelstrom's verdicts have the counts and the errors", () => {
  assert.deepEqual(rendered("unique-ids", ["generate", null, 7], ["generate", null, 7]).slice(1), [
    "  the id 7 was given out 2 times, first at events 1 and 3",
    "  2 ids given out, 1 of them more than once",
    '  given out more than once: {"id":7,"count":2,"indexes":[1,3]}',
  ]);
  assert.deepEqual(rendered("echo", ["echo", "a", "b"]).slice(1), [
    '  "a" was answered by "b" at event 1',
    "  1 echo answered, 1 of them wrongly",
    '  wrong: {"index":1,"asked":"a","answered":"b"}',
  ]);
  const lines = rendered("kafka", ["send", [["send", "k", 1]], [["send", "k", [0, 1]]]], [
    "poll",
    [["poll"]],
    [["poll", { k: [[0, 1], [1, 2]] }]],
  ]);
  assert.deepEqual(lines.slice(1), [
    '  unexpected of key "k": 2 was polled at offset 1, but nobody sent it',
    "  1 message sent, 1 of them for sure; 2 were polled, 0 acknowledged ones never",
    "  unexpected: 1 time, first at event 3, key k: 2 was polled at offset 1, but nobody sent it",
  ]);
});

test("a long fork's verdict names the reads", () => {
  const asked = [["r", 0, null], ["r", 1, null]];
  const lines = rendered(
    "long-fork",
    ["txn", asked, [["r", 0, 1], ["r", 1, null]]],
    ["txn", asked, [["r", 0, null], ["r", 1, 1]]],
  );
  assert.deepEqual(lines.slice(1), [
    "  the reads at 1 and 3 each saw a write that the other did not",
    "  2 reads of groups of keys",
    "  forks: events 1 and 3",
  ]);
});

test("a verdict of transactions opens with the answer and its sentence, and ends with what is still possible", () => {
  const lines = rendered("list-append", ["txn", [["append", "x", 1]], [["append", "x", 1]]], [
    "txn",
    [["r", "x", null]],
    [["r", "x", []]],
  ]);
  assert.deepEqual(lines.slice(0, 2), [
    "invalid  list-append, strict-serializable: 2 ok, 0 fail, 0 info",
    "  not strict-serializable: G-single-item-process, G-single-item-realtime",
  ]);
  assert.match(lines.at(-1)!, /^Still possible: .*serializable/);
});

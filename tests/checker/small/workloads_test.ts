import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/history.ts";
import { checkTransactionModel } from "../../../checker/transactions/models.ts";
import { checkBank } from "../../../checker/small/bank.ts";
import { checkCounter } from "../../../checker/small/counter.ts";
import { checkLongFork } from "../../../checker/small/long_fork.ts";
import { checkSet } from "../../../checker/small/set.ts";
import { checkSetFull } from "../../../checker/small/set_full.ts";

type Told = [process: number, type: HistoryEvent["type"], f: string, value: unknown];

function history(...told: Told[]): HistoryEvent[] {
  return told.map(([process, type, f, value], index) => ({ index, time: index, process, type, f, value }));
}

/** An operation alone: asked and answered. */
function done(f: string, asked: unknown, answered: unknown = asked, type: "ok" | "fail" | "info" = "ok"): Told[] {
  return [[0, "invoke", f, asked], [0, type, f, answered]];
}

test("a bank whose reads all sum to the first is valid", () => {
  const verdict = checkBank(
    history(
      ...done("read", null, { 0: 10, 1: 0 }),
      ...done("transfer", { from: 0, to: 1, amount: 4 }),
      ...done("read", null, { 0: 6, 1: 4 }),
    ),
  );
  assert.equal(verdict.valid, true);
  assert.deepEqual(verdict.found, { readCount: 2, totalAmount: 10, errors: {} });
  assert.deepEqual(verdict.operations, { ok: 3, fail: 0, info: 0 });
});

test("a bank that lost money, overdrew, or shows an unknown account is invalid", () => {
  const cases: [unknown, string][] = [
    [{ 0: 5, 1: 4 }, "wrong-total"],
    [{ 0: 11, 1: -1 }, "negative-value"],
    [{ 0: 10, 2: 0 }, "unexpected-key"],
    [{ 0: 10, 1: null }, "nil-balance"],
  ];
  for (const [second, kind] of cases) {
    const verdict = checkBank(history(...done("read", null, { 0: 10, 1: 0 }), ...done("read", null, second)));
    assert.equal(verdict.valid, false, kind);
    assert.deepEqual(Object.keys(verdict.found["errors"] as object), [kind]);
  }
});

test("the options of a bank, overdrafts and the total, are respected", () => {
  const events = history(...done("read", null, { 0: 11, 1: -1 }));
  assert.equal(checkBank(events, { negativeBalances: true }).valid, true);
  assert.equal(checkBank(events, { negativeBalances: true, totalAmount: 20 }).valid, false);
});

test("a counter may show all certain additions, and any of the uncertain ones", () => {
  const events = (read: number) =>
    history(...done("add", 5), ...done("add", 3, 3, "fail"), [1, "invoke", "add", 2], ...done("read", null, read), [
      1,
      "info",
      "add",
      2,
    ]);
  for (const [read, valid] of [[4, false], [5, true], [7, true], [8, false]] as const) {
    assert.equal(checkCounter(events(read)).valid, valid, String(read));
  }
});

test("a counter that is also counted down has its bounds the other way round", () => {
  const events = (read: number) =>
    history(...done("add", 5), [1, "invoke", "add", -2], ...done("read", null, read), [1, "ok", "add", -2]);
  for (const [read, valid] of [[2, false], [3, true], [5, true], [6, false]] as const) {
    assert.equal(checkCounter(events(read)).valid, valid, String(read));
  }
});

test("an add that ends while a read is under way may be in it or not", () => {
  const events = (read: number) => history([1, "invoke", "read", null], ...done("add", 1), [1, "ok", "read", read]);
  for (const [read, valid] of [[0, true], [1, true], [2, false]] as const) {
    assert.equal(checkCounter(events(read)).valid, valid, String(read));
  }
});

test("a set's last read has all that was added and nothing else", () => {
  const verdict = (read: unknown) =>
    checkSet(
      history(
        ...done("add", 1),
        ...done("add", [2, 2]),
        ...done("add", 3, 3, "info"),
        ...done("add", 4, 4, "fail"),
        ...done("read", null, read),
      ),
    );
  assert.equal(verdict([1, [2, 2]]).valid, true);
  assert.equal(verdict([1, [2, 2], 3]).valid, true);
  assert.equal(verdict([1, [2, 2], 3]).found["recoveredCount"], 1);
  assert.deepEqual(verdict([1]).found["lost"], [[2, 2]]);
  assert.equal(verdict([1]).valid, false);
  assert.deepEqual(verdict([1, [2, 2], 9]).found["unexpected"], [9]);
  assert.equal(verdict([1, [2, 2], 9]).valid, false);
});

test("a set that was never read is unknown", () => {
  assert.equal(checkSet(history(...done("add", 1))).valid, "unknown");
});

test("an element of a full set is lost if reads that began after it was known lack it", () => {
  const verdict = checkSetFull(history(...done("add", 1), ...done("add", 2), ...done("read", null, [1])));
  assert.equal(verdict.valid, false);
  assert.deepEqual(verdict.found["lost"], [2]);
  assert.equal(verdict.found["stableCount"], 1);
});

test("an element of a full set that a read missed and a later one had is stable, but stale", () => {
  const events = history(...done("add", 1), ...done("read", null, []), ...done("read", null, [1]));
  assert.equal(checkSetFull(events).valid, true);
  assert.deepEqual(checkSetFull(events).found["stale"], [1]);
  assert.equal(checkSetFull(events, { linearizable: true }).valid, false);
});

test("an element that only a read under way with its add lacks was never read", () => {
  const events = history([1, "invoke", "read", null], ...done("add", 1), [1, "ok", "read", []]);
  const verdict = checkSetFull(events);
  assert.equal(verdict.valid, "unknown");
  assert.deepEqual(verdict.found["neverRead"], [1]);
});

test("an element that one read has twice is a violation", () => {
  assert.equal(checkSetFull(history(...done("add", 1), ...done("read", null, [1, 1]))).valid, false);
});

test("two reads that each saw a write that the other did not are a long fork", () => {
  const reads = (first: unknown, second: unknown) =>
    history(
      ...done("txn", [["w", 0, 1]]),
      ...done("txn", [["w", 1, 1]]),
      ...done("txn", [["r", 0, null], ["r", 1, null]], first),
      ...done("txn", [["r", 1, null], [
        "r",
        0,
        null,
      ]], second),
    );
  assert.equal(checkLongFork(reads([["r", 0, 1], ["r", 1, null]], [["r", 1, 1], ["r", 0, null]])).valid, false);
  assert.equal(checkLongFork(reads([["r", 0, 1], ["r", 1, null]], [["r", 1, 1], ["r", 0, 1]])).valid, true);
});

test("a long fork cannot be judged if a key is written twice", () => {
  assert.equal(checkLongFork(history(...done("txn", [["w", 0, 1]]), ...done("txn", [["w", 0, 2]]))).valid, "unknown");
});

const checkers = {
  bank: checkBank,
  counter: checkCounter,
  set: checkSet,
  "set-full": checkSetFull,
  "long-fork": checkLongFork,
} as const;

test("a history without any operation of a checker is refused, and the first event named", () => {
  const others = [
    history(...done("put", "a"), ...done("get", null, "a")),
    history(...done("txn", [["append", "x", 1]]), ...done("txn", [["r", "x", null]], [["r", "x", [1]]])),
  ];
  for (const [model, check] of Object.entries(checkers)) {
    for (const events of others) {
      assert.throws(() => check(events), {
        name: "TypeError",
        message: new RegExp(`^Cannot judge event 0 as ${model}: expected .*, found `),
      });
    }
  }
  assert.throws(() => checkCounter(others[0]!), {
    message: 'Cannot judge event 0 as counter: expected add or read, found "put"',
  });
});

test("a read that a checker cannot judge is refused, and its event named", () => {
  const events = history(...done("add", 1), ...done("read", null, "much"));
  for (const check of [checkBank, checkCounter, checkSet, checkSetFull]) {
    assert.throws(() => check(events), { name: "TypeError", message: /^Cannot judge event 3 as .*found "much"$/ });
  }
});

test("a balance that is no number is refused, and its event named", () => {
  const events = history(...done("read", null, { a: 1, b: null }), ...done("read", null, { a: "1", b: 0 }));
  assert.throws(() => checkBank(events), {
    name: "TypeError",
    message: /^Cannot judge event 3 .*found {"a":"1","b":0}$/,
  });
});

test("without reads the verdict is unknown, except for a counter, which nothing can contradict", () => {
  assert.equal(checkBank(history(...done("transfer", { from: 0, to: 1, amount: 4 }))).valid, "unknown");
  assert.equal(checkLongFork(history(...done("txn", [["w", 0, 1]]))).valid, "unknown");
  assert.equal(checkSet(history(...done("add", 1))).valid, "unknown");
  assert.equal(checkSetFull(history(...done("add", 1))).valid, "unknown");
  assert.equal(checkCounter(history(...done("add", 1))).valid, true);
});

test("a history of nothing is valid by every checker", () => {
  for (const [model, check] of Object.entries(checkers)) assert.equal(check([]).valid, true, model);
});

test("operations of another kind among those of a checker are passed over", () => {
  const events = history(...done("pause", null), ...done("read", null, { 0: 1 }));
  assert.equal(checkBank(events).valid, true);
});

test("a process that is invoked while it is busy is refused by every checker, unless a history may have that", () => {
  const events = history([0, "invoke", "add", 1], [0, "invoke", "add", 2]);
  for (const model of ["counter", "set", "set-full"]) {
    assert.throws(() => checkTransactionModel(model, { events }), { message: /^Cannot judge event 1: .* process 0 / });
  }
  assert.equal(checkTransactionModel("counter", { events }, { mayReinvoke: true }).operations.info, 2);
});

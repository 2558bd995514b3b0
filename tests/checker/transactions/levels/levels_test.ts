// Small histories in Elle's shorthand at the levels between read committed and serializability, and with session order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTransactions } from "../../../../checker/transactions/check.ts";
import { replayVerdict } from "../../../../checker/transactions/replay.ts";
import { parseShorthand } from "../elle_shorthand.ts";

const cases: [
  workload: "list-append" | "rw-register",
  history: string,
  verdicts: Record<string, boolean | "unknown">,
][] = [
  // A session does not see its own write.
  ["list-append", "seq p0:ax1|p0:rx|p1:rx1", {
    "read-your-writes": false,
    "monotonic-reads": true,
    "PRAM": false,
    "causal": false,
    "serializable": true,
    "strong-session-snapshot-isolation": false,
  }],
  // A session sees a write, and then does not.
  ["list-append", "seq p1:ax1|p0:rx1|p0:rx", {
    "monotonic-reads": false,
    "read-your-writes": true,
    "PRAM": false,
    "causal": false,
    "snapshot-isolation": true,
  }],
  // A session's second write is seen without its first.
  ["list-append", "seq p0:ax1|p0:ay1|p1:ry1rx", {
    "monotonic-writes": false,
    "writes-follow-reads": true,
    "PRAM": false,
    "causal": false,
    "read-committed": true,
  }],
  // What a session wrote is seen without what it had read before.
  ["list-append", "seq p0:ax1|p2:rx1|p2:ay1|p1:ry1rx", {
    "writes-follow-reads": false,
    "PRAM": true,
    "causal": false,
    "prefix": true,
    "read-atomic": true,
  }],
  // Half of a transaction is seen.
  ["list-append", "all concurrent: ax1ay1|rx1ry", {
    "read-atomic": false,
    "causal-cerone": false,
    "parallel-snapshot-isolation": false,
    "prefix": false,
    "consistent-view": false,
    "read-committed": true,
  }],
  // A long fork.
  ["list-append", "all concurrent: ax1|ay1|rx1ry|ry1rx", {
    "prefix": false,
    "snapshot-isolation": false,
    "repeatable-read": false,
    "parallel-snapshot-isolation": true,
    "read-atomic": true,
    "causal-cerone": true,
    "update-atomic": true,
    "monotonic-atomic-view": true,
  }],
  // Write skew.
  ["list-append", "all concurrent: rxay1|ryax1", {
    "repeatable-read": false,
    "serializable": false,
    "snapshot-isolation": true,
    "prefix": true,
    "consistent-view": true,
    "update-serializable": true,
    "PRAM": true,
  }],
  // A lost update.
  ["list-append", "all concurrent: rxax1|rxax2|rx12", {
    "cursor-stability": false,
    "update-atomic": false,
    "snapshot-isolation": false,
    "monotonic-view": true,
    "monotonic-snapshot-read": true,
    "read-atomic": true,
  }],
  ["rw-register", "all concurrent: wx1wy1|rx1ry_", {
    "read-atomic": false,
    "snapshot-isolation": false,
    "read-committed": true,
    "consistent-view": false,
  }],
  ["rw-register", "all concurrent: wx1|wy1|rx1ry_|ry1rx_", {
    "prefix": false,
    "snapshot-isolation": false,
    "read-atomic": true,
    "read-your-writes": true,
  }],
  // Only the order of the two writes, which nothing tells, could make this right, and neither does.
  ["rw-register", "all concurrent: wx1wy1|wx2wy2|rx1ry2|rx2ry1", {
    "snapshot-isolation": false,
    "serializable": false,
    "read-committed": true,
    "read-atomic": false,
  }],
  ["rw-register", "seq p0:wx1|p1:wx2|p2:rx1", {
    "strict-serializable": false,
    "strong-snapshot-isolation": false,
    "strong-session-serializable": true,
  }],
];

for (const [workload, history, verdicts] of cases) {
  for (const [consistencyModel, valid] of Object.entries(verdicts)) {
    test(`${history} is ${valid === true ? "" : "not "}${consistencyModel}`, () => {
      const { events } = parseShorthand(history, workload);
      const verdict = checkTransactions(events, { workload, consistencyModel });
      assert.equal(verdict.valid, valid, `${verdict.reason} ${verdict.anomalyTypes}`);
      assert.deepEqual(replayVerdict(events, verdict), []);
    });
  }
}

test("a model that is valid holds every weaker one", () => {
  for (const [workload, history] of cases) {
    const { events } = parseShorthand(history, workload);
    const verdict = (consistencyModel: string) => checkTransactions(events, { workload, consistencyModel }).valid;
    if (verdict("serializable") === true) assert.equal(verdict("snapshot-isolation"), true, history);
    if (verdict("snapshot-isolation") === true) assert.equal(verdict("read-atomic"), true, history);
    if (verdict("read-atomic") === true) assert.equal(verdict("read-committed"), true, history);
  }
});

test("values that two transactions wrote leave the question open, not the answer true", () => {
  const { events } = parseShorthand("seq p0:wx1|p1:wx1|p2:rx1", "rw-register");
  const verdict = checkTransactions(events, { workload: "rw-register" });
  assert.equal(verdict.valid, "unknown");
  assert.match(verdict.reason!, /written to key "x" by more than one transaction/);
});

test("a history of nothing is valid", () => {
  assert.equal(checkTransactions([]).valid, true);
});

test("values of every kind are distinguished", () => {
  const values = [1, "1", 1.5, true, [1], { a: 1 }, 9007199254740991];
  const events = values.flatMap((value, i) => {
    const key = [["k"], { k: 1 }, "k", 0, -1, 2.5, 1e9][i];
    return [
      { index: 4 * i, time: 0, process: 0, type: "invoke" as const, f: "txn", value: [["append", key, value]] },
      { index: 4 * i + 1, time: 0, process: 0, type: "ok" as const, f: "txn", value: [["append", key, value]] },
      { index: 4 * i + 2, time: 0, process: 0, type: "invoke" as const, f: "txn", value: [["r", key, null]] },
      {
        index: 4 * i + 3,
        time: 0,
        process: 0,
        type: "ok" as const,
        f: "txn",
        value: [["r", key, [structuredClone(value)]]],
      },
    ];
  });
  const verdict = checkTransactions(events);
  assert.equal(verdict.valid, true, JSON.stringify(verdict.anomalies));
});

test("a value that is not a list of micro-operations is refused", () => {
  const event = (value: unknown) => [{ index: 0, time: 0, process: 0, type: "ok" as const, f: "txn", value }];
  for (const value of [5, [["x", 1, 2]], [5], [["w", 1, 2]], [["r", 1, 7]], [["append", 1]], [["r"]], [[]]]) {
    assert.throws(
      () => checkTransactions(event(value), { workload: "list-append" }),
      { name: "TypeError", message: /^Cannot judge event 0\b/ },
      JSON.stringify(value),
    );
  }
  assert.throws(() => checkTransactions(event([["w", "x"]]), { workload: "rw-register" }), {
    message: 'Cannot judge event 0 as rw-register: expected ["w", key, value] or ["r", key, value], found ["w","x"]',
  });
});

test("a process that is invoked while it is busy is refused, unless a history may have that", () => {
  const events = [0, 1].map((index) => (
    { index, time: index, process: 7, type: "invoke" as const, f: "txn", value: [["append", "x", index]] }
  ));
  assert.throws(() => checkTransactions(events), {
    name: "TypeError",
    message: /^Cannot judge event 1: .* process 7 /,
  });
  assert.deepEqual(checkTransactions(events, { mayReinvoke: true }).operations, { ok: 0, fail: 0, info: 2 });
});

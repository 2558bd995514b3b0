// Values that were written more than once to a key: nothing is claimed that does not hold whoever wrote what was read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTransactions } from "../../../../checker/transactions/check.ts";
import { storyOf } from "../../../../checker/transactions/tell/explain.ts";
import { replayVerdict } from "../../../../checker/transactions/replay.ts";
import { tries } from "../../../corpus.ts";
import { isSerializable, isSnapshotIsolated } from "../all_orders.ts";
import { parseShorthand } from "../elle_shorthand.ts";
import { execute, type Scheduler } from "../schedulers.ts";

const histories = tries("TRANSACTION_ORACLE_HISTORIES", 150);
const workloads = ["list-append", "rw-register"] as const;
const schedulers: readonly Scheduler[] = ["serial", "snapshot", "committed", "uncommitted"];

for (const workload of workloads) {
  test(`${workload}: where values are not unique no verdict contradicts trying all orders`, () => {
    for (let seed = 0; seed < 2 * histories; seed++) {
      const events = execute({
        seed,
        scheduler: schedulers[seed % 4]!,
        workload,
        transactions: 3 + seed % 4,
        keys: 2,
        values: 2 + seed % 5,
        crashes: 6,
      });
      const truths: [string, boolean][] = [
        ["serializable", isSerializable(events, "none")],
        ["strict-serializable", isSerializable(events, "realtime")],
        ["snapshot-isolation", isSnapshotIsolated(events, "none")],
        ["strong-snapshot-isolation", isSnapshotIsolated(events, "realtime")],
      ];
      for (const [consistencyModel, truth] of truths) {
        const verdict = checkTransactions(events, { workload, consistencyModel });
        const told = `seed ${seed}, ${consistencyModel}: ${verdict.reason}\n${JSON.stringify(events)}`;
        if (verdict.valid !== "unknown") assert.equal(verdict.valid, truth, told);
        assert.deepEqual(replayVerdict(events, verdict), [], told);
      }
    }
  });
}

type Case = [history: string, valid: boolean | "unknown", anomaly?: string];

const lists: Case[] = [
  // Two transactions appended 1, and the cycle is of others.
  ["all concurrent: az1rz1|ax1rzaz1|rxaz4ry2|ryay2", false, "G2-item"],
  // A read of nothing came before the 2, whoever appended the 4 before it.
  ["all concurrent: ax4ax2ay1|rxry1|ax4|rx424", false, "G-single-item"],
  // The list holds 1 twice because it was appended twice.
  ["seq ax1|ax1|rx11", "unknown"],
  ["seq ax1|ax1|rx111", false, "duplicate-elements"],
  ["seq ax1ax1|rx11", "unknown"],
  // The second 1 was there once the 2 was: what follows it is not what follows the first.
  ["seq ax1|ax2|ax1|rx121|ax3|rx1213", "unknown"],
  // What it saw may have been the other's.
  ["seq ax1|rx1ax1|rx11", "unknown"],
  ["all concurrent: rx1ax1", false, "future-read"],
  // What it saw was the other's, which failed.
  ["all concurrent: fail ax1|rx1ax1", false, "G1a"],
  ["all concurrent: fail ax1|ax1|rx11", false, "G1a"],
  // A state from within a transaction, or the last of another.
  ["all concurrent: ax1ax2|ax1|rx1", "unknown"],
];

const registers: Case[] = [
  ["seq wx1|rx1wx1", "unknown"],
  // Both read the same value, but not the same write.
  ["seq wx1|rx1wx2|wx1|rx1wx3|rx3", "unknown"],
  // 1 came before 2 and after it.
  ["seq wx1|rx1wx2|rx2wx1|rx1", "unknown"],
  ["all concurrent: rx1wx1", false, "future-read"],
  // It read what it had written itself, and wrote it again.
  ["seq wx1rx1wx1|rx1", true],
  // It was the other's, which failed.
  ["all concurrent: fail wx1|rx1wx1", false, "G1a"],
  // What a failed transaction wrote last says nothing of what the other left behind.
  ["all concurrent: fail wx1|wx1wx2|rx1", false, "G1b"],
  ["all concurrent: wx1wx2|wx1|rx1", "unknown"],
  // The reads contradict each other, whoever wrote what they saw.
  ["all concurrent: wx1|wx1|rx1rx2|wx2", false, "internal"],
];

for (const [workload, cases] of [["list-append", lists], ["rw-register", registers]] as const) {
  for (const [history, valid, anomaly] of cases) {
    test(`${workload}: ${history} is ${valid}${anomaly === undefined ? "" : `, with ${anomaly}`}`, () => {
      const { events } = parseShorthand(history, workload);
      const verdict = checkTransactions(events, {
        workload,
        consistencyModel: "serializable",
        ...(workload === "rw-register" ? { versionOrder: ["wfr-keys", "linearizable-keys"] } : {}),
      });
      assert.equal(verdict.valid, valid, `${verdict.reason} ${verdict.anomalyTypes}`);
      if (anomaly !== undefined) assert.ok(verdict.anomalyTypes.includes(anomaly), `${verdict.anomalyTypes}`);
      if (valid === "unknown") {
        assert.match(verdict.reason!, /written to key "x" (by more than one transaction|more than once)/);
      }
      assert.deepEqual(replayVerdict(events, verdict), []);
    });
  }
}

test("a read of null where null was written too may have seen either", () => {
  const written = [["w", "x", 1], ["w", "x", null], ["r", "x", null]];
  const events = written.flatMap((operation, i) =>
    (["invoke", "ok"] as const).map((type, j) => (
      { index: 2 * i + j, time: 0, process: 0, type, f: "txn", value: [operation] }
    ))
  );
  const verdict = checkTransactions(events, { workload: "rw-register" });
  assert.equal(verdict.valid, "unknown");
  assert.match(verdict.reason!, /nil was written to key "x", but may also be its initial state/);
});

test("a write that may be another transaction's breaks no session guarantee", () => {
  const { events } = parseShorthand("seq p0:wx1|p0:wy1|p1:wy1|p2:ry1rx", "rw-register");
  for (const consistencyModel of ["monotonic-writes", "writes-follow-reads", "PRAM"]) {
    assert.equal(checkTransactions(events, { workload: "rw-register", consistencyModel }).valid, "unknown");
  }
});

for (const history of ["all concurrent: ax1ax2|rx21", "seq ax1ax2|rx2", "seq ax1|ax2ax3|rx132"]) {
  test(`${history}: a transaction's appends in another order than its own are a violation`, () => {
    const { events } = parseShorthand(history, "list-append");
    const verdict = checkTransactions(events, { workload: "list-append", consistencyModel: "read-committed" });
    assert.equal(verdict.valid, false);
    assert.deepEqual(verdict.anomalyTypes.filter((name) => name === "incompatible-order"), ["incompatible-order"]);
    assert.deepEqual(replayVerdict(events, verdict), []);
  });
}

test("a step that no operation of its transactions shows is told without one", () => {
  const steps = [{ type: "rw", from: 0, to: 1 }, { type: "realtime", from: 1, to: 0 }] as const;
  assert.equal(
    storyOf(steps, "list-append"),
    "First, T1 must come before T2, since there is a rw dependency between them.\n" +
      "But T2 must come before T1, since T2 was answered before T1 was asked for: a contradiction, as T1 came before it.",
  );
});

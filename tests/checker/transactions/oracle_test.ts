// Random small histories, really executed: what a scheduler guarantees is never called violated, and the verdict is that of trying all orders.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTransactions } from "../../../checker/transactions/check.ts";
import { replayVerdict } from "../../../checker/transactions/replay.ts";
import { tries } from "../../corpus.ts";
import { isSerializable, isSnapshotIsolated } from "./all_orders.ts";
import { execute, type Scheduler } from "./schedulers.ts";

const histories = tries("TRANSACTION_ORACLE_HISTORIES", 150);
const workloads = ["list-append", "rw-register"] as const;

const guaranteed: Readonly<Record<Scheduler, string>> = {
  serial: "strict-serializable",
  snapshot: "strong-snapshot-isolation",
  committed: "read-committed",
  uncommitted: "read-uncommitted",
};

for (const workload of workloads) {
  for (const [scheduler, level] of Object.entries(guaranteed) as [Scheduler, string][]) {
    test(`${workload}: a history of a ${scheduler} scheduler is never called a violation of ${level}`, () => {
      for (let seed = 0; seed < histories; seed++) {
        const events = execute({ seed, scheduler, workload, transactions: 4 + seed % 30, clients: 2 + seed % 4 });
        const verdict = checkTransactions(events, { workload, consistencyModel: level });
        assert.notEqual(verdict.valid, false, `seed ${seed}: ${verdict.reason}`);
      }
    });
  }

  for (const scheduler of Object.keys(guaranteed) as Scheduler[]) {
    test(`${workload}: under a ${scheduler} scheduler the verdicts are those of trying all orders`, () => {
      for (let seed = 1000; seed < 1000 + histories; seed++) {
        const events = execute({ seed, scheduler, workload, transactions: 3 + seed % 5 });
        const truths: [string, boolean][] = [
          ["serializable", isSerializable(events, "none")],
          ["strong-session-serializable", isSerializable(events, "process")],
          ["strict-serializable", isSerializable(events, "realtime")],
          ["snapshot-isolation", isSnapshotIsolated(events, "none")],
          ["strong-session-snapshot-isolation", isSnapshotIsolated(events, "process")],
          ["strong-snapshot-isolation", isSnapshotIsolated(events, "realtime")],
        ];
        for (const [consistencyModel, truth] of truths) {
          const verdict = checkTransactions(events, { workload, consistencyModel });
          assert.equal(
            verdict.valid,
            truth,
            `seed ${seed}, ${consistencyModel}: ${verdict.reason}\n${JSON.stringify(events)}`,
          );
          assert.deepEqual(replayVerdict(events, verdict), [], `seed ${seed}, ${consistencyModel}`);
        }
      }
    });
  }
}

test("hundreds of register transactions under snapshot isolation are proven to be so, not left open", () => {
  const events = execute({
    seed: 3,
    scheduler: "snapshot",
    workload: "rw-register",
    transactions: 500,
    keys: 20,
    clients: 20,
    length: 6,
  });
  for (const level of ["snapshot-isolation", "strong-session-snapshot-isolation", "strong-snapshot-isolation"]) {
    const verdict = checkTransactions(events, { workload: "rw-register", consistencyModel: level });
    assert.equal(verdict.valid, true, `${level}: ${verdict.reason}`);
  }
});

test("the schedulers show what their levels permit", () => {
  const seen = new Set<string>();
  for (const scheduler of Object.keys(guaranteed) as Scheduler[]) {
    for (let seed = 0; seed < histories; seed++) {
      const events = execute({ seed, scheduler, workload: "list-append", transactions: 20, clients: 5 });
      for (const name of checkTransactions(events, { workload: "list-append" }).anomalyTypes) {
        seen.add(`${scheduler} ${name}`);
      }
    }
  }
  for (
    const wanted of [
      "snapshot G2-item",
      "committed lost-update",
      "committed G-single-item",
      "committed internal",
      "uncommitted G1a",
      "uncommitted G1c",
    ]
  ) {
    assert.ok(seen.has(wanted), `no ${wanted} among ${[...seen].sort().join(", ")}`);
  }
  assert.deepEqual([...seen].filter((name) => name.startsWith("serial ")), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/mod.ts";
import { judgeRun, type ResultParts } from "../../../harness/run/result.ts";
import { judgeLinearizability, judgeTransactions } from "../../../harness/workloads/judge.ts";

/** A run of which only the history matters. */
function partsOf(events: readonly HistoryEvent[]): ResultParts {
  const succeeded = events.filter(({ type }) => type === "ok").length;
  const liveness = { valid: true, majority: [], ticks: 0 };
  return {
    target: {},
    setup: { kinds: [], seed: 1, nodes: 1, workload: "kv", target: "sim" },
    nemesis: "",
    replay: "",
    driven: {
      outcome: { events, faults: new Map(), succeeded, liveness, finalReads: { asked: 0, answered: 0 }, schedule: [] },
      workload: {
        judge: (all: readonly HistoryEvent[]) => ({
          linearizability: judgeLinearizability(all, "kv"),
          transactions: judgeTransactions(all.filter(({ f }) => f === "txn"), "list-append"),
          own: { valid: true },
        }),
      },
      checks: {},
      counts: {},
      time: 0,
    },
  } as unknown as ResultParts;
}

test("a run in which nothing succeeded is unknown by each of its judges, and as a whole", () => {
  const { result } = judgeRun(
    partsOf([
      { process: 0, type: "invoke", f: "put", key: "x", value: 1, time: 0 },
      { process: 0, type: "info", f: "put", key: "x", value: 1, time: 1 },
    ]),
    () => 0,
  );

  assert.equal(result.valid, "unknown");
  for (const name of ["linearizability", "transactions", "own"]) {
    assert.equal(result.checks[name]!.valid, "unknown", name);
    assert.match(result.checks[name]!.reason!, /nothing succeeded/);
  }
});

test("a run with successful operations gets the judges' verdicts", () => {
  const { result } = judgeRun(
    partsOf([
      { process: 0, type: "invoke", f: "put", key: "x", value: 1, time: 0 },
      { process: 0, type: "ok", f: "put", key: "x", value: 1, time: 1 },
    ]),
    () => 0,
  );

  assert.equal(result.checks["linearizability"]!.valid, true);
  assert.equal(result.checks["own"]!.valid, true);
});

/**
 * Clients that add to one counter and read it. A read must lie between the sum of what was certainly added before it
 * and of what may have been added by then.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import { judgeTransactions } from "./judge.ts";
import { happens, type Invocation, type Workload, type WorkloadOptions } from "./workload.ts";

/** Makes the workload. */
export function counter(options: WorkloadOptions): Workload {
  return {
    name: "counter",
    model: "counter",
    next: (random: Random): Invocation =>
      happens(random, options.readShare) ? { f: "read" } : { f: "add", value: 1 + random.below(5) },
    proof: (kind) => kind === "read" ? { f: "read" } : { f: "add", value: 1 },
    finalReads: () => [{ operation: { f: "read" } }],
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      counter: judgeTransactions(events, "counter"),
    }),
  };
}

/**
 * Clients that add elements to one set and sometimes read it. In the end no added element may be missing, and no missed
 * element may come back.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import { judgeTransactions } from "./judge.ts";
import { freshNumber, type Invocation, type Workload, type WorkloadOptions } from "./workload.ts";

/** One operation in this many reads the whole set, because the set grows. */
const READ_EVERY = 64;

/** Makes the workload. */
export function set(_options: WorkloadOptions): Workload {
  let added = 0;
  return {
    name: "set",
    model: "set-full",
    next: (random: Random): Invocation => random.below(READ_EVERY) === 0 ? { f: "read" } : { f: "add", value: ++added },
    proof: (kind, events) =>
      kind === "read"
        ? { f: "read" }
        : { f: "add", value: freshNumber(events, ({ f, value }) => f === "add" ? value as number : undefined) },
    finalReads: () => [{ operation: { f: "read" } }],
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      set: judgeTransactions(events, "set-full"),
    }),
  };
}

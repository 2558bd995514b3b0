/**
 * Clients that add elements to one set, and now and then read it: nothing that was added may be missing in the end,
 * or come back after it was missed.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import { judgeTransactions } from "./judge.ts";
import { freshNumber, type Invocation, type Workload, type WorkloadOptions } from "./workload.ts";

/** One operation in this many reads the whole set, which grows. */
const READ_EVERY = 64;

/** A new set of clients of a set. */
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

/**
 * Clients of registers: read, write and compare-and-set, judged by linearizability.
 *
 * The same store as for `kv` under the names of the register's literature, and without deletes: what `check --model
 * cas-register` reads.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import { judgeLinearizability } from "./judge.ts";
import {
  type Completion,
  drawKey,
  FIRST_KEY,
  freshNumber,
  happens,
  type Invocation,
  keysAsked,
  type Workload,
  type WorkloadOptions,
} from "./workload.ts";

/** A new set of clients of registers. */
export function register(options: WorkloadOptions): Workload {
  /** What was last seen under a key: what a compare-and-set expects. */
  const seen = new Map<string, number>();
  let written = 0;

  return {
    name: "register",
    model: "cas-register",
    next(random: Random): Invocation {
      const key = drawKey(random, options);
      if (happens(random, options.readShare)) return { f: "read", key };
      const expected = seen.get(key);
      if (expected !== undefined && random.below(2) === 0) return { f: "cas", key, value: [expected, ++written] };
      return { f: "write", key, value: ++written };
    },
    ended({ f, key, value }: Invocation, end: Completion): void {
      if (end.type === "info") return;
      const now = end.type === "fail" ? end.actual : f === "cas" ? (value as number[])[1] : end.value;
      if (typeof now === "number") seen.set(key as string, now);
    },
    proof: (kind, events) =>
      kind === "read"
        ? { f: "read", key: FIRST_KEY }
        : { f: "write", key: FIRST_KEY, value: freshNumber(events, writtenBy) },
    finalReads: (events: readonly HistoryEvent[]) =>
      keysAsked(events).sort().map((key) => ({ operation: { f: "read", key } })),
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      linearizability: judgeLinearizability(events, "cas-register"),
    }),
  };
}

/** The number that an operation writes. */
function writtenBy({ f, value }: Invocation): number | undefined {
  return f === "write" ? value as number : f === "cas" ? (value as number[])[1] : undefined;
}

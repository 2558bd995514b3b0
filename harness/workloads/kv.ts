/**
 * Clients of a key-value store: get, put, delete and compare-and-set over several keys, judged by linearizability.
 *
 * Every written value is the first of its kind, so that a read tells whose write it saw.
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

/** One delete in this many writes. */
const DELETES = 8;

/** A new set of clients of a key-value store. */
export function kv(options: WorkloadOptions): Workload {
  /** What was last seen under a key: what a compare-and-set expects. */
  const seen = new Map<string, number>();
  let written = 0;

  return {
    name: "kv",
    model: "kv",
    next(random: Random): Invocation {
      const key = drawKey(random, options);
      if (happens(random, options.readShare)) return { f: "get", key };
      const expected = seen.get(key);
      if (expected !== undefined && random.below(2) === 0) return { f: "cas", key, value: [expected, ++written] };
      if (expected !== undefined && random.below(DELETES / 2) === 0) return { f: "delete", key };
      if (expected === undefined && random.below(4) === 0) return { f: "cas", key, value: [null, ++written] };
      return { f: "put", key, value: ++written };
    },
    ended(operation: Invocation, completion: Completion): void {
      const now = valueAfter(operation, completion);
      if (now === null) seen.delete(operation.key as string);
      else if (now !== undefined) seen.set(operation.key as string, now);
    },
    proof: (kind, events) =>
      kind === "read"
        ? { f: "get", key: FIRST_KEY }
        : { f: "put", key: FIRST_KEY, value: freshNumber(events, writtenBy) },
    finalReads: (events: readonly HistoryEvent[]) =>
      keysAsked(events).sort().map((key) => ({ operation: { f: "get", key } })),
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      linearizability: judgeLinearizability(events, "kv"),
    }),
  };
}

/** The number that an operation writes. */
function writtenBy({ f, value }: Invocation): number | undefined {
  return f === "put" ? value as number : f === "cas" ? (value as number[])[1] : undefined;
}

/** What a key holds after an operation, as its client knows; `undefined` if it does not. */
function valueAfter({ f, value }: Invocation, end: Completion): number | null | undefined {
  if (end.type === "fail") return end.actual as number | null | undefined;
  if (end.type === "info") return undefined;
  switch (f) {
    case "get":
      return end.value as number | null;
    case "cas":
      return (value as number[])[1]!;
    case "delete":
      return null;
    default:
      return value as number;
  }
}

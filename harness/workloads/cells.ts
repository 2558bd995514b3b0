/**
 * Clients that read, write and compare-and-set cells, over several keys, judged by linearizability.
 *
 * Every value is written only once, so a read shows whose write it saw.
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

/** One in this many writes is a delete. */
const DELETES = 8;

/** The names of a workload's operations. */
interface Language {
  readonly name: string;
  readonly model: string;
  readonly read: string;
  readonly write: string;
  /** Whether clients delete, and compare with missing values. */
  readonly hasDeletes: boolean;
}

/** Makes a workload with these names. */
export function cells({ name, model, read, write, hasDeletes }: Language, options: WorkloadOptions): Workload {
  /** The value last seen for each key, which a compare-and-set expects. */
  const seen = new Map<string, number>();
  let written = 0;

  return {
    name,
    model,
    next(random: Random): Invocation {
      const key = drawKey(random, options);
      if (happens(random, options.readShare)) return { f: read, key };
      const expected = seen.get(key);
      if (expected !== undefined && random.below(2) === 0) return { f: "cas", key, value: [expected, ++written] };
      if (hasDeletes && expected !== undefined && random.below(DELETES / 2) === 0) return { f: "delete", key };
      if (hasDeletes && expected === undefined && random.below(4) === 0) {
        return { f: "cas", key, value: [null, ++written] };
      }
      return { f: write, key, value: ++written };
    },
    ended(operation: Invocation, completion: Completion): void {
      const now = valueAfter(operation, completion);
      if (now === null) seen.delete(operation.key as string);
      else if (now !== undefined) seen.set(operation.key as string, now);
    },
    proof: (kind, events) =>
      kind === "read"
        ? { f: read, key: FIRST_KEY }
        : { f: write, key: FIRST_KEY, value: freshNumber(events, writtenBy) },
    finalReads: (events: readonly HistoryEvent[]) =>
      keysAsked(events).sort().map((key) => ({ operation: { f: read, key } })),
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      linearizability: judgeLinearizability(events, model),
    }),
  };
}

/** The number that an operation writes. */
function writtenBy({ f, value }: Invocation): number | undefined {
  if (f === "cas") return (value as number[])[1];
  return typeof value === "number" ? value : undefined;
}

/** The value of a key after an operation, as far as its client knows; `undefined` if unknown. */
function valueAfter({ f, value }: Invocation, end: Completion): number | null | undefined {
  if (end.type === "fail") return end.actual as number | null | undefined;
  if (end.type === "info") return undefined;
  if (f === "cas") return (value as number[])[1]!;
  if (f === "delete") return null;
  return (value === undefined ? end.value : value) as number | null; // a read's invocation has no value
}

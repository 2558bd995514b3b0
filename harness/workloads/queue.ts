/**
 * Clients of a queue: `enqueue` a number, `dequeue` one, or `null` if there is none.
 *
 * @module
 */
import { checkLinearizability, type HistoryEvent, modelByName, type Verdict } from "../../checker/mod.ts";
import { judgeTransactions } from "./judge.ts";
import { type FinalRead, freshNumber, happens, type Invocation, type Workload } from "./workload.ts";
import type { Make } from "./workloads.ts";

/** The differences between these workloads. */
interface Kind {
  readonly name: string;
  readonly model: string;
  readonly finalReads: (events: readonly HistoryEvent[]) => readonly FinalRead[];
  readonly judge: (events: readonly HistoryEvent[]) => Verdict;
}

/** What comes back after the first drain, because nobody had acknowledged it, comes out in the second one. */
const DRAINS = 2;

/**
 * Queues by name.
 *
 * - `queue`: what was acknowledged comes out at least once, in any order. An element that a dequeue takes without an
 *   answer must come again. At the end `drain` takes all that is left, and answers with a list.
 * - `fifo-queue`: each element comes out exactly once, in order.
 */
export const QUEUES: Readonly<Record<"queue" | "fifo-queue", Make>> = {
  queue: ({ readShare }) =>
    queue(readShare, {
      name: "queue",
      model: "total-queue",
      finalReads: () => Array.from({ length: DRAINS }, () => ({ operation: { f: "drain" } })),
      judge: judgeTotal,
    }),
  "fifo-queue": ({ readShare }) =>
    queue(readShare, {
      name: "fifo-queue",
      model: "fifo-queue",
      finalReads: (events) => Array.from({ length: leftIn(events) }, () => ({ operation: { f: "dequeue" } })),
      judge: (events) => checkLinearizability(events, modelByName("fifo-queue")),
    }),
};

function queue(readShare: number, { name, model, finalReads, judge }: Kind): Workload {
  let added = 0;
  const addedBy = ({ f, value }: HistoryEvent): number | undefined => f === "enqueue" ? value as number : undefined;
  return {
    name,
    model,
    next: (random): Invocation => happens(random, readShare) ? { f: "dequeue" } : { f: "enqueue", value: ++added },
    proof: (kind, events) => kind === "read" ? { f: "dequeue" } : { f: "enqueue", value: freshNumber(events, addedBy) },
    finalReads,
    judge: (events) => ({ [name]: judge(events) }),
  };
}

/** How many elements may have been taken in and are not known to be out. */
function leftIn(events: readonly HistoryEvent[]): number {
  let left = 0;
  for (const { type, f, value } of events) {
    if (f === "enqueue" && type === "invoke") left++;
    if ((f === "enqueue" && type === "fail") || (f === "dequeue" && type === "ok" && value !== null)) left--;
  }
  return left;
}

/** Elements are lost only if a drain has looked for them. */
function judgeTotal(events: readonly HistoryEvent[]): Verdict {
  const verdict = judgeTransactions(events, "total-queue");
  const { unexpectedCount = 0 } = (verdict as { found?: Readonly<Record<string, number>> }).found ?? {};
  const isDrained = events.some(({ type, f }) => type === "ok" && f === "drain");
  if (verdict.valid !== false || unexpectedCount > 0 || isDrained) return verdict;
  return { ...verdict, valid: "unknown", reason: "no drain was answered at the end, so elements may still be there" };
}

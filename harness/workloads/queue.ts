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

/** How many elements may come out again at the end, because nobody had acknowledged them, before the queue is empty. */
const AGAIN_MAX = 50;

/**
 * Queues by name.
 *
 * - `queue`: what was acknowledged comes out at least once, in any order. An element that a dequeue takes without an
 *   answer must come again.
 * - `fifo-queue`: each element comes out exactly once, in order.
 */
export const QUEUES: Readonly<Record<"queue" | "fifo-queue", Make>> = {
  queue: ({ readShare }) =>
    queue(readShare, {
      name: "queue",
      model: "total-queue",
      finalReads: (events) => dequeues(leftIn(events) + AGAIN_MAX),
      judge: judgeTotal,
    }),
  "fifo-queue": ({ readShare }) =>
    queue(readShare, {
      name: "fifo-queue",
      model: "fifo-queue",
      finalReads: (events) => dequeues(leftIn(events)),
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

function dequeues(count: number): FinalRead[] {
  return Array.from({ length: count }, () => ({ operation: { f: "dequeue" } }));
}

/** Elements are lost only if the queue was empty at the end. */
function judgeTotal(events: readonly HistoryEvent[]): Verdict {
  const verdict = judgeTransactions(events, "total-queue");
  const { unexpectedCount = 0 } = (verdict as { found?: Readonly<Record<string, number>> }).found ?? {};
  const isEmpty = events.findLast(({ type, f }) => type === "ok" && f === "dequeue")?.value === null;
  if (verdict.valid !== false || unexpectedCount > 0 || isEmpty) return verdict;
  return {
    ...verdict,
    valid: "unknown",
    reason: "no last dequeue found the queue empty, so elements may still be there",
  };
}

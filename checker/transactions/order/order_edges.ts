/**
 * Edges that come from time and processes, not from data: the order within a process, and real time.
 *
 * Real time alone would give an edge between any two transactions of which one ended before the other began: n squared
 * edges. With barriers, three edges for each transaction are enough:
 *
 *     T1 ----> B1 ----> B2 ----> B3 ...        a barrier for each run of completions,
 *              |        ^ \                    a completed transaction leads to the barrier after it,
 *              v        |  v                   each barrier to the next,
 *              T3       T2  T4                 and the last barrier before it to a transaction that is invoked
 *
 * @module
 */
import { type EdgeList, process, realtime, through } from "../graph/graph.ts";
import { integers } from "../read/memory.ts";
import { never, type Transactions } from "../read/transactions.ts";

/** Adds an edge from each transaction of a session to the next one that takes part. Linear. */
export function addSessionOrder(edges: EdgeList, history: Transactions, takesPart: Uint8Array): void {
  const latest = new Int32Array(history.sessionNames.length).fill(-1);
  for (let t = 0; t < history.count; t++) {
    if (!takesPart[t]) continue;
    const session = history.session[t]!;
    const previous = latest[session]!;
    if (previous >= 0) edges.add(previous, t, process);
    latest[session] = t;
  }
}

/** The events at each position: 2t + 1 for an invocation, 2t + 2 for a completion, 0 for what has no part. */
export function eventsInTime({ count, invoked, completed }: Transactions, takesPart: Uint8Array): Int32Array {
  let length = 0;
  for (let t = 0; t < count; t++) {
    if (invoked[t]! >= length) length = invoked[t]! + 1;
    if (completed[t] !== never && completed[t]! >= length) length = completed[t]! + 1;
  }
  const events = integers(length);
  for (let t = 0; t < count; t++) {
    if (!takesPart[t]) continue;
    if (invoked[t]! >= 0) events[invoked[t]!] = 2 * t + 1;
    if (completed[t] !== never) events[completed[t]!] = 2 * t + 2;
  }
  return events;
}

/** Adds the edges of real time, through barriers. Linear in the length of the history. */
export function addRealTime(edges: EdgeList, history: Transactions, takesPart: Uint8Array): void {
  let barrier = -1;
  let isUsed = true; // whether an invocation has followed the barrier, so that the next completion needs a new one
  for (const event of eventsInTime(history, takesPart)) {
    if (event === 0) continue;
    const t = (event - 1) >>> 1;
    if ((event & 1) === 0) {
      if (isUsed) {
        const next = edges.addNode();
        if (barrier >= 0) edges.add(barrier, next, through);
        barrier = next;
        isUsed = false;
      }
      edges.add(t, barrier, realtime);
    } else if (barrier >= 0) {
      edges.add(barrier, t, through);
      isUsed = true;
    }
  }
}

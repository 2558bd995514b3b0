/**
 * Judges read committed, read atomic and causal consistency if no version order is known (Biswas and Enea, OOPSLA
 * 2019), within the bounds of Møldrup and Pavlogiannis, "AWDIT: An Optimal Weak Database Isolation Tester", PLDI 2025.
 *
 * Each level says which transactions must have committed before which (commit_order.ts). The level holds if these
 * edges, with reads and sessions, have no cycle.
 *
 * @module
 */
import { shortCycle } from "../graph/cycles.ts";
import { componentGraphs, EdgeList, graphOf, type Part, process, wr, ww } from "../graph/graph.ts";
import { type CycleStep, shown } from "../read/findings.ts";
import { grouped } from "../read/grouped.ts";
import { integers } from "../read/memory.ts";
import type { Transactions } from "../read/transactions.ts";
import {
  type CommitProblem,
  type Infer,
  inferCausal,
  inferReadAtomic,
  inferReadCommitted,
  previousInSession,
  type Sessions,
} from "./commit_order.ts";
import { readsAndWrites } from "./reads_and_writes.ts";

/** The levels judged here. */
export type WeakLevel = "read-committed" | "read-atomic" | "causal";

/** A cycle of transactions that the level forbids; -1 stands for the initial state. */
interface WeakCycle {
  readonly transactions: readonly number[];
  readonly steps: readonly CycleStep[];
}

/** The result: the level holds, a cycle, or the history is too large. */
type WeakAnswer = { readonly holds: true } | { readonly holds: false; readonly cycle: WeakCycle } | {
  readonly holds: "unknown";
  readonly reason: string;
};

/** The maximum number of entries in all vector clocks together. */
const maxClockEntries = 400_000_000;

/** The input besides the history. */
interface WeakInput {
  /** 1 for each transaction that happened. */
  readonly takesPart: Uint8Array;
  /** Whether the order within sessions counts. */
  readonly hasSessions: boolean;
  /** Known edges between transactions (the ww edges of a list's order). */
  readonly known: readonly (readonly [number, number])[];
}

/**
 * Judges a level.
 *
 * @param indexOf The index of an event in reports.
 */
export function checkWeakIsolation(
  level: WeakLevel,
  history: Transactions,
  { takesPart, hasSessions, known }: WeakInput,
  indexOf: (event: number) => number,
): WeakAnswer {
  const { count } = history;
  const initial = count; // a transaction before all others that wrote every key
  const sessions = sessionsOf(history, takesPart, hasSessions);
  if (level === "causal" && count * sessions.count > maxClockEntries) {
    const reason = `the clocks of ${count} transactions in ${sessions.count} sessions take too much memory`;
    return { holds: "unknown", reason };
  }
  const problem = {
    count,
    keyCount: history.keys.length,
    accesses: readsAndWrites(history, takesPart),
    sessions,
  };
  const edges = readsAndSessions(problem);
  const order = level === "causal" ? topological(edges, takesPart) : sessions.order;
  const inferAll = (infer: Infer): void => {
    if (level === "read-committed") inferReadCommitted(problem, infer);
    else if (level === "read-atomic") inferReadAtomic(problem, infer);
    // If reads and sessions alone form a cycle, the report shows that cycle.
    else if (order !== undefined) inferCausal(problem, order, infer);
  };
  const { of, number } = sessions;
  inferAll((before, after) => {
    if (before === after || before === initial) return;
    // The session order has this edge already.
    if (after !== initial && of[before] === of[after] && number[before]! < number[after]!) return;
    edges.add(before, after, ww);
    if (after === initial) edges.add(initial, before, process);
  });
  for (const [before, after] of known) edges.add(before, after, ww);
  const parts = componentGraphs(graphOf(edges, count + 1));
  if (parts.length === 0) return { holds: true };
  const smallest = parts.reduce((a, b) => b.nodes < a.nodes ? b : a);
  return { holds: false, cycle: cycleIn(smallest, history, initial, inferAll, indexOf) };
}

/** The participating transactions by session. If sessions do not count, each transaction is a session of its own. */
function sessionsOf(history: Transactions, takesPart: Uint8Array, hasSessions: boolean): Sessions {
  const { count } = history;
  const of = hasSessions ? history.session : integers(count).map((_, t) => t);
  const sessionCount = hasSessions ? history.sessionNames.length : count;
  const { start, items: order } = grouped(of.map((session, t) => takesPart[t] ? session : -1), sessionCount);
  const number = integers(count);
  order.forEach((t, place) => number[t] = place - start[of[t]!]! + 1);
  return { of, count: sessionCount, order, number };
}

/** The edges of sessions, and from the writer of a value to its readers. */
function readsAndSessions({ count, accesses, sessions }: CommitProblem): EdgeList {
  const { readStart, readWriter, isFirstOfWriter } = accesses;
  const edges = new EdgeList(count + 1, Math.max(1024, 2 * (count + readStart[count]!)));
  const previous = previousInSession(sessions, count);
  for (const t of sessions.order) {
    if (previous[t]! >= 0) edges.add(previous[t]!, t, process);
    for (let at = readStart[t]!; at < readStart[t + 1]!; at++) {
      if (isFirstOfWriter[at] && readWriter[at]! < count) edges.add(readWriter[at]!, t, wr);
    }
  }
  return edges;
}

/** The transactions in an order that agrees with reads and sessions; undefined if these have a cycle. */
function topological(edges: EdgeList, takesPart: Uint8Array): Int32Array | undefined {
  const count = takesPart.length;
  const graph = graphOf(edges, count + 1);
  const incoming = integers(count + 1);
  for (const target of graph.target) incoming[target]!++;
  const order = integers(count);
  let found = 0, wanted = 0;
  for (let t = 0; t < count; t++) {
    wanted += takesPart[t]!;
    if (takesPart[t] && incoming[t] === 0) order[found++] = t;
  }
  for (let i = 0; i < found; i++) {
    for (let at = graph.start[order[i]!]!; at < graph.start[order[i]! + 1]!; at++) {
      if (--incoming[graph.target[at]!]! === 0) order[found++] = graph.target[at]!;
    }
  }
  return found === wanted ? order.subarray(0, found) : undefined;
}

/** The reason for an edge, if it is not a read or a session. */
interface Reason {
  readonly reader: number;
  readonly key: number;
}

/** A short cycle of a component, with the reason why each transaction follows the previous one. */
function cycleIn(
  part: Part,
  history: Transactions,
  initial: number,
  inferAll: (infer: Infer) => void,
  indexOf: (event: number) => number,
): WeakCycle {
  const { keys, versions, opStart, isWrite, opKey, opVersion } = history;
  const cycle = shortCycle(part);
  const transactions: number[] = [];
  for (let i = 0; i < cycle.length; i++) transactions.push(part.nodeOf[part.target[cycle.at(i - 1)!]!]!);
  const next = new Map(transactions.map((t, i) => [t, transactions[(i + 1) % transactions.length]!]));
  const reasons = new Map<number, Reason>(); // by the earlier transaction
  inferAll((before, after, reader, key) => {
    if (next.get(before) === after && !reasons.has(before)) reasons.set(before, { reader, key });
  });
  /** The value that `to` read from `from`. */
  const readOf = (from: number, to: number): Pick<CycleStep, "key" | "value"> => {
    for (let at = opStart[to]!; at < opStart[to + 1]!; at++) {
      const version = opVersion[at]!;
      if (isWrite[at] || version < 0 || versions.writer[version] !== from) continue;
      return { key: keys[opKey[at]!], value: versions.valueOf(version) };
    }
    return {};
  };
  const steps = cycle.map((at, i): CycleStep => {
    const to = (i + 1) % cycle.length;
    const [a, b] = [transactions[i]!, transactions[to]!];
    const kind = part.kind[at]!;
    if (kind === process) {
      return a === initial
        ? { type: "inferred", from: i, to, because: "nothing comes before the initial state" }
        : { type: "process", from: i, to };
    }
    if (kind === wr) return { type: "wr", from: i, to, ...readOf(a, b) };
    const reason = reasons.get(a);
    if (reason === undefined) {
      return { type: "inferred", from: i, to, because: "what it wrote comes later in the order of versions" };
    }
    const reader = indexOf(history.event[reason.reader]!);
    const source = b === initial ? "in its initial state" : `from T${to + 1}`;
    const because = `transaction #${reader} saw T${i + 1}, which wrote key ${shown(keys[reason.key])}, ` +
      `and yet read that key ${source}`;
    return { type: "inferred", from: i, to, key: keys[reason.key], because };
  });
  return { transactions: transactions.map((t) => t === initial ? -1 : t), steps };
}

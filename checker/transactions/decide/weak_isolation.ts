/**
 * Read committed, read atomic and causal consistency where no version order is known (Biswas and Enea, OOPSLA 2019),
 * within the bounds of Møldrup and Pavlogiannis, "AWDIT: An Optimal Weak Database Isolation Tester", PLDI 2025.
 *
 * Each level says: if t3 reads key x from t1, and it saw t2, which also wrote x, then t2 committed before t1. The
 * levels differ in what "saw" means:
 *
 * - read committed: t3 had read from t2 earlier in the transaction;
 * - read atomic: t3 reads from t2, or t2 is an earlier transaction of its session;
 * - causal: a path of reads and sessions leads from t2 to t3.
 *
 * The level holds if these edges, with reads and sessions, have no cycle. Not all of them are needed: of the writes of
 * x that one session made before, the latest stands for all. So read committed and read atomic take O(n^1.5) and causal
 * O(n k), for n operations and k sessions.
 *
 * @module
 */
import { shortCycle } from "../graph/cycles.ts";
import { type CycleStep, shown } from "../read/findings.ts";
import { componentGraphs, EdgeList, graphOf, type Part, process, wr, ww } from "../graph/graph.ts";
import { initialVersion, type Transactions, unknownVersion } from "../read/transactions.ts";
import { nobody } from "../read/versions.ts";

/** The levels judged here. */
export type WeakLevel = "read-committed" | "read-atomic" | "causal";

/** A cycle of transactions that the level forbids; -1 stands for the initial state. */
interface WeakCycle {
  readonly transactions: readonly number[];
  readonly steps: readonly CycleStep[];
}

/** What was found: nothing, a cycle, or that the question is too large. */
type WeakAnswer = { readonly holds: true } | { readonly holds: false; readonly cycle: WeakCycle } | {
  readonly holds: "unknown";
  readonly reason: string;
};

/** Entries of all vector clocks together. */
const maxClockEntries = 400_000_000;

/** Why an edge is there, beside reads and sessions. */
interface Reason {
  readonly reader: number;
  readonly key: number;
}

/** One read of another transaction's write: where, of which key, from whom. */
interface Read {
  readonly at: number;
  readonly key: number;
  readonly writer: number;
}

/** What is known beside the history. */
interface WeakInput {
  /** 1 for each transaction that happened. */
  readonly takesPart: Uint8Array;
  /** Whether the order within sessions counts. */
  readonly hasSessions: boolean;
  /** Edges between transactions that are known (the ww edges of a list's order). */
  readonly known: readonly (readonly [number, number])[];
}

/** The keys that each transaction writes, sorted, without repetition. */
function writtenKeys({ count, opStart, isWrite, opKey }: Transactions, takesPart: Uint8Array): Int32Array[] {
  const written: Int32Array[] = [];
  for (let t = 0; t < count; t++) {
    const own: number[] = [];
    if (takesPart[t]) {
      for (let at = opStart[t]!; at < opStart[t + 1]!; at++) if (isWrite[at]) own.push(opKey[at]!);
    }
    written.push(Int32Array.from(new Set(own)).sort());
  }
  return written;
}

function byKey(reads: readonly Read[]): Map<number, Read[]> {
  const map = new Map<number, Read[]>();
  for (const read of reads) {
    const ofKey = map.get(read.key);
    if (ofKey === undefined) map.set(read.key, [read]);
    else ofKey.push(read);
  }
  return map;
}

/** The transactions in an order that agrees with reads and sessions. */
function topological(edges: EdgeList, takesPart: Uint8Array): number[] | undefined {
  const count = takesPart.length;
  const graph = graphOf(edges, count + 1);
  const incoming = new Int32Array(count + 1);
  for (const target of graph.target) incoming[target]!++;
  const order: number[] = [];
  for (let t = 0; t < count; t++) if (takesPart[t] && incoming[t] === 0) order.push(t);
  for (const t of order) {
    for (let at = graph.start[t]!; at < graph.start[t + 1]!; at++) {
      if (--incoming[graph.target[at]!]! === 0) order.push(graph.target[at]!);
    }
  }
  let wanted = 0;
  for (let t = 0; t < count; t++) wanted += takesPart[t]!;
  return order.length === wanted ? order : undefined;
}

/**
 * Judges a level.
 *
 * @param indexOf The index that an event goes by in reports.
 */
export function checkWeakIsolation(
  level: WeakLevel,
  history: Transactions,
  { takesPart, hasSessions, known }: WeakInput,
  indexOf: (event: number) => number,
): WeakAnswer {
  const { count, opStart, isWrite, opKey, opVersion, versions, keys } = history;
  const initial = count; // a transaction before all others that wrote every key
  const edges = new EdgeList(count + 1, Math.max(1024, opStart[count]!));
  const reasons = new Map<number, Reason>(); // by before * (count + 1) + after
  const sessionOf = hasSessions ? history.session : Int32Array.from({ length: count }, (_, t) => t);

  const written = writtenKeys(history, takesPart);
  const writesKey = (t: number, key: number): boolean => {
    if (t === initial) return true;
    const own = written[t]!;
    let low = 0, high = own.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (own[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return own[low] === key;
  };
  const readsOf = (t: number): Read[] => {
    const reads: Read[] = [];
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      const version = opVersion[at]!;
      if (isWrite[at] || version === unknownVersion) continue;
      const writer = version === initialVersion ? initial : versions.writer[version]!;
      if (writer !== nobody && writer !== t && (writer === initial || takesPart[writer])) {
        reads.push({ at, key: opKey[at]!, writer });
      }
    }
    return reads;
  };
  const infer = (before: number, after: number, reader: number, key: number): void => {
    if (before === initial || before === after) return;
    const name = before * (count + 1) + after;
    if (reasons.has(name)) return;
    reasons.set(name, { reader, key });
    edges.add(before, after, ww);
    if (after === initial) edges.add(initial, before, process);
  };

  const latest = new Map<number, number>(); // session -> its latest transaction
  const latestWrite = new Map<number, Map<number, number>>(); // session -> key -> its latest transaction that wrote it
  const previous = new Int32Array(count).fill(-1);
  for (let t = 0; t < count; t++) {
    if (!takesPart[t]) continue;
    const session = sessionOf[t]!;
    const before = latest.get(session);
    if (before !== undefined) {
      edges.add(before, t, process);
      previous[t] = before;
    }
    latest.set(session, t);
    const reads = readsOf(t);
    for (const writer of new Set(reads.map((read) => read.writer))) if (writer !== initial) edges.add(writer, t, wr);
    if (level === "read-committed") readCommitted(t, reads);
    else if (level === "read-atomic") {
      readAtomic(t, reads);
      afterOwnSession(session, t, reads);
    }
  }

  /** The shorter of two lists of keys is gone through: what `writer` wrote, or what the transaction read. */
  function sharedKeys(writer: number, readKeys: ReadonlyMap<number, unknown>, visit: (key: number) => void): void {
    if (writer !== initial && written[writer]!.length < readKeys.size) {
      for (const key of written[writer]!) if (readKeys.has(key)) visit(key);
    } else {
      for (const key of readKeys.keys()) if (writesKey(writer, key)) visit(key);
    }
  }

  function readCommitted(t: number, reads: readonly Read[]): void {
    const readKeys = byKey(reads);
    const seen = new Set<number>();
    for (const { at, writer } of reads) {
      if (seen.has(writer)) continue;
      seen.add(writer);
      // The next read of a key is enough: the one after it follows from that one.
      sharedKeys(writer, readKeys, (key) => {
        const next = readKeys.get(key)!.find((read) => read.at > at && read.writer !== writer);
        if (next !== undefined) infer(writer, next.writer, t, key);
      });
    }
  }

  function afterOwnSession(session: number, t: number, reads: readonly Read[]): void {
    const own = latestWrite.get(session);
    for (const { key, writer } of reads) {
      const other = own?.get(key);
      if (other !== undefined) infer(other, writer, t, key);
    }
    if (own === undefined) latestWrite.set(session, new Map(Array.from(written[t]!, (key) => [key, t])));
    else for (const key of written[t]!) own.set(key, t);
  }

  function readAtomic(t: number, reads: readonly Read[]): void {
    const readKeys = byKey(reads);
    for (const writer of new Set(reads.map((read) => read.writer))) {
      sharedKeys(writer, readKeys, (key) => {
        for (const read of readKeys.get(key)!) if (read.writer !== writer) infer(writer, read.writer, t, key);
      });
    }
  }

  if (level === "causal") {
    const reason = causal();
    if (reason !== undefined) return { holds: "unknown", reason };
  }

  /** Adds the edges of causal consistency, by vector clocks. */
  function causal(): string | undefined {
    const sessions = [...latest.keys()];
    const placeOf = new Map(sessions.map((session, place) => [session, place]));
    const k = sessions.length;
    if (count * k > maxClockEntries) return `the clocks of ${count} transactions in ${k} sessions take too much memory`;
    const order = topological(edges, takesPart);
    if (order === undefined) return undefined; // the cycle shows below
    const clock = new Int32Array(count * k);
    const numberInSession = new Int32Array(count);
    const counted = new Map<number, number>();
    // For each key, by session, the transactions that wrote it, in order.
    const writersOf: Map<number, number[]>[] = keys.map(() => new Map());
    for (let t = 0; t < count; t++) {
      if (!takesPart[t]) continue;
      const session = placeOf.get(sessionOf[t]!)!;
      const number = (counted.get(session) ?? 0) + 1;
      counted.set(session, number);
      numberInSession[t] = number;
      for (const key of written[t]!) {
        const ofSession = writersOf[key]!.get(session);
        if (ofSession === undefined) writersOf[key]!.set(session, [t]);
        else ofSession.push(t);
      }
    }
    for (const t of order) {
      const own = t * k;
      const session = placeOf.get(sessionOf[t]!)!;
      const raise = (other: number): void => {
        const from = other * k;
        for (let s = 0; s < k; s++) if (clock[from + s]! > clock[own + s]!) clock[own + s] = clock[from + s]!;
      };
      if (previous[t]! >= 0) raise(previous[t]!);
      const reads = readsOf(t);
      for (const writer of new Set(reads.map((read) => read.writer))) if (writer !== initial) raise(writer);
      for (const { key, writer } of reads) {
        for (const [s, writers] of writersOf[key]!) {
          const seen = clock[own + s]!;
          let low = 0, high = writers.length;
          while (low < high) {
            const middle = (low + high) >>> 1;
            if (numberInSession[writers[middle]!]! <= seen) low = middle + 1;
            else high = middle;
          }
          const last = writers[low - 1];
          if (last !== undefined && last !== t) infer(last, writer, t, key);
        }
      }
      clock[own + session] = Math.max(clock[own + session]!, numberInSession[t]!);
    }
    return undefined;
  }

  for (const [before, after] of known) edges.add(before, after, ww);
  const parts = componentGraphs(graphOf(edges, count + 1));
  if (parts.length === 0) return { holds: true };
  return { holds: false, cycle: cycleIn(parts.reduce((a, b) => b.nodes < a.nodes ? b : a)) };

  /** A short cycle of a component, with what makes each of its transactions follow the one before. */
  function cycleIn(smallest: Part): WeakCycle {
    const cycle = shortCycle(smallest);
    const transactions: number[] = [];
    for (let i = 0; i < cycle.length; i++) transactions.push(smallest.nodeOf[smallest.target[cycle.at(i - 1)!]!]!);
    const steps = cycle.map((at, i): CycleStep => {
      const to = (i + 1) % cycle.length;
      const [a, b] = [transactions[i]!, transactions[to]!];
      const kind = smallest.kind[at]!;
      if (kind === process) {
        return a === initial
          ? { type: "inferred", from: i, to, because: "nothing comes before the initial state" }
          : { type: "process", from: i, to };
      }
      if (kind === wr) {
        const read = readsOf(b).find((each) => each.writer === a)!;
        return { type: "wr", from: i, to, key: keys[read.key], value: versions.valueOf(opVersion[read.at]!) };
      }
      const reason = reasons.get(a * (count + 1) + b);
      if (reason === undefined) {
        return { type: "inferred", from: i, to, because: "what it wrote comes later in the order of versions" };
      }
      return {
        type: "inferred",
        from: i,
        to,
        key: keys[reason.key],
        because:
          `transaction #${indexOf(history.event[reason.reader]!)} saw T${i + 1}, which wrote key ${
            shown(keys[reason.key])
          }, and yet read that key ` +
          (b === initial ? "in its initial state" : `from T${to + 1}`),
      };
    });
    return { transactions: transactions.map((t) => t === initial ? -1 : t), steps };
  }
}

/**
 * Infers the order of writes under serializability and snapshot isolation, for register histories of any length.
 *
 * One of two writes a and b of a key came first, and its readers read it before the other write. So a came first
 *
 * - if a starts before b commits, because otherwise b would have to commit before a starts;
 * - if a commits before a reader of b starts, because otherwise that read would have seen a.
 *
 * Each inferred edge may imply more, so rounds are repeated until nothing changes (Biswas and Enea, OOPSLA 2019; Tan et
 * al., "Cobra", OSDI 2020; Huang et al., "PolySI", VLDB 2023). The pairs are not tried one by one: in each chain, the
 * last write that came first stands for those before it. A round takes O(operations * chains).
 *
 * @module
 */
import { type EdgeList, rw, ww } from "../graph/graph.ts";
import { bytes, grown, integers } from "../read/memory.ts";
import type { Transactions } from "../read/transactions.ts";
import { type Chains, Reach } from "./chains.ts";
import { momentGraph, type MomentModel, topologicalOrder } from "./moments.ts";
import { none, readersOf, type Touches } from "./touches.ts";

/** How many numbers a {@link Reach} may have: they take 400 MB. */
const maxSize = 100_000_000;

/** What is to be pruned. */
interface PruningProblem {
  readonly history: {
    readonly count: number;
    readonly keys: { readonly length: number };
    readonly versions: Pick<Transactions["versions"], "count" | "writer">;
  };
  readonly touches: Touches;
  readonly chains: Chains;
  readonly model: MomentModel;
  /** What is known; what follows is added. */
  readonly edges: EdgeList;
  readonly stop: () => boolean;
}

/** The reason of each inferred edge. These are the edges from `given` on in the list. */
class Reasons {
  readonly given: number;
  #earlier = integers(1024);
  #later = integers(1024);

  constructor(given: number) {
    this.given = given;
  }

  set(edge: number, earlier: number, later: number): void {
    const at = edge - this.given;
    this.#earlier = grown(this.#earlier, at + 1);
    this.#later = grown(this.#later, at + 1);
    this.#earlier[at] = earlier;
    this.#later[at] = later;
  }

  /** The versions of which the first must have been written before the second, so that the edge follows. */
  of(edge: number): { earlier: number; later: number } | undefined {
    const at = edge - this.given;
    return at < 0 ? undefined : { earlier: this.#earlier[at]!, later: this.#later[at]! };
  }
}

/** How it ended: nothing more follows, what follows contradicts itself, or it was too much. */
export interface Pruned {
  readonly outcome: "open" | "cycle" | "too large" | "stopped";
  readonly reasons: Reasons;
}

/** The writes of each key by chain: those of group g, in the order of the chain, are `start[g]` to `start[g + 1]`. */
interface Writes {
  /** The groups of a key: `ofKey[key]` to `ofKey[key + 1]`. */
  readonly ofKey: Int32Array;
  readonly chain: Int32Array;
  readonly start: Int32Array;
  readonly writer: Int32Array;
  readonly version: Int32Array;
  readonly place: Int32Array;
}

function writesOf({ history, touches, chains }: PruningProblem): Writes {
  const { versions, keys } = history;
  const { transaction, write } = touches;
  const total = write.length;
  const ofKey = integers(keys.length + 1), chain = integers(total), start = integers(total + 1);
  const writer = integers(total), version = integers(total), place = integers(total);
  let groups = 0, writes = 0;
  for (let key = 0; key < keys.length; key++) {
    const own = touches.ofKey(key).filter((at) =>
      write[at] !== none && versions.writer[write[at]!] === transaction[at] && chains.of[transaction[at]!]! >= 0
    );
    const chainOf = (at: number) => chains.of[transaction[at]!]!,
      placeOf = (at: number) => chains.place[transaction[at]!]!;
    own.sort((a, b) => chainOf(a) - chainOf(b) || placeOf(a) - placeOf(b));
    own.forEach((at, i) => {
      if (i === 0 || chainOf(at) !== chainOf(own[i - 1]!)) {
        chain[groups] = chainOf(at);
        start[groups++] = writes;
      }
      writer[writes] = transaction[at]!;
      version[writes] = write[at]!;
      place[writes++] = placeOf(at);
    });
    ofKey[key + 1] = groups;
  }
  start[groups] = writes;
  return { ofKey, chain, start, writer, version, place };
}

/** The last write of a group whose place is at most `limit`; -1 if there is none. */
function lastUpTo({ start, place }: Writes, group: number, limit: number): number {
  const begin = start[group]!;
  let low = begin, high = start[group + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (place[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low > begin ? low - 1 : -1;
}

/** Adds to the edges what follows. */
export function prune(problem: PruningProblem): Pruned {
  const { history, touches, chains, model, edges, stop } = problem;
  const reasons = new Reasons(edges.count);
  const moments = model === "serializable" ? edges.nodes : 2 * edges.nodes;
  if (Reach.size(moments, chains, model) > maxSize) return { outcome: "too large", reasons };
  const reach = new Reach(moments, chains, model);
  const writes = writesOf(problem);
  const readers = readersOf(touches, history.versions.count + history.keys.length);
  const changed = bytes(moments).fill(1);
  for (;;) {
    if (stop()) return { outcome: "stopped", reasons };
    const graph = momentGraph(edges, history.count, model);
    const order = topologicalOrder(graph);
    if (order === undefined) return { outcome: "cycle", reasons };
    reach.update(graph, history.count, order, changed);
    const before = edges.count;
    addWhatFollows(problem, { reach, writes, readers, reasons, changed });
    if (edges.count === before) return { outcome: "open", reasons };
    changed.fill(0);
    for (let e = before; e < edges.count; e++) {
      const from = edges.from[e]!;
      changed[edges.kind[e] === rw ? reach.startOf(from) : reach.commitOf(from)] = 1;
    }
  }
}

interface Round {
  readonly reach: Reach;
  readonly writes: Writes;
  readonly readers: ReturnType<typeof readersOf>;
  readonly reasons: Reasons;
  /** 1 for each moment of which more is known than in the round before. */
  readonly changed: Uint8Array;
}

function addWhatFollows({ history, chains, edges }: PruningProblem, round: Round): void {
  const { reach, writes, readers, reasons, changed } = round;
  const { keys } = history;
  const add = (from: number, to: number, kind: number, earlier: number, later: number): void => {
    reasons.set(edges.count, earlier, later);
    edges.add(from, to, kind);
  };
  /** Adds that write a was before write b. */
  const order = (a: number, b: number): void => {
    const [first, second] = [writes.writer[a]!, writes.writer[b]!];
    const [earlier, later] = [writes.version[a]!, writes.version[b]!];
    if (!reach.commitsBefore(first, second)) add(first, second, ww, earlier, later);
    for (let at = readers.start[earlier]!; at < readers.start[earlier + 1]!; at++) {
      const reader = readers.by[at]!;
      if (reader !== second && !reach.startsBefore(reader, second)) add(reader, second, rw, earlier, later);
    }
  };
  for (let key = 0; key < keys.length; key++) {
    const firstGroup = writes.ofKey[key]!, endOfGroups = writes.ofKey[key + 1]!;
    for (let b = writes.start[firstGroup]!; b < writes.start[endOfGroups]!; b++) {
      if (!isChanged(b)) continue;
      for (let group = firstGroup; group < endOfGroups; group++) {
        const a = lastBefore(group, b);
        if (a >= 0) order(a, b);
      }
    }
  }

  function isChanged(b: number): boolean {
    if (changed[reach.commitOf(writes.writer[b]!)]) return true;
    const version = writes.version[b]!;
    for (let at = readers.start[version]!; at < readers.start[version + 1]!; at++) {
      if (changed[reach.startOf(readers.by[at]!)]) return true;
    }
    return false;
  }

  /** The last write of a group that came before write b, by what is known of its writer and of those who read it. */
  function lastBefore(group: number, b: number): number {
    const writer = writes.writer[b]!, version = writes.version[b]!;
    const chain = writes.chain[group]!;
    const isOwn = chain === chains.of[writer];
    let limit = isOwn ? chains.place[writer]! - 1 : reach.startedBefore(writer, chain);
    for (let at = readers.start[version]!; at < readers.start[version + 1]!; at++) {
      const reader = readers.by[at]!;
      const known = reach.committedBefore(reader, chain);
      // A reader that wrote the key itself came after what it read.
      const before = chain === chains.of[reader] ? Math.min(known, chains.place[reader]! - 1) : known;
      if (before > limit) limit = before;
    }
    const last = lastUpTo(writes, group, limit);
    if (last !== b) return last;
    return b > writes.start[group]! ? b - 1 : -1;
  }
}

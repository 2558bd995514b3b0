/**
 * Derives the order of a register's versions from assumptions, because a write does not show which version it
 * overwrote.
 *
 * Each source gives edges between versions of one key. The initial state always comes first; other sources are used
 * only on request:
 *
 * - `wfr-keys`: within a transaction a write follows the read before it, so the version read precedes the one written;
 * - `sequential-keys`: each key is sequentially consistent, so a process's later transaction sees the same version or a
 *   later one;
 * - `linearizable-keys`: each key is linearizable, so a transaction sees the versions of all that completed before it
 *   was invoked, or later ones;
 * - `transaction-order`: writes took effect in a given order.
 *
 * If a source contradicts earlier ones on some key, that is the anomaly `cyclic-versions`, and the key does not use
 * that source.
 *
 * @module
 */
import { type Findings, reported, shown } from "../read/findings.ts";
import { components, EdgeList, type Graph, graphOf } from "../graph/graph.ts";
import { integers } from "../read/memory.ts";
import { never, type Transactions } from "../read/transactions.ts";
import { none, type Touches } from "./touches.ts";

/** The possible assumptions about the order of a register's versions. */
export type VersionOrderSource = "wfr-keys" | "sequential-keys" | "linearizable-keys" | "transaction-order";

/** The version orders that a name alone asks for; `transaction-order` also needs the order. */
export const VERSION_ORDERS: readonly VersionOrderSource[] = ["wfr-keys", "sequential-keys", "linearizable-keys"];

/**
 * The graph of versions. Versions have their numbers; the initial state of key k is `versions.count + k`, and always
 * comes before every version of its key, even without an edge.
 */
export interface VersionGraph {
  readonly start: Int32Array;
  readonly target: Int32Array;
  /** The source of each edge: 1 for the first of `sources`, and so on. */
  readonly source: Uint8Array;
  readonly sources: readonly string[];
}

/** Sets of versions of a key that cannot be ordered. */
type Conflicts = Map<number, number[][]>;

/** The edges and conflicts from one source. */
interface Said {
  readonly edges: EdgeList;
  readonly conflicts: Conflicts;
}

/** The assumptions about the order of versions. */
interface Assumed {
  readonly asked: readonly VersionOrderSource[];
  /** For `transaction-order`, the position of each transaction in the given order. */
  readonly position: readonly number[] | undefined;
}

/**
 * Builds the graph of versions of every key.
 *
 * @param touches What each transaction did to each key.
 * @param assumed The assumptions about the order.
 */
export function versionGraph(
  history: Transactions,
  touches: Touches,
  { asked, position }: Assumed,
  findings: Findings,
  indexOf: (event: number) => number,
): VersionGraph {
  const { versions, keys } = history;
  const nodes = versions.count + keys.length;
  if (asked.length === 0) return unordered(nodes);
  const speakers: Readonly<Record<VersionOrderSource, () => Said>> = {
    "wfr-keys": () => writesFollowReads(history, touches),
    "sequential-keys": () => sequentialKeys(history, touches),
    "linearizable-keys": () => linearizableKeys(history, touches),
    "transaction-order": () => givenOrder(history, touches, position ?? []),
  };
  const names = [...VERSION_ORDERS, "transaction-order" as const].filter((name) => asked.includes(name));
  const said = names.map((name) => speakers[name]());
  const sources = ["initial-state", ...names];
  const all = withInitialStates(history, said.reduce((count, { edges }) => count + edges.count, 0));
  said.forEach(({ edges }, i) => addAll(all, edges, i + 2, undefined));
  const whole = graphOf(all, nodes);
  const isClear = said.every(({ conflicts }) => conflicts.size === 0);
  if (isClear && components(whole).count === 0) {
    return { ...whole, source: whole.kind, sources };
  }

  // Some sources contradict others. They are added one after another, and a key skips a source that contradicts the
  // earlier ones.
  const agreed = withInitialStates(history, all.count);
  said.forEach(({ edges, conflicts }, i) => {
    const trial = withInitialStates(history, agreed.count + edges.count);
    addAll(trial, agreed, 1, undefined);
    addAll(trial, edges, i + 2, undefined);
    for (const cycle of cyclesIn(graphOf(trial, nodes))) {
      const key = keyOf(history, cycle[0]!);
      if (!conflicts.has(key)) conflicts.set(key, []);
      conflicts.get(key)!.push(cycle);
    }
    for (const [key, sets] of [...conflicts].sort((a, b) => a[0] - b[0])) {
      for (const set of sets) {
        const values = set.map((node) => node >= versions.count ? null : versions.valueOf(node));
        const involved = touches.ofKey(key).filter((at) =>
          set.includes(touches.read[at]!) || set.includes(touches.write[at]!)
        );
        findings.add("cyclic-versions", () => ({
          transactions: Array.from(
            involved.subarray(0, 8),
            (at) => reported(history, touches.transaction[at]!, indexOf),
          ),
          key: keys[key],
          values,
          explanation:
            `By ${sources.slice(0, i + 2).join(" and ")}, each of the versions ${values.map(shown).join(", ")} of key ${
              shown(keys[key])
            } ` +
            `comes both before and after the others.`,
        }));
      }
    }
    addAll(agreed, edges, i + 2, (node) => !conflicts.has(keyOf(history, node)));
  });
  const graph = graphOf(agreed, nodes);
  return { ...graph, source: graph.kind, sources };
}

/** A graph without sources: only the initial states come first. */
function unordered(nodes: number): VersionGraph {
  const source = new Uint8Array(0);
  return { start: integers(nodes + 1), target: new Int32Array(0), source, sources: ["initial-state"] };
}

function keyOf({ versions }: Transactions, node: number): number {
  return node >= versions.count ? node - versions.count : versions.key[node]!;
}

/**
 * Edges from each key's initial state to all its versions. The kind of an edge is the number of its source, from 1,
 * because an edge of kind 0 does not exist.
 */
function withInitialStates({ versions, keys }: Transactions, more: number): EdgeList {
  const edges = new EdgeList(versions.count + keys.length, versions.count + more + 16);
  for (let version = 0; version < versions.count; version++) {
    edges.add(versions.count + versions.key[version]!, version, 1);
  }
  return edges;
}

function addAll(
  to: EdgeList,
  edges: EdgeList,
  source: number,
  isWanted: ((node: number) => boolean) | undefined,
): void {
  for (let e = 0; e < edges.count; e++) {
    if (isWanted === undefined || isWanted(edges.from[e]!)) to.add(edges.from[e]!, edges.to[e]!, source);
  }
}

function cyclesIn(graph: Graph): number[][] {
  const { of, count } = components(graph);
  const cycles: number[][] = Array.from({ length: count }, () => []);
  for (let node = 0; node < graph.nodes; node++) if (of[node]! >= 0) cycles[of[node]!]!.push(node);
  return cycles;
}

function edgesOver({ versions, keys, count }: Transactions): EdgeList {
  return new EdgeList(versions.count + keys.length, 2 * count + 16);
}

/** The last version that a touch shows: what it wrote, or else what it read. */
function lastOf({ read, write }: Touches, at: number): number {
  return write[at] !== none ? write[at]! : read[at]!;
}

/**
 * The first version that a touch shows. If it read the initial state (numbers from `initial` on) and then wrote, the
 * write is more informative.
 */
function firstOf({ read, write }: Touches, at: number, initial: number): number {
  return read[at] !== none && !(read[at]! >= initial && write[at] !== none) ? read[at]! : write[at]!;
}

function writesFollowReads(history: Transactions, { read, write }: Touches): Said {
  const edges = edgesOver(history);
  for (let at = 0; at < read.length; at++) {
    const [before, after] = [read[at]!, write[at]!];
    if (before !== none && after !== none && before !== after && before < history.versions.count) {
      edges.add(before, after, 0);
    }
  }
  return { edges, conflicts: new Map() };
}

function sequentialKeys(history: Transactions, touches: Touches): Said {
  const edges = edgesOver(history);
  const { count: initial } = history.versions;
  for (let key = 0; key < history.keys.length; key++) {
    const previous = new Map<number, number>();
    for (const at of touches.ofKey(key)) {
      const session = history.session[touches.transaction[at]!]!;
      const before = previous.get(session);
      const after = firstOf(touches, at, initial);
      if (before !== undefined && before !== after) edges.add(before, after, 0);
      previous.set(session, lastOf(touches, at));
    }
  }
  return { edges, conflicts: new Map() };
}

function givenOrder(history: Transactions, touches: Touches, position: readonly number[]): Said {
  const edges = edgesOver(history);
  const { transaction, write } = touches;
  const placeOf = (at: number) => position[transaction[at]!];
  for (let key = 0; key < history.keys.length; key++) {
    const writes = touches.ofKey(key).filter((at) => write[at] !== none && placeOf(at) !== undefined)
      .sort((a, b) => placeOf(a)! - placeOf(b)! || transaction[a]! - transaction[b]!);
    for (let i = 1; i < writes.length; i++) edges.add(write[writes[i - 1]!]!, write[writes[i]!]!, 0);
  }
  return { edges, conflicts: new Map() };
}

/**
 * The order that real time gives to the versions of linearizable keys.
 *
 * Version a precedes b if some transaction that leaves a ended before some transaction that finds b began. Let end(a)
 * be the earliest such end, and begin(b) the latest such beginning: then a precedes b if end(a) < begin(b). So two
 * numbers for each version are enough, and a cycle exists only if two versions precede each other. Implied edges are
 * left out: those from a version that ended before another preceding version began. The time is linear, except for
 * sorting.
 */
function linearizableKeys(history: Transactions, touches: Touches): Said {
  const { versions, completed, invoked, keys } = history;
  const edges = edgesOver(history);
  const conflicts: Conflicts = new Map();
  const isInitial = (node: number) => node >= versions.count;
  const place = integers(versions.count + keys.length); // 1 + the place among its key's, or 0
  for (let key = 0; key < keys.length; key++) {
    const nodes: number[] = [];
    const end: number[] = [], begin: number[] = [];
    const placeOf = (node: number): number => {
      const known = place[node]!;
      if (known > 0) return known - 1;
      end.push(never);
      begin.push(-1);
      return (place[node] = nodes.push(node)) - 1;
    };
    for (const touch of touches.ofKey(key)) {
      const transaction = touches.transaction[touch]!;
      const last = placeOf(lastOf(touches, touch));
      end[last] = Math.min(end[last]!, completed[transaction]!);
      const first = placeOf(firstOf(touches, touch, versions.count));
      begin[first] = Math.max(begin[first]!, invoked[transaction]!);
    }
    const found = conflictsAmong(nodes, end, begin, isInitial);
    if (found.length > 0) {
      conflicts.set(key, found);
      continue;
    }
    // At the beginning of each version: the versions that have ended and that no other ended version follows.
    const byEnd = nodes.map((_, i) => i).filter((i) => end[i]! < never && !isInitial(nodes[i]!)).sort((a, b) =>
      end[a]! - end[b]!
    );
    const byBegin = nodes.map((_, i) => i).filter((i) => !isInitial(nodes[i]!)).sort((a, b) => begin[a]! - begin[b]!);
    let ended = 0;
    let live: number[] = [];
    const isMet = new Uint8Array(nodes.length);
    for (const after of byBegin) {
      while (ended < byEnd.length && end[byEnd[ended]!]! < begin[after]!) live.push(byEnd[ended++]!);
      // Of the versions that have begun and ended, the two that began last. A version that ended before one of them
      // began precedes it.
      let last = -1, secondLast = -1;
      for (const each of live) {
        if (!isMet[each] || versions.writer[nodes[each]!]! < 0) continue;
        if (last < 0 || begin[each]! > begin[last]!) [last, secondLast] = [each, last];
        else if (secondLast < 0 || begin[each]! > begin[secondLast]!) secondLast = each;
      }
      live = live.filter((before) => {
        const other = before === last ? secondLast : last;
        return other < 0 || end[before]! >= begin[other]!;
      });
      for (const before of live) {
        if (before === after) continue;
        edges.add(nodes[before]!, nodes[after]!, 0);
      }
      isMet[after] = 1;
    }
  }
  return { edges, conflicts };
}

/** Sets of versions that precede each other, usually pairs. */
function conflictsAmong(
  nodes: readonly number[],
  end: readonly number[],
  begin: readonly number[],
  isInitial: (node: number) => boolean,
): number[][] {
  // A version with end < begin certainly holds the register from its end to its beginning. Two such spans must not
  // overlap, and none may contain another version's span from beginning to end (the zones of Gibbons and Korach 1997).
  const initial = nodes.findIndex(isInitial);
  const initialBegin = initial < 0 ? -1 : begin[initial]!;
  const held = nodes.map((_, i) => i).filter((i) => i !== initial && end[i]! < begin[i]!).sort((a, b) =>
    end[a]! - end[b]!
  );
  const pairs: [number, number][] = [];
  for (let i = 0; i < nodes.length; i++) if (i !== initial && end[i]! < initialBegin) pairs.push([initial, i]);
  let furthest = -1;
  for (const i of held) {
    if (furthest >= 0 && end[i]! < begin[furthest]!) pairs.push([furthest, i]);
    if (furthest < 0 || begin[i]! > begin[furthest]!) furthest = i;
  }
  if (held.length > 0) {
    for (let i = 0; i < nodes.length; i++) {
      if (i === initial || end[i]! < begin[i]!) continue;
      // The last span that starts before this version's beginning.
      let low = 0, high = held.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (end[held[middle]!]! < begin[i]!) low = middle + 1;
        else high = middle;
      }
      const cover = held[low - 1];
      if (cover !== undefined && begin[cover]! > end[i]!) pairs.push([cover, i]);
    }
  }
  // Versions that conflict with the same version are in one set.
  const setOf = new Map<number, Set<number>>();
  for (const [a, b] of pairs) {
    const merged = new Set([...setOf.get(a) ?? [a], ...setOf.get(b) ?? [b]]);
    for (const each of merged) setOf.set(each, merged);
  }
  return [...new Set(setOf.values())].map((set) => [...set].map((i) => nodes[i]!).sort((a, b) => a - b));
}

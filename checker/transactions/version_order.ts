/**
 * The order of a register's versions, as far as it may be assumed: a write tells nothing of what it overwrote.
 *
 * Each source gives edges between versions of one key. The initial state comes before every other; the rest is assumed only where it is asked for:
 *
 * - `wfr-keys`: within a transaction a write follows the read before it, so what was read precedes what was written;
 * - `sequential-keys`: each key is sequentially consistent, so a process's later transaction touches the same version or a later one;
 * - `linearizable-keys`: each key is linearizable, so does every transaction invoked after another one's completion;
 * - `transaction-order`: writes took effect in an order that is given.
 *
 * Where a source contradicts those before it on some key, that is an anomaly, `cyclic-versions`, and the key is left without it.
 *
 * @module
 */
import { type Findings, shown } from "./findings.ts";
import { components } from "./graph.ts";
import { never, type Transactions } from "./transactions.ts";

/** What may be assumed of the order of a register's versions. */
export type VersionOrderSource = "wfr-keys" | "sequential-keys" | "linearizable-keys" | "transaction-order";

/** All that can be asked for as a version order. */
export const VERSION_ORDERS: readonly VersionOrderSource[] = [
  "wfr-keys",
  "sequential-keys",
  "linearizable-keys",
  "transaction-order",
];

/** One transaction's dealings with one key, as others can see them. */
export interface Touch {
  readonly transaction: number;
  /** The version first read, before any write of its own; `none` without such a read. A version's number, or the key's initial state. */
  readonly read: number;
  /** The version written last, or `none`. */
  readonly write: number;
}

/** No version. */
export const none = -1;

/** The graph of versions. Versions have their numbers; the initial state of key k is `versions.count + k`. */
export interface VersionGraph {
  readonly start: Int32Array;
  readonly target: Int32Array;
  /** The source of each edge, by its place in `sources`. */
  readonly source: Uint8Array;
  readonly sources: readonly string[];
}

interface Edges {
  readonly from: number[];
  readonly to: number[];
}

/**
 * Builds the graph of versions of every key.
 *
 * @param touches What each transaction did to each key, by key, in the order of invocation.
 * @param position Where each transaction stands in an order that is given, for `transaction-order`.
 */
export function versionGraph(
  history: Transactions,
  touches: readonly (readonly Touch[])[],
  asked: readonly VersionOrderSource[],
  position: readonly number[] | undefined,
  findings: Findings,
): VersionGraph {
  const { versions, keys } = history;
  const nodes = versions.count + keys.length;
  const initialOf = (key: number) => versions.count + key;
  const keyOf = (node: number) => node >= versions.count ? node - versions.count : versions.key[node]!;
  const sources: string[] = ["initial-state"];
  const from: number[] = [], to: number[] = [], source: number[] = [];
  for (let version = 0; version < versions.count; version++) {
    from.push(initialOf(versions.key[version]!));
    to.push(version);
    source.push(0);
  }
  const adders: Record<VersionOrderSource, () => { edges: Edges; conflicts: Map<number, number[][]> }> = {
    "wfr-keys": () => ({ edges: writesFollowReads(touches, versions.count), conflicts: new Map() }),
    "sequential-keys": () => ({ edges: sequentialKeys(history, touches), conflicts: new Map() }),
    "linearizable-keys": () => linearizableKeys(history, touches),
    "transaction-order": () => ({ edges: givenOrder(touches, position ?? []), conflicts: new Map() }),
  };
  for (const name of VERSION_ORDERS) {
    if (!asked.includes(name)) continue;
    const number = sources.push(name) - 1;
    const { edges, conflicts } = adders[name]();
    const all = csr(nodes, from.concat(edges.from), to.concat(edges.to));
    const { of, count } = components({ nodes, ...all, kind: all.kind });
    const cycles: number[][] = Array.from({ length: count }, () => []);
    for (let node = 0; node < nodes; node++) if (of[node]! >= 0) cycles[of[node]!]!.push(node);
    for (const cycle of cycles) {
      const key = keyOf(cycle[0]!);
      if (!conflicts.has(key)) conflicts.set(key, []);
      conflicts.get(key)!.push(cycle);
    }
    for (const [key, sets] of [...conflicts].sort((a, b) => a[0] - b[0])) {
      for (const set of sets) {
        const values = set.map((node) => node >= versions.count ? null : versions.valueOf(node));
        findings.add("cyclic-versions", () => ({
          transactions: [],
          key: keys[key],
          values,
          explanation:
            `By ${sources.join(" and ")}, each of the versions ${values.map(shown).join(", ")} of key ${
              shown(keys[key])
            } ` +
            `comes both before and after the others.`,
        }));
      }
    }
    for (let e = 0; e < edges.from.length; e++) {
      if (conflicts.has(keyOf(edges.from[e]!))) continue;
      from.push(edges.from[e]!);
      to.push(edges.to[e]!);
      source.push(number);
    }
  }
  const { start, target, place } = csr(nodes, from, to);
  return { start, target, source: Uint8Array.from(place, (e) => source[e]!), sources };
}

function csr(nodes: number, from: readonly number[], to: readonly number[]) {
  const start = new Int32Array(nodes + 1);
  for (const node of from) start[node + 1]!++;
  for (let node = 0; node < nodes; node++) start[node + 1]! += start[node]!;
  const next = start.slice(0, nodes);
  const target = new Int32Array(from.length);
  const place = new Int32Array(from.length);
  for (let e = 0; e < from.length; e++) {
    const at = next[from[e]!]!++;
    target[at] = to[e]!;
    place[at] = e;
  }
  return { start, target, place, kind: new Uint8Array(from.length).fill(1) };
}

/** The version that a transaction leaves behind, as far as it can be told. */
function lastOf(touch: Touch): number {
  return touch.write !== none ? touch.write : touch.read;
}

/** The version that a transaction meets. Where it read the initial state and then wrote, the write tells more. */
function firstOf(touch: Touch, isInitial: (node: number) => boolean): number {
  return touch.read !== none && !(isInitial(touch.read) && touch.write !== none) ? touch.read : touch.write;
}

function writesFollowReads(touches: readonly (readonly Touch[])[], versionCount: number): Edges {
  const edges: Edges = { from: [], to: [] };
  for (const ofKey of touches) {
    for (const { read, write } of ofKey) {
      if (read === none || write === none || read === write || read >= versionCount) continue;
      edges.from.push(read);
      edges.to.push(write);
    }
  }
  return edges;
}

function sequentialKeys(history: Transactions, touches: readonly (readonly Touch[])[]): Edges {
  const edges: Edges = { from: [], to: [] };
  const isInitial = (node: number) => node >= history.versions.count;
  for (const ofKey of touches) {
    const previous = new Map<number, number>();
    for (const touch of ofKey) {
      const session = history.session[touch.transaction]!;
      const before = previous.get(session);
      const after = firstOf(touch, isInitial);
      if (before !== undefined && before !== after) {
        edges.from.push(before);
        edges.to.push(after);
      }
      previous.set(session, lastOf(touch));
    }
  }
  return edges;
}

function givenOrder(touches: readonly (readonly Touch[])[], position: readonly number[]): Edges {
  const edges: Edges = { from: [], to: [] };
  for (const ofKey of touches) {
    const writes = ofKey.filter((touch) => touch.write !== none && position[touch.transaction] !== undefined)
      .sort((a, b) => position[a.transaction]! - position[b.transaction]! || a.transaction - b.transaction);
    for (let i = 1; i < writes.length; i++) {
      edges.from.push(writes[i - 1]!.write);
      edges.to.push(writes[i]!.write);
    }
  }
  return edges;
}

/**
 * The order that real time gives to the versions of keys that are linearizable.
 *
 * Version a precedes b if some transaction that leaves a ended before some transaction that meets b began: if end(a), the earliest such end, is before
 * begin(b), the latest such beginning. So two numbers a version say all, there is a cycle only where two versions precede each other, and the edges that others
 * imply are left out: those from a version whose end is before the beginning of another that is itself before. Linear but for sorting.
 */
function linearizableKeys(
  history: Transactions,
  touches: readonly (readonly Touch[])[],
): { edges: Edges; conflicts: Map<number, number[][]> } {
  const { versions, completed, invoked } = history;
  const edges: Edges = { from: [], to: [] };
  const conflicts = new Map<number, number[][]>();
  const isInitial = (node: number) => node >= versions.count;
  touches.forEach((ofKey, key) => {
    const nodes: number[] = [];
    const place = new Map<number, number>();
    const end: number[] = [], begin: number[] = [];
    const placeOf = (node: number): number => {
      let at = place.get(node);
      if (at === undefined) {
        place.set(node, at = nodes.push(node) - 1);
        end.push(never);
        begin.push(-1);
      }
      return at;
    };
    for (const touch of ofKey) {
      const last = placeOf(lastOf(touch));
      end[last] = Math.min(end[last]!, completed[touch.transaction]!);
      const first = placeOf(firstOf(touch, isInitial));
      begin[first] = Math.max(begin[first]!, invoked[touch.transaction]!);
    }
    const found = conflictsAmong(nodes, end, begin, isInitial);
    if (found.length > 0) {
      conflicts.set(key, found);
      return;
    }
    // At the beginning of each version, the versions that have ended and that no other stands behind.
    const byEnd = nodes.map((_, i) => i).filter((i) => end[i]! < never && !isInitial(nodes[i]!)).sort((a, b) =>
      end[a]! - end[b]!
    );
    const byBegin = nodes.map((_, i) => i).filter((i) => !isInitial(nodes[i]!)).sort((a, b) => begin[a]! - begin[b]!);
    let ended = 0;
    let live: number[] = [];
    const isMet = new Uint8Array(nodes.length);
    for (const after of byBegin) {
      while (ended < byEnd.length && end[byEnd[ended]!]! < begin[after]!) live.push(byEnd[ended++]!);
      // Of those that have begun and ended, the two that began last: a version that ended before one of them began stands behind it.
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
        edges.from.push(nodes[before]!);
        edges.to.push(nodes[after]!);
      }
      isMet[after] = 1;
    }
  });
  return { edges, conflicts };
}

/** Sets of versions that precede each other, most often pairs. */
function conflictsAmong(
  nodes: readonly number[],
  end: readonly number[],
  begin: readonly number[],
  isInitial: (node: number) => boolean,
): number[][] {
  // A version with end < begin surely holds the register from its end to its beginning: two such spans may not meet, nor may one cover another version's
  // span from beginning to end (the zones of Gibbons and Korach 1997).
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
  // Versions that are in conflict with a common one are in one set.
  const setOf = new Map<number, Set<number>>();
  for (const [a, b] of pairs) {
    const merged = new Set([...setOf.get(a) ?? [a], ...setOf.get(b) ?? [b]]);
    for (const each of merged) setOf.set(each, merged);
  }
  return [...new Set(setOf.values())].map((set) => [...set].map((i) => nodes[i]!).sort((a, b) => a - b));
}

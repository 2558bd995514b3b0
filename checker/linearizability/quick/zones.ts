/**
 * Judges a register whose written values are distinct in nearly linear time (Gibbons and Korach, SIAM J. Comput. 1997,
 * section 4), extended to compare-and-set, deletes and operations of unknown outcome.
 *
 * The writer and the readers of a value form a cluster: they are adjacent in any valid order. A compare-and-set reads
 * one value and writes another, so it ties two clusters into a chain. The first return `m` and the last invocation `M`
 * of a chain define its zone:
 *
 *     m < M   forward:  the register certainly held the chain's values from m to M   |=====|
 *     M <= m  backward: the chain fits into any moment between M and m               |-----|
 *
 * The history is linearizable if and only if no two forward zones overlap, no backward zone lies inside a forward one,
 * and no chain contradicts itself. If the initial value is written again (by a delete) and was seen, or if a failed
 * compare did not tell what it saw, these conditions are only necessary. `gaps.ts` decides the deletes.
 *
 * @module
 */
import { NEVER, NOT_EQUAL, type Piece, READ, SWAP, WRITE } from "../piece/piece.ts";
import { INITIAL, UNSEEN } from "../piece/registers.ts";

/**
 * The verdict of the zones. For `false`, operations that prove it, or among which the proof is; `"unknown"` if values
 * repeat, or the conditions are only necessary.
 */
type ZonesVerdict =
  | { readonly valid: true }
  | { readonly valid: false; readonly operations: readonly number[] }
  | { readonly valid: "unknown" };

/** The initial value has no writer: it existed before the first event. */
const BEFORE_ALL = -1;

/** A chain of clusters. */
interface Zone {
  /** The first return, and its operation; BEFORE_ALL for the initial value. */
  readonly first: number;
  readonly firstOf: number;
  /** The last invocation. */
  readonly last: number;
  readonly lastOf: number;
  /** The operations that tie the chain together, writer first; a few dozen at most. */
  readonly ties: readonly number[];
}

/** Judges a piece of register operations. */
export function judgeByZones(piece: Piece): ZonesVerdict {
  const writers = writersOf(piece);
  if (writers === undefined) return { valid: "unknown" };
  const observed = observedValues(piece, writers.of);
  if ("impossible" in observed) return { valid: false, operations: [observed.impossible] };
  const clusters = clustersOf(piece, writers.isRewritten, observed.of);
  if ("operations" in clusters) return { valid: false, operations: clusters.operations };
  const zones = zonesOf(piece, clusters, writers.isRewritten);
  if ("operations" in zones) return { valid: false, operations: zones.operations };
  const clash = clashOf(zones.zones, piece.events.length);
  if (clash !== undefined) {
    const operations = clash.flatMap(({ firstOf, lastOf, ties }) => certificate(firstOf, lastOf, ties));
    return { valid: false, operations: [...new Set(operations)] };
  }
  const isExact = clusters.isExact && !piece.kind.subarray(0, piece.length).includes(NOT_EQUAL);
  return { valid: isExact ? true : "unknown" };
}

/** Each value's writer, or -1, and whether the initial value is written again; undefined if values repeat. */
function writersOf({ kind, a, b, length, values }: Piece): { of: Int32Array; isRewritten: boolean } | undefined {
  const of = new Int32Array(values).fill(-1);
  let isRewritten = false;
  for (let op = 0; op < length; op++) {
    if (kind[op] !== WRITE && kind[op] !== SWAP) continue;
    const value = kind[op] === WRITE ? a[op]! : b[op]!;
    if (value === INITIAL) isRewritten = true;
    else if (value !== UNSEEN) {
      if (of[value]! >= 0) return undefined;
      of[value] = op;
    }
  }
  return { of, isRewritten };
}

/** By value, 1 if somebody saw it; or an operation that saw a value that nobody wrote. */
function observedValues(
  { kind, a, ret, length, values }: Piece,
  writer: Int32Array,
): { readonly of: Uint8Array } | { readonly impossible: number } {
  const of = new Uint8Array(values);
  // Swaps of unknown outcome whose new value was seen: they happened, so they saw their old value.
  const work: number[] = [];
  const observe = (value: number): boolean => {
    if (value !== INITIAL && writer[value]! < 0) return false;
    if (of[value] === 0) {
      of[value] = 1;
      if (value !== INITIAL && ret[writer[value]!] === NEVER && kind[writer[value]!] === SWAP) {
        work.push(writer[value]!);
      }
    }
    return true;
  };
  for (let op = 0; op < length; op++) {
    const sees = kind[op] === READ || (kind[op] === SWAP && ret[op] !== NEVER);
    if (sees && !observe(a[op]!)) return { impossible: op };
  }
  for (let op = work.pop(); op !== undefined; op = work.pop()) if (!observe(a[op]!)) return { impossible: op };
  return { of };
}

/** The readers of each value in a list, the swap that consumed the value, and where chains begin. */
interface Clusters {
  readonly readers: Int32Array;
  readonly nextReader: Int32Array;
  readonly consumer: Int32Array;
  readonly roots: readonly number[];
  readonly swaps: number;
  /** Whether the conditions are sufficient, as far as these clusters tell. */
  readonly isExact: boolean;
}

function clustersOf(
  { kind, a, b, ret, length, values }: Piece,
  isRewritten: boolean,
  observed: Uint8Array,
): Clusters | { readonly operations: readonly number[] } {
  const readers = new Int32Array(values).fill(-1);
  const nextReader = new Int32Array(length);
  const consumer = new Int32Array(values).fill(-1);
  const roots: number[] = [];
  let swaps = 0;
  let isExact = true;
  for (let op = 0; op < length; op++) {
    const isUnknown = ret[op] === NEVER;
    const value = a[op]!;
    if (kind[op] === READ) {
      if (value === INITIAL && isRewritten) isExact = false;
      else {
        nextReader[op] = readers[value]!;
        readers[value] = op;
      }
    } else if (kind[op] === WRITE) {
      if (!isUnknown || (value !== UNSEEN && value !== INITIAL && observed[value] === 1)) roots.push(op);
      else if (value === INITIAL && observed[INITIAL] === 1) isExact = false;
    } else if (kind[op] === SWAP) {
      if (isUnknown && (b[op] === UNSEEN || b[op] === INITIAL || observed[b[op]!] === 0)) {
        if (b[op] === INITIAL) isExact = false;
      } else if (value === INITIAL && isRewritten) {
        isExact = false;
        roots.push(op);
      } else {
        if (consumer[value]! >= 0) return { operations: [consumer[value]!, op] };
        consumer[value] = op;
        swaps++;
      }
    }
  }
  if (!isRewritten && (readers[INITIAL]! >= 0 || consumer[INITIAL]! >= 0)) roots.push(BEFORE_ALL);
  return { readers, nextReader, consumer, roots, swaps, isExact };
}

/** Follows each chain from its root. If a chain contradicts itself, returns its operations. */
function zonesOf(
  piece: Piece,
  { readers, nextReader, consumer, roots, swaps }: Clusters,
  isRewritten: boolean,
): { readonly zones: readonly Zone[] } | { readonly operations: readonly number[] } {
  const { kind, a, b, inv, ret } = piece;
  const zones: Zone[] = [];
  let left = swaps;
  for (const root of roots) {
    const ties: number[] = root === BEFORE_ALL ? [] : [root];
    let first = root === BEFORE_ALL ? -1 : ret[root]!;
    let firstOf = root;
    let latest = root === BEFORE_ALL ? -1 : inv[root]!;
    let latestOf = root;
    let value = root === BEFORE_ALL ? INITIAL : kind[root] === WRITE ? a[root]! : b[root]!;
    for (;;) {
      let last = latest;
      let lastOf = latestOf;
      const isShared = value === UNSEEN || (value === INITIAL && isRewritten);
      for (let op = isShared ? -1 : readers[value]!; op >= 0; op = nextReader[op]!) {
        if (ret[op]! < latest) return { operations: certificate(op, latestOf, ties) };
        if (inv[op]! > last) [last, lastOf] = [inv[op]!, op];
        if (ret[op]! < first) [first, firstOf] = [ret[op]!, op];
      }
      const swap = isShared ? -1 : consumer[value]!;
      if (swap < 0) {
        zones.push({ first, firstOf, last, lastOf, ties });
        break;
      }
      left--;
      if (ret[swap]! < last) return { operations: certificate(swap, lastOf, ties) };
      if (ties.length < 64) ties.push(swap);
      if (ret[swap]! < first) [first, firstOf] = [ret[swap]!, swap];
      [latest, latestOf] = inv[swap]! > last ? [inv[swap]!, swap] : [last, lastOf];
      value = b[swap]!;
    }
  }
  // A swap that no chain reached belongs to a circle.
  return left > 0 ? { operations: circle(piece, consumer) } : { zones };
}

function certificate(one: number, other: number, ties: readonly number[]): number[] {
  return [...new Set([one, other, ...ties])].filter((op) => op >= 0);
}

/** Two zones that contradict each other: forward ones that overlap, or a backward one inside a forward one. */
function clashOf(zones: readonly Zone[], events: number): readonly [Zone, Zone] | undefined {
  // Positions are small integers, so each forward zone is stored at its beginning, without sorting. The array has one
  // more place, for the initial value's zone, which begins before all others.
  const forwardAt = new Int32Array(events + 1).fill(-1);
  for (let i = 0; i < zones.length; i++) {
    const { first, last } = zones[i]!;
    if (first < last) forwardAt[first + 1] = i;
  }
  let current = -1;
  for (let at = 0; at <= events; at++) {
    const i = forwardAt[at]!;
    if (i < 0) forwardAt[at] = current;
    else {
      if (current >= 0 && zones[current]!.last > zones[i]!.first) return [zones[current]!, zones[i]!];
      current = i;
    }
  }
  for (const zone of zones) {
    if (zone.first < zone.last) continue;
    // The last forward zone that begins before this one.
    const i = zone.last < 0 ? -1 : forwardAt[zone.last]!;
    if (i >= 0 && zones[i]!.first < zone.last && zone.first < zones[i]!.last) return [zones[i]!, zone];
  }
  return undefined;
}

/** Swaps that consume each other's values in a circle. */
function circle(piece: Piece, consumer: Int32Array): number[] {
  const reached = new Uint8Array(piece.values);
  for (let start = 0; start < piece.values; start++) {
    const path: number[] = [];
    let value = start;
    while (reached[value] === 0 && consumer[value]! >= 0) {
      reached[value] = 1;
      path.push(consumer[value]!);
      value = piece.b[consumer[value]!]!;
    }
    if (value === start && path.length > 0) return path;
  }
  return [];
}

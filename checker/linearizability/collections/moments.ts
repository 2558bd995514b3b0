/**
 * When a collection may have been empty; and sorting of elements by position.
 *
 * An element is certainly inside from the return of its insert to the invocation of its removal: it covers the gaps in
 * between. If no element covers a gap, the collection may have been empty there, and then an order exists in which it
 * was, whatever the kind of collection. In that order, the operations that had to be over by the gap precede it, and
 * all others follow it. Each side stays legal alone, because an element leaves no trace once it is removed.
 *
 * @module
 */
import type { Collection } from "./collection.ts";

/**
 * For each gap, the first gap at or after it that no element covers; `events + 1` if there is none. The gap at `events`
 * is the end of time.
 */
function nextUncovered({ length, events, insertRet, removeInv }: Collection): Int32Array {
  const change = new Int32Array(events + 2);
  for (let e = 0; e < length; e++) {
    if (insertRet[e]! >= removeInv[e]!) continue;
    change[insertRet[e]!]!++;
    change[removeInv[e]!]!--;
  }
  const next = new Int32Array(events + 2);
  let covering = 0;
  for (let gap = 0; gap <= events; gap++) {
    covering += change[gap]!;
    next[gap] = covering === 0 ? 1 : 0;
  }
  next[events + 1] = events + 1;
  for (let gap = events; gap >= 0; gap--) next[gap] = next[gap] === 1 ? gap : next[gap + 1]!;
  return next;
}

/** The gaps that the removals that found nothing need. */
export interface Emptiness {
  /**
   * The gaps at which the collection is empty, ascending, without duplicates; and for each removal that found nothing,
   * its gap.
   */
  readonly gaps: Int32Array;
  readonly gapOf: Int32Array;
  /** The first removal that found nothing although elements covered its whole time, or -1. */
  readonly contradicted: number;
}

/** Finds a gap for each removal that found the collection empty. */
export function findEmptyGaps(collection: Collection): Emptiness {
  const { empties } = collection;
  const gapOf = new Int32Array(empties.length);
  if (empties.length === 0) return { gaps: gapOf, gapOf, contradicted: -1 };
  const next = nextUncovered(collection);
  let contradicted = -1;
  empties.forEach(({ inv, ret }, i) => {
    gapOf[i] = next[inv]!;
    if (gapOf[i]! >= ret && (contradicted < 0 || ret < empties[contradicted]!.ret)) contradicted = i;
  });
  return { gaps: Int32Array.from(new Set(gapOf)).sort(), gapOf, contradicted };
}

/**
 * The fewest elements that together cover the gaps from `from` to `to`, in the order of time. They prove that no
 * removal can have found the collection empty.
 *
 * @param isIn Whether an element counts.
 */
export function coverOf(
  { length, insertRet, removeInv }: Collection,
  from: number,
  to: number,
  isIn: (element: number) => boolean = () => true,
): number[] {
  const candidates: number[] = [];
  for (let e = 0; e < length; e++) {
    if (insertRet[e]! <= to && removeInv[e]! > from && insertRet[e]! < removeInv[e]! && isIn(e)) candidates.push(e);
  }
  candidates.sort((x, y) => insertRet[x]! - insertRet[y]!);
  const cover: number[] = [];
  let gap = from;
  for (let i = 0; gap <= to;) {
    let best = -1;
    for (; i < candidates.length && insertRet[candidates[i]!]! <= gap; i++) {
      if (best < 0 || removeInv[candidates[i]!]! > removeInv[best]!) best = candidates[i]!;
    }
    if (best < 0 || removeInv[best]! <= gap) return [];
    cover.push(best);
    gap = removeInv[best]!;
  }
  return cover;
}

/** Sorts the numbers from 0 to `length` - 1 by their keys, which are between 0 and `most` (counting sort). */
export function sortedBy(keys: Int32Array, most: number): Int32Array {
  const begins = new Int32Array(most + 2);
  for (const key of keys) begins[key + 1]!++;
  for (let key = 0; key <= most; key++) begins[key + 1]! += begins[key]!;
  const sorted = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) sorted[begins[keys[i]!]!++] = i;
  return sorted;
}

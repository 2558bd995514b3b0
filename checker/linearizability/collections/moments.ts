/**
 * When a collection may have been empty, and orders of elements by place.
 *
 * An element is surely inside from the return of its insert to the invocation of its removal: it covers the gaps
 * between. Where no element covers a gap, the collection may have been empty there, and then an order exists in which
 * it was (for whatever comes out first): what had to be over by then goes before the gap, all else after it, and each
 * side stays legal alone, for elements leave no trace.
 *
 * @module
 */
import type { Collection } from "./collection.ts";

/**
 * For each gap, the first one from it on that no element covers; `events + 1` if there is none. The gap at `events` is
 * the end of time.
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

/** What the removals that found nothing need. */
export interface Emptiness {
  /** The gaps at which the collection is empty, ascending, each once; for each removal that found nothing, its gap. */
  readonly gaps: Int32Array;
  readonly gapOf: Int32Array;
  /** The first removal that found nothing though something was inside all the while, or -1. */
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
 * The fewest elements that together were inside from gap `from` to gap `to`, in the order of time: the proof that
 * nothing can have been found empty.
 *
 * @param isIn Which elements count.
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

/** Numbers from 0 to `length` - 1 in the order of their keys, which are from 0 to `most`: counted, not compared. */
export function sortedBy(keys: Int32Array, most: number): Int32Array {
  const begins = new Int32Array(most + 2);
  for (const key of keys) begins[key + 1]!++;
  for (let key = 0; key <= most; key++) begins[key + 1]! += begins[key]!;
  const sorted = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) sorted[begins[keys[i]!]!++] = i;
  return sorted;
}

/**
 * Judges a priority queue with distinct values, near n log n, after Lee and Mathur (OOPSLA 2025).
 *
 * An element comes out at a moment at which no better element is inside. So each removal needs a gap, after its own
 * invocation and that of its insert, that no better element covers (see `moments.ts`). A removal that found nothing
 * needs a gap that no element covers. These conditions are sufficient: all such gaps can be used together, because the
 * operations that had to be over by a gap precede it.
 *
 * The elements are handled from the best to the worst. A gap that is covered stays covered. Each removal gets its first
 * possible gap, each insert its last.
 *
 * @module
 */
import type { CollectionAnswer, CollectionSequence } from "./answer.ts";
import type { Collection } from "./collection.ts";
import { coverOf, sortedBy } from "./moments.ts";
import { FreeGaps } from "./free_gaps.ts";

/**
 * Judges a priority queue.
 *
 * @param rank Each element's priority: the smallest comes out first, equal ones in any order.
 */
export function judgePriority(collection: Collection, rank: Int32Array): CollectionAnswer {
  const { length, events, insertInv, insertRet, removeInv, removeRet, empties } = collection;
  const free = new FreeGaps(events + 1);
  const byRank = sortedBy(rank, length);
  /** The gap at which each element comes out; the end of time for elements that stay. */
  const gapOf = new Int32Array(length).fill(events);
  for (let begin = 0; begin < length;) {
    let end = begin;
    for (; end < length && rank[byRank[end]!] === rank[byRank[begin]!]; end++) {
      const e = byRank[end]!;
      if (removeInv[e] === events) continue;
      const from = Math.max(insertInv[e]!, removeInv[e]!);
      gapOf[e] = free.from(from);
      if (gapOf[e]! < removeRet[e]!) continue;
      const isBetter = (other: number): boolean => rank[other]! < rank[e]!;
      const elements = coverOf(collection, from, removeRet[e]! - 1, isBetter);
      return { conflict: { pattern: "not the best", element: e, elements } };
    }
    for (let i = begin; i < end; i++) {
      const e = byRank[i]!;
      // An element that may have been removed, but never could be, stays.
      free.cover(insertRet[e]!, gapOf[e]! >= events ? events : removeInv[e]!);
    }
    begin = end;
  }
  const emptyGaps = Int32Array.from(empties, ({ inv }) => free.from(inv));
  const contradicted = empties.findIndex(({ ret }, i) => emptyGaps[i]! >= ret);
  if (contradicted >= 0) {
    const { inv, ret } = empties[contradicted]!;
    const elements = coverOf(collection, inv, ret - 1);
    return { conflict: { pattern: "not empty", empty: contradicted, elements } };
  }
  return { sequence: sequenceOf(collection, byRank, gapOf, emptyGaps) };
}

/**
 * The operations gap by gap. In each gap: the removals, the best first, each right after its insert if that has not
 * returned yet; then removals that found nothing; then the inserts that return next.
 */
function sequenceOf(
  { length, events, insertRet }: Collection,
  byRank: Int32Array,
  gapOf: Int32Array,
  emptyGaps: Int32Array,
): CollectionSequence {
  const sequence: number[] = [];
  const gapsByRank = byRank.map((e) => gapOf[e]!);
  const removals = sortedBy(gapsByRank, events).map((i) => byRank[i]!);
  const inserts = sortedBy(insertRet, events);
  const empties = sortedBy(emptyGaps, events);
  let [inserted, removed, emptied] = [0, 0, 0];
  for (let gap = 0; gap <= events; gap++) {
    for (; removed < length && gapOf[removals[removed]!] === gap; removed++) {
      const e = removals[removed]!;
      if (gap === events) continue;
      if (insertRet[e]! > gap) sequence.push(2 * e);
      sequence.push(2 * e + 1);
    }
    for (; emptied < empties.length && emptyGaps[empties[emptied]!] === gap; emptied++) {
      sequence.push(-1 - empties[emptied]!);
    }
    for (; inserted < length && insertRet[inserts[inserted]!]! <= gap + 1; inserted++) {
      const e = inserts[inserted]!;
      if (gapOf[e]! > gap) sequence.push(2 * e);
    }
  }
  return Int32Array.from(sequence);
}

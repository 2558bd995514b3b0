/**
 * Judges a stack with distinct values, near n log n, after Lee and Mathur (Efficient Decrease-and-Conquer
 * Linearizability Monitoring, OOPSLA 2025): finds an element that may be below all others, takes it away, and judges
 * the rest.
 *
 * - An element whose push and pop overlap may be pushed and popped at one moment. Then it affects no other element, so
 *   it is set aside.
 * - Each other element is certainly inside from the return of its push to the invocation of its pop. Where no element
 *   is inside, the stack may have been empty (see `moments.ts`). So each stretch of time that is covered without a gap
 *   is judged alone.
 * - In a stretch from gap `from` to gap `to` the stack is never empty, so one element is at its bottom all the time:
 *   its push began before the stretch did, and its pop ends after it. Any element that can be there may be placed
 *   there, because every legal order of the others stays legal on top of it.
 *
 *     bottom   push |-----------------------------------------| pop
 *     others            |--------|   |-------------|
 *                       a stretch    another one
 *
 * @module
 */
import type { CollectionAnswer, CollectionSequence } from "./answer.ts";
import type { Collection } from "./collection.ts";
import { coverOf, type Emptiness, findEmptyGaps, sortedBy } from "./moments.ts";
import { CoverTree } from "./cover_tree.ts";
import { BottomTree } from "./bottom_tree.ts";

/** Judges a stack. */
export function judgeStack(collection: Collection): CollectionAnswer {
  const emptiness = findEmptyGaps(collection);
  if (emptiness.contradicted >= 0) {
    const { inv, ret } = collection.empties[emptiness.contradicted]!;
    const elements = coverOf(collection, inv, ret - 1);
    return { conflict: { pattern: "not empty", empty: emptiness.contradicted, elements } };
  }
  const nesting = nest(collection);
  if ("stuck" in nesting) return { conflict: { pattern: "not nested", elements: nesting.stuck } };
  return { sequence: sequenceOf(collection, emptiness, nesting.moves) };
}

/** A push at the end of a stretch's first gap, or a pop in its last gap. */
interface Move {
  readonly element: number;
  readonly isPop: boolean;
  readonly gap: number;
}

/**
 * Nests the elements that are certainly inside at some time. If no element of a stretch may be at the bottom, returns
 * the elements of that stretch.
 */
function nest(collection: Collection): { readonly moves: readonly Move[] } | { readonly stuck: readonly number[] } {
  const { events, insertInv, insertRet, removeInv, removeRet } = collection;
  const byInsertRet = sortedBy(insertRet, events).filter((e) => insertRet[e]! < removeInv[e]!);
  const cover = new CoverTree(events + 1, byInsertRet, insertRet, removeInv);
  const bottoms = new BottomTree(byInsertRet, insertInv, removeRet);
  /** By gap: how many of these elements' pushes return before it. */
  const rankAt = new Int32Array(events + 2);
  for (const e of byInsertRet) rankAt[insertRet[e]! + 1]!++;
  for (let gap = 0; gap <= events; gap++) rankAt[gap + 1]! += rankAt[gap]!;

  const moves: Move[] = [];
  // The remaining work, the next item last: a stretch of gaps to look through, or a pop.
  const work: (Move | { readonly from: number; readonly to: number })[] = [{ from: 0, to: events }];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    if ("element" in next) {
      moves.push(next);
      continue;
    }
    const from = cover.nextCovered(next.from);
    if (from >= next.to) continue;
    const to = Math.min(cover.nextUncovered(from), next.to);
    const rank = bottoms.find(rankAt[from]!, rankAt[to]!, from, to);
    if (rank < 0) {
      return {
        stuck: Array.from(byInsertRet.subarray(rankAt[from]!, rankAt[to]!)).filter((_, i) =>
          bottoms.isIn(rankAt[from]! + i)
        ),
      };
    }
    const element = byInsertRet[rank]!;
    bottoms.take(rank);
    cover.uncover(insertRet[element]!, removeInv[element]!);
    moves.push({ element, isPop: false, gap: from - 1 });
    work.push({ from: to, to: next.to }, { element, isPop: true, gap: to }, { from, to });
  }
  return { moves };
}

/** The moves in order, with the elements that were set aside and the pops that found nothing in between. */
function sequenceOf(collection: Collection, { gapOf }: Emptiness, moves: readonly Move[]): CollectionSequence {
  const { length, events, insertInv, insertRet, removeInv } = collection;
  const momentOf = new Int32Array(length + gapOf.length);
  for (let e = 0; e < length; e++) {
    const isAside = insertRet[e]! >= removeInv[e]!;
    momentOf[e] = isAside ? Math.max(insertInv[e]!, removeInv[e]!) : events + 1;
  }
  momentOf.set(gapOf, length);
  const points = sortedBy(momentOf, events + 1);
  const sequence: number[] = [];
  let next = 0;
  const pass = (until: number): void => {
    for (; next < points.length && momentOf[points[next]!]! < until; next++) {
      const point = points[next]!;
      if (point < length) sequence.push(2 * point, 2 * point + 1);
      else sequence.push(-1 - (point - length));
    }
  };
  // Within one gap: first pops, then operations that take only a moment, then pushes.
  for (const { element, isPop, gap } of moves) {
    pass(isPop ? gap : gap + 1);
    if (!isPop) sequence.push(2 * element);
    else if (gap < events) sequence.push(2 * element + 1);
  }
  pass(events + 1);
  return Int32Array.from(sequence);
}

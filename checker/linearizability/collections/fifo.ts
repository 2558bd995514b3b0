/**
 * Judges a queue with distinct values in linear time, by the bad patterns of Bouajjani, Emmi, Enea and Hamza (Inf.
 * Comput. 2018, section 6).
 *
 * The elements need one order in which they both go in and come out. An element `a` must precede `b` if a's insert
 * returned before b's began, or a's removal before b's removal, or a's removal before b's insert. The algorithm builds
 * the order from front to back. Any element may come next that no remaining element must precede; the choice among
 * several does not matter. If there is none, the element whose removal returns first has been overtaken.
 *
 * Gaps at which the queue was empty divide time into parts. An element belongs before such a gap if its insert and its
 * removal had both begun by then, and otherwise after it.
 *
 * @module
 */
import type { CollectionAnswer, CollectionSequence } from "./answer.ts";
import type { Collection } from "./collection.ts";
import { coverOf, type Emptiness, findEmptyGaps, sortedBy } from "./moments.ts";

/** Judges a queue. */
export function judgeFifo(collection: Collection): CollectionAnswer {
  const emptiness = findEmptyGaps(collection);
  if (emptiness.contradicted >= 0) {
    const { inv, ret } = collection.empties[emptiness.contradicted]!;
    const elements = coverOf(collection, inv, ret - 1);
    return { conflict: { pattern: "not empty", empty: emptiness.contradicted, elements } };
  }
  const windows = windowsOf(collection, emptiness.gaps);
  const order = orderOf(collection, windows);
  if ("conflict" in order) return order;
  return { sequence: sequenceOf(collection, emptiness, windows, order.elements) };
}

/**
 * When each insert and each removal may take effect, between the gaps at which the queue is empty. The unit is half a
 * position: event `p` is `2 * p`, gap `g` is `2 * g + 1`.
 */
interface Windows {
  readonly insertFrom: Int32Array;
  readonly insertTo: Int32Array;
  readonly removeFrom: Int32Array;
  readonly removeTo: Int32Array;
}

function windowsOf(collection: Collection, gaps: Int32Array): Windows {
  const { length, events, insertInv, insertRet, removeRow, removeInv, removeRet } = collection;
  const windows = {
    insertFrom: insertInv.map((at) => 2 * at),
    insertTo: insertRet.map((at) => 2 * at),
    // Elements that stay come last, after those that a removal of unknown outcome may take.
    removeFrom: removeInv.map((at, e) => removeRow[e]! < 0 ? 2 * events + 2 : 2 * at),
    removeTo: removeRet.map((at, e) => removeRow[e]! < 0 ? 2 * events + 3 : 2 * at),
  };
  if (gaps.length === 0) return windows;
  /** By position: the next empty gap. */
  const nextGap = new Int32Array(events + 2).fill(-1);
  for (const gap of gaps) nextGap[gap] = gap;
  for (let at = events - 1; at >= 0; at--) if (nextGap[at]! < 0) nextGap[at] = nextGap[at + 1]!;
  const previous = new Int32Array(events + 2).fill(-1);
  gaps.forEach((gap, i) => previous[gap] = i === 0 ? -1 : gaps[i - 1]!);
  for (let e = 0; e < length; e++) {
    // The part of time of the element, between two empty gaps.
    const until = nextGap[Math.max(insertInv[e]!, removeInv[e]!)]!;
    const since = until < 0 ? gaps.at(-1)! : previous[until]!;
    if (since >= 0) {
      windows.insertFrom[e] = Math.max(windows.insertFrom[e]!, 2 * since + 1);
      windows.removeFrom[e] = Math.max(windows.removeFrom[e]!, 2 * since + 1);
    }
    if (until >= 0) {
      windows.insertTo[e] = Math.min(windows.insertTo[e]!, 2 * until + 1);
      windows.removeTo[e] = Math.min(windows.removeTo[e]!, 2 * until + 1);
    }
  }
  return windows;
}

const MAY_INSERT = 1, MAY_REMOVE = 2, MAY_FOLLOW = 4, READY = 7, TAKEN = 8;

/** The elements in the order in which they go through the queue. */
function orderOf(
  collection: Collection,
  windows: Windows,
): { readonly elements: Int32Array } | {
  readonly conflict: { pattern: "overtaken"; first: number; second: number } | {
    pattern: "circle";
    elements: number[];
  };
} {
  const { length, events, chain } = collection;
  const { insertFrom, insertTo, removeFrom, removeTo } = windows;
  const most = 2 * events + 3;
  const byInsertFrom = sortedBy(insertFrom, most);
  const byInsertTo = sortedBy(insertTo, most);
  const byRemoveFrom = sortedBy(removeFrom, most);
  const byRemoveTo = sortedBy(removeTo, most);
  const follower = new Int32Array(length).fill(-1);
  const state = new Uint8Array(length).fill(MAY_FOLLOW);
  let isChained = false;
  for (let e = 0; e < length; e++) {
    if (chain[e]! < 0) continue;
    follower[chain[e]!] = e;
    state[e] = 0;
    isChained = true;
  }
  const elements = new Int32Array(length);
  let [taken, ready, i, j, k, l] = [0, 0, 0, 0, 0, 0];
  // Ready elements follow the chosen ones in the list.
  const allow = (e: number, what: number): void => {
    state[e]! |= what;
    if (state[e] === READY) elements[ready++] = e;
  };
  for (;;) {
    while (i < length && state[byInsertTo[i]!]! >= TAKEN) i++;
    while (j < length && state[byRemoveTo[j]!]! >= TAKEN) j++;
    if (i === length) return { elements };
    const firstInsert = insertTo[byInsertTo[i]!]!;
    const firstRemove = removeTo[byRemoveTo[j]!]!;
    for (; k < length && insertFrom[byInsertFrom[k]!]! < Math.min(firstInsert, firstRemove); k++) {
      allow(byInsertFrom[k]!, MAY_INSERT);
    }
    for (; l < length && removeFrom[byRemoveFrom[l]!]! < firstRemove; l++) allow(byRemoveFrom[l]!, MAY_REMOVE);
    if (taken === ready) {
      if (isChained) return { conflict: { pattern: "circle", elements: circleOf(collection, windows, state) } };
      return { conflict: { pattern: "overtaken", first: byInsertTo[i]!, second: byRemoveTo[j]! } };
    }
    while (taken < ready) {
      const e = elements[taken++]!;
      state[e]! |= TAKEN;
      if (follower[e]! >= 0) allow(follower[e]!, MAY_FOLLOW);
    }
  }
}

/** Remaining elements that form a circle: each must precede the next, and the last must precede the first. */
function circleOf({ length, chain }: Collection, windows: Windows, state: Uint8Array): number[] {
  const { insertFrom, insertTo, removeFrom, removeTo } = windows;
  const left = Array.from({ length }, (_, e) => e).filter((e) => state[e]! < TAKEN);
  const least = (key: Int32Array): number => left.reduce((one, other) => key[other]! < key[one]! ? other : one);
  const [firstInsert, firstRemove] = [least(insertTo), least(removeTo)];
  /** A remaining element that must precede `e`. */
  const before = (e: number): number => {
    if (insertTo[firstInsert]! <= insertFrom[e]!) return firstInsert;
    if (removeTo[firstRemove]! <= Math.max(removeFrom[e]!, insertFrom[e]!)) return firstRemove;
    return chain[e]!;
  };
  const seen = new Map<number, number>();
  const way: number[] = [];
  let e = firstRemove;
  while (!seen.has(e)) {
    seen.set(e, way.push(e) - 1);
    e = before(e);
  }
  return way.slice(seen.get(e)!).reverse();
}

/** The operations in order: each insert and each removal as early as possible. */
function sequenceOf(
  { length, events, removeRow, empties }: Collection,
  { gapOf }: Emptiness,
  { insertFrom, removeFrom }: Windows,
  order: Int32Array,
): CollectionSequence {
  const sequence: number[] = [];
  const found = Array.from(empties, (_, i) => i).sort((x, y) => gapOf[x]! - gapOf[y]!);
  let [inserted, emptied] = [0, 0];
  let [insertAt, removeAt, lastInsertAt] = [-1, -1, -1];
  const passEmptyGaps = (until: number): void => {
    while (emptied < found.length && 2 * gapOf[found[emptied]!]! + 1 <= until) sequence.push(-1 - found[emptied++]!);
  };
  const insertUntil = (end: number, at: number): void => {
    while (inserted < length) {
      const e = order[inserted]!;
      lastInsertAt = Math.max(insertAt, insertFrom[e]!);
      if (inserted >= end && lastInsertAt > at) return;
      insertAt = lastInsertAt;
      passEmptyGaps(insertAt);
      sequence.push(2 * e);
      inserted++;
    }
  };
  for (let k = 0; k < length; k++) {
    const e = order[k]!;
    if (removeRow[e]! < 0) continue;
    insertUntil(k + 1, -1);
    removeAt = Math.max(removeAt, removeFrom[e]!, insertAt);
    // The inserts that may take effect before this removal does.
    insertUntil(k + 1, removeAt);
    passEmptyGaps(removeAt);
    sequence.push(2 * e + 1);
  }
  insertUntil(length, 2 * events + 2);
  passEmptyGaps(2 * events + 2);
  return Int32Array.from(sequence);
}

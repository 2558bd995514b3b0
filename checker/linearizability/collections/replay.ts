/**
 * Replays an order that the algorithms for collections built, on a plain queue, stack, heap or bag. It shares no code
 * with them.
 *
 * @module
 */
import type { CollectionOrder } from "../../models/collection.ts";
import type { CollectionSequence } from "./answer.ts";
import type { Collection } from "./collection.ts";

/**
 * Checks an order: it must have every operation of known outcome once and respect real time, and each removal must take
 * the element that is next.
 *
 * @param rank Each element's priority, for a priority queue.
 * @returns What is wrong, or undefined.
 */
export function replaySequence(
  collection: Collection,
  order: CollectionOrder,
  rank: Int32Array,
  sequence: CollectionSequence,
): string | undefined {
  const { length, events, insertRow, insertInv, insertRet, removeRow, removeInv, removeRet, chain, empties } =
    collection;
  const isDone = new Uint8Array(2 * length);
  const isFound = new Uint8Array(empties.length);
  const inside = insideOf(order, length, rank);
  let latest = -1;
  for (const move of sequence) {
    const e = move >> 1;
    const span = move < 0 ? empties[-1 - move]! : undefined;
    const inv = span?.inv ?? ((move & 1) === 0 ? insertInv[e]! : removeInv[e]!);
    const ret = span?.ret ?? ((move & 1) === 0 ? insertRet[e]! : removeRet[e]!);
    latest = Math.max(latest, inv);
    if (ret < latest) return `an operation had returned before one that is placed earlier began`;
    if (move < 0) {
      if (inside.size() > 0) return "a removal that found nothing would have found something";
      isFound[-1 - move] = 1;
      continue;
    }
    if (isDone[move] === 1) return "an operation is placed twice";
    isDone[move] = 1;
    if ((move & 1) === 0) inside.add(e);
    else {
      if (chain[e]! >= 0 && isDone[2 * chain[e]! + 1] === 0) return "a drain's removals are out of order";
      if (isDone[2 * e] === 0 || !inside.remove(e)) return "an element comes out that is not next";
    }
  }
  if (isFound.includes(0)) return "a removal that found nothing is missing";
  for (let e = 0; e < length; e++) {
    if (insertRow[e]! >= 0 && isDone[2 * e] === 0) return "an insert is missing";
    if (removeRow[e]! >= 0 && removeRet[e]! < events && isDone[2 * e + 1] === 0) return "a removal is missing";
  }
  return undefined;
}

/** The content of a collection. */
interface Inside {
  size(): number;
  add(element: number): void;
  /** Removes an element; `false` if another one is next. */
  remove(element: number): boolean;
}

function insideOf(order: CollectionOrder, length: number, rank: Int32Array): Inside {
  switch (order) {
    case "fifo":
      return queue(length);
    case "lifo":
      return stack();
    case "priority":
      return heap(length, rank);
    default:
      return heap(length, new Int32Array(length));
  }
}

function queue(length: number): Inside {
  const items = new Int32Array(length);
  let [first, end] = [0, 0];
  return {
    size: () => end - first,
    add: (element) => void (items[end++] = element),
    remove: (element) => first < end && items[first++] === element,
  };
}

function stack(): Inside {
  const items: number[] = [];
  return {
    size: () => items.length,
    add: (element) => void items.push(element),
    remove: (element) => items.pop() === element,
  };
}

/**
 * A binary heap by rank. An element whose rank equals the best one's may be removed before it; the heap skips it later.
 */
function heap(length: number, rank: Int32Array): Inside {
  const items = new Int32Array(length);
  const isIn = new Uint8Array(length);
  let end = 0;
  let size = 0;
  const rise = (element: number): void => {
    let at = end++;
    for (; at > 0; at = (at - 1) >> 1) {
      const above = items[(at - 1) >> 1]!;
      if (rank[above]! <= rank[element]!) break;
      items[at] = above;
    }
    items[at] = element;
  };
  const dropFirst = (): void => {
    const element = items[--end]!;
    let at = 0;
    for (let child = 1; child < end; child = 2 * at + 1) {
      if (child + 1 < end && rank[items[child + 1]!]! < rank[items[child]!]!) child++;
      if (rank[element]! <= rank[items[child]!]!) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = element;
  };
  return {
    size: () => size,
    add(element) {
      isIn[element] = 1;
      size++;
      rise(element);
    },
    remove(element) {
      if (isIn[element] === 0) return false;
      isIn[element] = 0;
      size--;
      const isNext = rank[items[0]!]! >= rank[element]!;
      while (end > 0 && isIn[items[0]!] === 0) dropFirst();
      return isNext;
    },
  };
}

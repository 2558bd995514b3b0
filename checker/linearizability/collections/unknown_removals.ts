/**
 * Assigns removals of unknown outcome to elements that never came out.
 *
 * Each such removal may have happened at any time after its invocation, or never. So they differ only in the time of
 * their invocation: the removal that began first can be assigned to the element that must be removed first.
 *
 * @module
 */
import type { CollectionOrder } from "../../models/collection.ts";
import type { Collection } from "./collection.ts";
import { sortedBy } from "./moments.ts";

/** A collection in which unknown removals were assigned to elements. */
interface Assigned {
  readonly collection: Collection;
  /** Whether no other assignment could be better, so that a conflict is proven. */
  readonly isExact: boolean;
}

/** Assigns an unknown removal to each element that needs one, as long as there are any. */
export function assignUnknownRemovals(collection: Collection, order: CollectionOrder, rank: Int32Array): Assigned {
  const { length, events, removeRow, insertRet, unknownRemovals, isDrainUnknown } = collection;
  const staying: number[] = [];
  for (let e = 0; e < length; e++) if (removeRow[e]! < 0) staying.push(e);
  if (unknownRemovals.length === 0 || staying.length === 0) return { collection, isExact: true };
  const byInsert = (x: number, y: number): number => insertRet[x]! - insertRet[y]!;
  let needy = staying;
  const isSimple = order === "fifo" || order === "any";
  // In a queue, and in a bag that must be empty, the element that went in first must be gone first.
  if (isSimple) needy.sort(byInsert);
  else {
    const deadline = order === "lifo" ? stackDeadlines(collection) : priorityDeadlines(collection, rank);
    needy = staying.filter((e) => deadline[e]! <= events).sort((x, y) => deadline[x]! - deadline[y]!);
    needy.push(...staying.filter((e) => deadline[e]! > events).sort(byInsert));
  }
  const assigned = copyOf(collection);
  needy.forEach((e, i) => {
    const removal = unknownRemovals[i] ?? (isDrainUnknown ? unknownRemovals.at(-1)! : undefined);
    if (removal === undefined) return;
    assigned.removeRow[e] = removal.row;
    assigned.removeInv[e] = removal.inv;
  });
  return { collection: assigned, isExact: isSimple && !isDrainUnknown };
}

/**
 * The collection in which every element that stays may have been removed after the first unknown removal began. If
 * a conflict remains, it is proven.
 */
export function removeAllUnknown(collection: Collection): Collection {
  const { length, removeRow, unknownRemovals } = collection;
  const first = unknownRemovals[0];
  if (first === undefined) return collection;
  const relaxed = copyOf(collection);
  for (let e = 0; e < length; e++) {
    if (removeRow[e]! >= 0) continue;
    relaxed.removeRow[e] = first.row;
    relaxed.removeInv[e] = first.inv;
  }
  return relaxed;
}

function copyOf(collection: Collection): Collection {
  return { ...collection, removeRow: collection.removeRow.slice(), removeInv: collection.removeInv.slice() };
}

/**
 * By element: the gap by which it must be removed; `events + 1` if there is none. By that gap, an element that is
 * certainly below it is popped.
 */
function stackDeadlines(collection: Collection): Int32Array {
  const { length, events, insertInv, insertRet, removeInv, removeRet, empties } = collection;
  const deadlines = new Int32Array(length).fill(events + 1);
  const byInsertRet = sortedBy(insertRet, events);
  const pops = new LeastFrom(events + 1);
  for (const { inv, ret } of empties) pops.add(inv, ret);
  let below = 0;
  // Elements are in the order of their invocations.
  for (let e = 0; e < length; e++) {
    for (; below < length && insertRet[byInsertRet[below]!]! < insertInv[e]!; below++) {
      const other = byInsertRet[below]!;
      if (removeInv[other]! < events) pops.add(removeInv[other]!, removeRet[other]!);
    }
    deadlines[e] = Math.min(deadlines[e]!, pops.leastFrom(insertRet[e]!));
  }
  return deadlines;
}

/**
 * By element: the gap by which it must be removed; `events + 1` if there is none. By that gap, but after the element's
 * insert, a worse element is removed.
 */
function priorityDeadlines(collection: Collection, rank: Int32Array): Int32Array {
  const { length, events, insertInv, insertRet, removeInv, removeRet, empties } = collection;
  const deadlines = new Int32Array(length).fill(events + 1);
  const worstFirst = sortedBy(rank, length).reverse();
  const removals = new LeastFrom(events + 1);
  for (const { inv, ret } of empties) removals.add(inv, ret);
  for (let begin = 0, end = 0; begin < length; begin = end) {
    for (; end < length && rank[worstFirst[end]!] === rank[worstFirst[begin]!]; end++) {
      const e = worstFirst[end]!;
      deadlines[e] = removals.leastFrom(insertRet[e]!);
    }
    for (let i = begin; i < end; i++) {
      const e = worstFirst[i]!;
      if (removeInv[e]! < events) removals.add(Math.max(insertInv[e]!, removeInv[e]!), removeRet[e]!);
    }
  }
  return deadlines;
}

/** The minimum of the numbers added at a position or after it (a Fenwick tree, from back to front). */
class LeastFrom {
  readonly #least: Int32Array;

  constructor(places: number) {
    this.#least = new Int32Array(places + 1).fill(0x7fffffff);
  }

  add(place: number, number: number): void {
    const least = this.#least;
    for (let i = least.length - 1 - place; i < least.length; i += i & -i) if (number < least[i]!) least[i] = number;
  }

  leastFrom(place: number): number {
    let found = 0x7fffffff;
    for (let i = this.#least.length - 1 - place; i > 0; i -= i & -i) found = Math.min(found, this.#least[i]!);
    return found;
  }
}

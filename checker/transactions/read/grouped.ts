/**
 * Sorts numbered items into groups (counting sort).
 *
 * @module
 */
import { integers } from "./memory.ts";

/** The items of group g, in their order, are `items[start[g]]` to `items[start[g + 1] - 1]`. */
export interface Groups {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/**
 * Groups the items from 0 on. Linear.
 *
 * @param groupOf The group of each item, below `groups`; negative for an item that is left out.
 */
export function grouped(groupOf: Int32Array, groups: number): Groups {
  const start = integers(groups + 1);
  for (let item = 0; item < groupOf.length; item++) if (groupOf[item]! >= 0) start[groupOf[item]! + 1]!++;
  for (let group = 0; group < groups; group++) start[group + 1]! += start[group]!;
  const next = start.slice(0, groups);
  const items = integers(start[groups]!);
  for (let item = 0; item < groupOf.length; item++) {
    if (groupOf[item]! >= 0) items[next[groupOf[item]!]!++] = item;
  }
  return { start, items };
}

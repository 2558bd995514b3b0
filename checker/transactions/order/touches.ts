/**
 * What each transaction did to its keys, laid out flat by transaction.
 *
 *     transaction   0        1      2
 *     start         0        2      3      ...    its touches are start[t] .. start[t + 1]
 *     key           0   1  | 0    | 2  ...
 *     read          7  -1  | 3    | ...           the version first read; see version_order.ts
 *     write         8   4  | -1   | ...           the version written last
 *
 * @module
 */
import { integers } from "../read/memory.ts";
import type { Touch } from "./version_order.ts";

/** Touches by transaction; the layout is drawn at the head of this file. */
export interface FlatTouches {
  readonly start: Int32Array;
  readonly key: Int32Array;
  readonly read: Int32Array;
  readonly write: Int32Array;
}

/**
 * Lays touches out. Linear.
 *
 * @param count How many transactions there are.
 * @param touches What each did to each key, by key.
 */
export function flatTouches(count: number, touches: readonly (readonly Touch[])[]): FlatTouches {
  const start = integers(count + 1);
  for (const ofKey of touches) for (const { transaction } of ofKey) start[transaction + 1]!++;
  for (let t = 0; t < count; t++) start[t + 1]! += start[t]!;
  const next = start.slice(0, count);
  const key = integers(start[count]!), read = integers(start[count]!), write = integers(start[count]!);
  touches.forEach((ofKey, number) => {
    for (const touch of ofKey) {
      const at = next[touch.transaction]!++;
      key[at] = number;
      read[at] = touch.read;
      write[at] = touch.write;
    }
  });
  return { start, key, read, write };
}

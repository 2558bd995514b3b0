/**
 * A queue, first in, first out.
 *
 * @module
 */
import { canonicalJson } from "../table/values.ts";
import type { Model } from "./model.ts";

/** A queue for each key, empty at first: `enqueue` adds its value at the end, `dequeue` returns and removes the first, or null where the queue is empty. */
export const fifoQueue: Model<readonly unknown[]> = {
  name: "fifo-queue",
  initial: [],
  partition: ({ key }) => key,
  step(items, { f, argument, result, type }) {
    if (f === "enqueue") return [[...items, argument]];
    if (f !== "dequeue") throw new RangeError(`fifo-queue has enqueue and dequeue, not ${f}`);
    const first = items[0] ?? null;
    return type === "info" || canonicalJson(first) === canonicalJson(result) ? [items.slice(1)] : [];
  },
};

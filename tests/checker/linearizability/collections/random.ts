// Random histories of queues, stacks, priority queues and bags, and their naive definitions.
import type { HistoryEvent } from "../../../../checker/mod.ts";
import type { NaiveObject, NaiveStep } from "../naive.ts";

/** Which element comes out next, in the words of the definition. */
export type Order = "fifo" | "lifo" | "priority" | "any";

/** The models by order. */
export const MODEL_OF: Readonly<Record<Order, string>> = {
  fifo: "fifo-queue",
  lifo: "stack",
  priority: "priority-queue",
  any: "queue",
};

export const ORDERS = Object.keys(MODEL_OF) as Order[];

const INSERT = { fifo: "enqueue", lifo: "push", priority: "insert", any: "enqueue" };
const REMOVE = { fifo: "dequeue", lifo: "pop", priority: "delete-min", any: "dequeue" };

function nextOf(order: Order, items: readonly number[]): readonly number[] {
  switch (order) {
    case "fifo":
      return items.slice(0, 1);
    case "lifo":
      return items.slice(-1);
    case "priority":
      return items.length === 0 ? [] : [Math.min(...items)];
    default:
      return items;
  }
}

function without(items: readonly number[], item: number, order: Order): number[] {
  const at = order === "lifo" ? items.lastIndexOf(item) : items.indexOf(item);
  return items.filter((_, i) => i !== at);
}

/**
 * A collection.
 *
 * @param distinct Whether no value is inserted twice.
 */
export function collectionObject(order: Order, distinct: boolean): NaiveObject {
  return {
    initial: [],
    propose: (random, _state, count) =>
      random(2) === 0
        ? { f: REMOVE[order] }
        // A permutation, so that priorities do not grow.
        : { f: INSERT[order], value: distinct ? (count * 7 + 3) % 23 : random(3) },
    answer(state, { f, value }) {
      const items = state as number[];
      if (f === INSERT[order]) return { state: [...items, value], type: "ok", value };
      const next = nextOf(order, items);
      if (next.length === 0) return { state, type: "ok", value: null };
      const item = next[items[0]! % next.length]!;
      return { state: without(items, item, order), type: "ok", value: item };
    },
    corrupt: (random, event: HistoryEvent) => {
      if (event.f !== REMOVE[order]) return event;
      const other = distinct ? (random(9) * 7 + 3) % 23 : random(3);
      return { ...event, value: random(4) === 0 ? null : other };
    },
  };
}

/** The definition, for all permutations. */
export function collectionStep(order: Order): NaiveStep {
  return (state, { event, completion, returned }) => {
    const items = state as number[];
    if (event.f === INSERT[order]) return [[...items, event.value as number]];
    const next = nextOf(order, items);
    if (returned === Infinity) return next.length === 0 ? [items] : next.map((item) => without(items, item, order));
    const result = completion!.value ?? null;
    if (result === null) return items.length === 0 ? [items] : [];
    return next.includes(result as number) ? [without(items, result as number, order)] : [];
  };
}

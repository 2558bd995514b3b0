/**
 * Models of queues, stacks, priority queues and bags.
 *
 * @module
 */
import { canonicalJson } from "../table/values.ts";
import type { Model, Operation } from "./model.ts";

/** Which element comes out next: the oldest, the newest, the best by priority, or any. */
export type CollectionOrder = "fifo" | "lifo" | "priority" | "any";

/**
 * A model of a collection. It has a `step` like every model, and tells `linearizability/collections` enough to judge it
 * without a search.
 */
export interface CollectionModel extends Model<readonly unknown[]> {
  /** Which element comes out next. */
  readonly order: CollectionOrder;
  /** For priorities: whether the largest comes out first. */
  readonly largestFirst: boolean;
}

/** The kinds of operations on a collection. */
export const INSERT = 1, REMOVE = 2, DRAIN = 3;

const ROLES: Readonly<Record<string, number>> = {
  enqueue: INSERT,
  push: INSERT,
  insert: INSERT,
  add: INSERT,
  offer: INSERT,
  dequeue: REMOVE,
  pop: REMOVE,
  poll: REMOVE,
  take: REMOVE,
  remove: REMOVE,
  extract: REMOVE,
  "delete-min": REMOVE,
  "extract-min": REMOVE,
  "pop-min": REMOVE,
  "delete-max": REMOVE,
  "extract-max": REMOVE,
  "pop-max": REMOVE,
  drain: DRAIN,
};

/** The kind of the operation with this name; 0 if collections have no such operation. */
export function collectionRole(f: string): number {
  return Object.hasOwn(ROLES, f) ? ROLES[f]! : 0;
}

/** Whether a model is a collection. */
export function isCollectionModel(model: object): model is CollectionModel {
  return "order" in model && "largestFirst" in model;
}

/**
 * A queue for each key, empty at first: `enqueue` adds its value at the end, `dequeue` returns and removes the first,
 * or null where the queue is empty.
 */
export const fifoQueue: CollectionModel = collection("fifo-queue", "fifo");

/**
 * A stack for each key, empty at first: `push` puts its value on top, `pop` returns and removes the top, or null where
 * the stack is empty.
 */
export const stack: CollectionModel = collection("stack", "lifo");

/**
 * An unordered queue for each key, as in Jepsen and Knossos: `enqueue` adds its value, `dequeue` removes any element,
 * or returns null if the queue is empty.
 */
export const unorderedQueue: CollectionModel = collection("queue", "any");

/**
 * A priority queue for each key, empty at first: `insert` adds its value, `delete-min` returns and removes the best, or
 * null where the queue is empty.
 *
 * An element is its own priority, a number or a text; or it is a list that begins with its priority. Among equal
 * priorities any may come first.
 */
export function priorityQueue(largestFirst: boolean, name: string): CollectionModel {
  return collection(name, "priority", largestFirst);
}

function collection(name: string, order: CollectionOrder, largestFirst = false): CollectionModel {
  return {
    name,
    order,
    largestFirst,
    initial: [],
    partition: ({ key }) => key,
    step(items, operation) {
      switch (collectionRole(operation.f)) {
        case INSERT:
          return [[...items, operation.argument]];
        case REMOVE:
          return removals(items, operation, next);
        default:
          throw new RangeError(`${name} has ${namesOf(order)}, not ${operation.f}`);
      }
    },
    identify: (items) => {
      const texts = items.map(canonicalJson);
      return JSON.stringify(order === "fifo" || order === "lifo" ? texts : texts.sort());
    },
  };

  /** The positions of the elements that may come out next. */
  function next(items: readonly unknown[]): readonly number[] {
    if (order === "fifo") return [0];
    if (order === "lifo") return [items.length - 1];
    const isBest = (item: unknown): boolean =>
      order === "any" || items.every((other) => !isBefore(other, item, largestFirst));
    return items.flatMap((item, place) => isBest(item) ? [place] : []);
  }
}

function removals(
  items: readonly unknown[],
  { result, type }: Operation,
  next: (items: readonly unknown[]) => readonly number[],
): (readonly unknown[])[] {
  if (items.length === 0) return type === "info" || result === null ? [[]] : [];
  const wanted = canonicalJson(result);
  const places = next(items).filter((place) => type === "info" || canonicalJson(items[place]) === wanted);
  // Equal elements are one choice.
  const distinct = places.filter((place, i) =>
    places.findIndex((other) => canonicalJson(items[other]) === canonicalJson(items[place])) === i
  );
  return distinct.map((place) => items.filter((_, other) => other !== place));
}

/** The operations of a collection, by name, for people. */
function namesOf(order: CollectionOrder): string {
  switch (order) {
    case "lifo":
      return "push and pop";
    case "priority":
      return "insert and delete-min";
    default:
      return "enqueue and dequeue";
  }
}

/** Whether an element of a priority queue comes out before another. */
function isBefore(one: unknown, other: unknown, largestFirst: boolean): boolean {
  const [a, b] = [priorityOf(one), priorityOf(other)];
  if (typeof a !== typeof b && (typeof a === "string" || typeof b === "string")) {
    throw new RangeError(`priority-queue cannot compare ${canonicalJson(one)} with ${canonicalJson(other)}`);
  }
  return largestFirst ? a > b : a < b;
}

/** The priority of an element: the element itself, or the first item of a list. */
export function priorityOf(element: unknown): number | bigint | string {
  const priority = Array.isArray(element) ? element[0] : element;
  if (typeof priority === "bigint" || typeof priority === "string") return priority;
  if (typeof priority === "number" && !Number.isNaN(priority)) return priority;
  throw new RangeError(
    `priority-queue takes numbers, texts, or lists that begin with one, not ${canonicalJson(element)}`,
  );
}

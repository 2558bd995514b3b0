/**
 * The model of a multiset: a set that may contain an element several times.
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import { canonicalJson } from "../table/values.ts";
import type { Model, Operation } from "./model.ts";

type Counts = Readonly<Record<string, number>>;

/**
 * A model of multisets. Its `kind` lets the judge recognize it: a multiset that nobody reads whole can be judged
 * element by element.
 */
interface MultisetModel extends Model<Counts> {
  /** Distinguishes it from other models. */
  readonly kind: "multiset";
}

/**
 * A multiset for each key, empty at first: `add` (or `insert`) an element; `remove` one of it, which returns false if
 * there was none; `contains` (true or false) and `count` of an element; `read` all, in any order.
 */
export const multiset: MultisetModel = {
  name: "multiset",
  kind: "multiset",
  initial: {},
  partition: ({ key }) => key,
  observes: ({ f }) => f === "contains" || f === "count" || f === "read" || f === "get",
  step(counts, operation) {
    const { f, argument, result, type } = operation;
    const name = canonicalJson(argument);
    const count = counts[name] ?? 0;
    const isUnknown = type === "info" || result === null;
    switch (f) {
      case "add":
      case "insert":
        return [withCount(counts, name, count + 1)];
      case "remove":
        return removed(counts, name, operation);
      case "contains":
        return isUnknown || result === count > 0 ? [counts] : [];
      case "count":
        return isUnknown || result === count ? [counts] : [];
      case "read":
      case "get":
        return isUnknown || allOf(counts) === readOf(result) ? [counts] : [];
      default:
        throw new RangeError(`multiset has add, remove, contains, count and read, not ${f}`);
    }
  },
};

function removed(counts: Counts, name: string, { result, type }: Operation): readonly Counts[] {
  const count = counts[name] ?? 0;
  if (count === 0) return type === "info" || result === false ? [counts] : [];
  return type === "ok" && result === false ? [] : [withCount(counts, name, count - 1)];
}

function withCount(counts: Counts, name: string, count: number): Counts {
  const { [name]: _, ...others } = counts;
  return count === 0 ? others : { ...others, [name]: count };
}

function allOf(counts: Counts): string {
  return Object.entries(counts).flatMap(([name, count]) => Array<string>(count).fill(name)).sort().join();
}

function readOf(result: unknown): string {
  if (Array.isArray(result)) return result.map(canonicalJson).sort().join();
  throw new RangeError(`multiset takes a read's result as a list of elements, not ${jsonOf(result)}`);
}

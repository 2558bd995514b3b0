/**
 * The model of a set.
 *
 * @module
 */
import { entryOf } from "../entries.ts";
import { jsonOf } from "../json_of.ts";
import { canonicalJson } from "../table/values.ts";
import { EMPTY, InternedSets } from "./interned_sets.ts";
import type { Model } from "./model.ts";

/**
 * A model of sets. Its `kind` lets the judge recognize it: a set that nobody reads whole is judged by element, one
 * that only grows by the chain of its reads.
 */
interface SetModel extends Model<number> {
  /** Distinguishes it from other models. */
  readonly kind: "set";
}

/**
 * A set for each key, empty at first: `add` and `remove` an element, `contains` one (true or false), `read` all, in any
 * order.
 *
 * @param options Whether the answers of `add` and `remove`, true or false, tell if they changed the set. Default:
 * false.
 */
export function set({ answers = false }: { readonly answers?: boolean } = {}): SetModel {
  const sets = new InternedSets();
  const read = new WeakMap<readonly unknown[], number>();
  const setOf = (result: unknown): number => {
    if (!Array.isArray(result)) {
      throw new RangeError(`set takes a read's result as a list of elements, not ${jsonOf(result)}`);
    }
    return entryOf(read, result, () => sets.of(result.map(canonicalJson)));
  };
  const model: Model<number> = {
    name: "set",
    initial: EMPTY,
    partition: ({ key }) => key,
    observes: ({ f }) => f === "read" || f === "get" || f === "contains",
    step(elements, { f, argument, result, type }) {
      switch (f) {
        case "add":
        case "remove":
          if (answers && type === "ok" && typeof result === "boolean") {
            if (result === (sets.has(elements, canonicalJson(argument)) === (f === "add"))) return [];
          }
          return [sets.with(elements, canonicalJson(argument), f === "add")];
        case "contains":
          return type === "info" || result === null || result === sets.has(elements, canonicalJson(argument))
            ? [elements]
            : [];
        case "read":
        case "get":
          return type === "info" || result === null || setOf(result) === elements ? [elements] : [];
        default:
          throw new RangeError(`set has add, remove, contains and read, not ${f}`);
      }
    },
    identify: String,
  };
  return { ...model, kind: "set" };
}

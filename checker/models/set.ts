/**
 * The model of a set.
 *
 * @module
 */
import { entryOf } from "../entries.ts";
import { jsonOf } from "../json_of.ts";
import { canonicalJson } from "../table/values.ts";
import { EMPTY, InternedSets } from "./interned_sets.ts";
import type { Model, Operation } from "./model.ts";

/** A model of sets. Its `kind` lets the judge recognize it: a set that nobody reads whole is judged by element. */
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
  return { ...model, kind: "set", specialize: (operations) => answers ? model : growing(model, operations) ?? model };
}

/** A set that has grown beyond everything that was read. */
const UNSEEN = -1;

/**
 * The model of a set that only grows, and whose reads form a chain. Before an element is added, the set must hold all
 * elements of each read that lacks this element: nothing explains that read later. Beyond the largest read, all sets
 * are one state. Without these two rules, ten thousand overlapping adds have too many orders to try.
 *
 * @returns Undefined if an element is removed or asked for, or the reads form no chain.
 */
function growing(model: Model<number>, operations: readonly Operation[]): Model<number> | undefined {
  if (operations.some(({ f }) => f === "remove" || f === "contains")) return undefined;
  const reads = operations.flatMap(({ f, type, result }) =>
    f !== "add" && type === "ok" && Array.isArray(result) ? [result] : []
  )
    .map((result) => new Set(result.map(canonicalJson))).sort((one, other) => one.size - other.size);
  /** The sizes of the sets in the chain, ascending, without duplicates, beginning with the empty set. */
  const sizes = [0];
  /** For each element, the first set of the chain that contains it. */
  const first = new Map<string, number>();
  for (const read of reads) {
    if (read.size > sizes.at(-1)!) sizes.push(read.size);
    for (const element of read) if (!first.has(element)) first.set(element, sizes.length - 1);
    if (first.size !== read.size) return undefined;
  }
  /** For each set: the first set of the chain that contains all its elements, and its size. */
  const places = new Map<number, { readonly at: number; readonly size: number }>([[EMPTY, { at: 0, size: 0 }]]);
  return {
    ...model,
    step(elements, operation) {
      if (operation.f !== "add") {
        return elements === UNSEEN && operation.type === "ok" && operation.result !== null
          ? []
          : model.step(elements, operation);
      }
      if (elements === UNSEEN) return [UNSEEN];
      const { at, size } = places.get(elements)!;
      const next = first.get(canonicalJson(operation.argument)) ?? sizes.length;
      if (next > at && (next > at + 1 || size < sizes[at]!)) return [];
      if (next === sizes.length) return [UNSEEN];
      const [more] = model.step(elements, operation) as [number];
      if (more !== elements) places.set(more, { at: next > at ? next : at, size: size + 1 });
      return [more];
    },
  };
}

/**
 * The model of a counter.
 *
 * @module
 */
import { isExactlySummed } from "../exact.ts";
import { jsonOf } from "../json_of.ts";
import type { Model, Operation } from "./model.ts";

/** A model of a counter. It has a `step` like every model, and tells what each operation adds or sees. */
interface CounterModel extends Model<number> {
  /** Distinguishes it from other models. */
  readonly kind: "counter";
  /** The amount that the operation adds, or the sum that it saw; undefined if that is unclear. */
  effect(operation: Operation): { readonly adds: number } | { readonly sees: number } | undefined;
}

/** Whether a model is a counter. */
export function isCounterModel(model: object): model is CounterModel {
  return "kind" in model && model.kind === "counter";
}

/**
 * A counter for each key: `add` (or `increment`) adds its value, 1 if it has none; `decrement` subtracts it; `read` (or
 * `get`) returns the sum.
 *
 * @param initial The initial sum.
 */
export function counter(initial: number, name: string): CounterModel {
  return {
    name,
    kind: "counter",
    initial,
    effect({ f, argument, result, type }) {
      if (f !== "read" && f !== "get") return { adds: f.startsWith("dec") ? -amountOf(argument) : amountOf(argument) };
      return type === "ok" && typeof result === "number" ? { sees: result } : undefined;
    },
    partition: ({ key }) => key,
    observes: ({ f }) => f === "read" || f === "get",
    step(sum, { f, argument, result, type }) {
      switch (f) {
        case "add":
        case "inc":
        case "increment":
          return [sum + amountOf(argument)];
        case "dec":
        case "decrement":
          return [sum - amountOf(argument)];
        case "read":
        case "get":
          return type === "info" || result === null || result === sum ? [sum] : [];
        default:
          throw new RangeError(`counter has add, decrement and read, not ${f}`);
      }
    },
    identify: String,
  };
}

function amountOf(argument: unknown): number {
  if (argument === null) return 1;
  if (isExactlySummed(argument)) return argument;
  const how = typeof argument === "number" ? "whole numbers, as sums of others are not exact" : "numbers";
  throw new RangeError(`counter adds ${how}, not ${jsonOf(argument)}`);
}

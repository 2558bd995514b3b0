/**
 * A counter.
 *
 * @module
 */
import type { Model } from "./model.ts";

/**
 * A counter for each key: `add` (or `increment`) adds its value, 1 if it has none, `decrement` takes it away, `read`
 * (or `get`) returns the sum.
 *
 * @param initial What it begins with.
 */
export function counter(initial = 0, name = "counter"): Model<number> {
  return {
    name,
    initial,
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
  if (typeof argument === "number") return argument;
  throw new RangeError(
    `counter adds numbers, not ${typeof argument === "bigint" ? argument : JSON.stringify(argument)}`,
  );
}

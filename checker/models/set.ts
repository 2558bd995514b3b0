/**
 * A set.
 *
 * @module
 */
import { canonicalJson } from "../linearizability/values.ts";
import type { Model } from "./model.ts";

/** A set, empty at first: `add` and `remove` an element, `contains` one (the result is true or false), `read` all, in any order. */
export const set: Model<ReadonlySet<string>> = {
  name: "set",
  initial: new Set(),
  observes: ({ f }) => f === "read" || f === "get" || f === "contains",
  step(elements, { f, argument, result, type }) {
    const element = canonicalJson(argument);
    switch (f) {
      case "add":
        return [elements.has(element) ? elements : new Set([...elements, element])];
      case "remove":
        return [new Set([...elements].filter((other) => other !== element))];
      case "contains":
        return type === "info" || result === elements.has(element) ? [elements] : [];
      case "read":
      case "get": {
        if (type === "info" || result === null) return [elements];
        if (!Array.isArray(result)) {
          throw new RangeError(`set takes a read's result as a list of elements, not ${JSON.stringify(result)}`);
        }
        const seen = new Set(result.map(canonicalJson));
        return seen.size === elements.size && [...seen].every((other) => elements.has(other)) ? [elements] : [];
      }
      default:
        throw new RangeError(`set has add, remove, contains and read, not ${f}`);
    }
  },
  identify: (elements) => [...elements].sort().join(),
};

// A stack for each key: push an element, pop the last one; a pop of null found the stack empty.
import type { Model } from "../../../checker/mod.ts";

const stack: Model<readonly unknown[]> = {
  name: "stack-by-key",
  initial: [],
  step(items, { f, argument, result, type }) {
    if (f === "push") return [[...items, argument]];
    if (f !== "pop") throw new RangeError(`a stack has push and pop, not ${f}`);
    const top = items.at(-1) ?? null;
    return type === "info" || result === top ? [items.slice(0, -1)] : [];
  },
  partition: ({ key }) => key,
};

export default stack;

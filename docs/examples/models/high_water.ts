// A high-water mark for each key: raise it, read it. Reads change nothing, so they cost the search little.
import type { Model } from "../../../checker/mod.ts";

const highWater: Model<number> = {
  name: "high-water",
  initial: 0,
  step(mark, { f, argument, result, type }) {
    if (f === "raise") return [Math.max(mark, Number(argument))];
    if (f !== "read") throw new RangeError(`a high-water mark has raise and read, not ${f}`);
    return type === "info" || result === mark ? [mark] : [];
  },
  partition: ({ key }) => key,
  observes: ({ f }) => f === "read",
};

export default highWater;

/**
 * The model of a lock.
 *
 * @module
 */
import type { Model } from "./model.ts";

/**
 * A lock for each key, free at first: `acquire` takes it, `release` gives it back. As in Knossos, it does not matter
 * who holds it.
 */
export const mutex: Model<boolean> = {
  name: "mutex",
  initial: false,
  partition: ({ key }) => key,
  step(isHeld, { f }) {
    if (f !== "acquire" && f !== "release") throw new RangeError(`mutex has acquire and release, not ${f}`);
    return isHeld === (f === "release") ? [!isHeld] : [];
  },
  identify: (isHeld) => isHeld ? "held" : "free",
};

/**
 * A lock.
 *
 * @module
 */
import type { Model } from "./model.ts";

/**
 * A lock for each key that `acquire` takes and `release` gives back, free at first. Who holds it does not matter, as in
 * Knossos.
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

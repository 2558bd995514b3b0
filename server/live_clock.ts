/**
 * The clock of live clusters: the runtime's timers.
 *
 * @module
 */
import { type Clock, MILLISECOND } from "./clock.ts";

/** The longest delay of the runtimes' timers, in milliseconds; a longer one would fire at once. */
const DELAY_MAX = 2_147_483_647;

/**
 * Makes a clock that begins now. It is monotonic: changes of the system's time do not affect it. Its timers are as
 * exact as the runtime's, to some milliseconds.
 */
export function createLiveClock(): Clock {
  const begin = performance.now();
  return {
    now: () => Math.round((performance.now() - begin) * MILLISECOND),
    after(delay, action) {
      const timer = setTimeout(action, Math.min(delay / MILLISECOND, DELAY_MAX));
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

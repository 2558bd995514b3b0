/**
 * The one clock: everything in the harness that waits, waits on it. An event queue stands behind it in the simulator,
 * the runtime's timers when live.
 *
 * @module
 */

/** A microsecond in the clock's unit, the nanosecond. */
export const MICROSECOND = 1_000;
/** A millisecond in the clock's unit, the nanosecond. */
export const MILLISECOND = 1_000_000;
/** A second in the clock's unit, the nanosecond. */
export const SECOND = 1_000_000_000;

/** An action that waits for its time. */
export interface Timer {
  /** The action will not run; without effect if it has run already. */
  cancel(): void;
}

/** Time in nanoseconds since the clock began, as a whole number. It never goes back. */
export interface Clock {
  /** The time at present. */
  now(): number;
  /**
   * Runs `action` once, `delay` nanoseconds from now (a whole number, at least 0), after everything that is due
   * earlier.
   */
  after(delay: number, action: () => void): Timer;
}

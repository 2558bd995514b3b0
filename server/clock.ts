/**
 * The one clock on which everything in the harness and the server waits: in the simulator it is an event queue, live
 * the runtime's timers.
 *
 * @module
 */

/** A microsecond in the clock's unit, the nanosecond. */
export const MICROSECOND = 1_000;
/** A millisecond in the clock's unit, the nanosecond. */
export const MILLISECOND = 1_000_000;
/** A second in the clock's unit, the nanosecond. */
export const SECOND = 1_000_000_000;

/** An action that is scheduled for a time. */
export interface Timer {
  /** Cancels the action. Has no effect if it has run already. */
  cancel(): void;
}

/** Time in nanoseconds since the clock began, as a whole number. It never goes back. */
export interface Clock {
  /** The current time. */
  now(): number;
  /**
   * Runs `action` once, `delay` nanoseconds from now (a whole number, at least 0), after all actions that are due
   * earlier.
   */
  after(delay: number, action: () => void): Timer;
}

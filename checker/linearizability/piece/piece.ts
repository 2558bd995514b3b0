/**
 * One independent part of a history, prepared for judging: the operations of one key, or of the whole history if the
 * model ties keys together.
 *
 * @module
 */

/** The operation saw the state `a`, and changes nothing. */
export const READ = 0;
/** The operation saw that the state was not `a`: a failed compare that did not tell what it saw. */
export const NOT_EQUAL = 1;
/** The operation sets the state to `a`, whatever it was. */
export const WRITE = 2;
/** The operation changes the state from `a` to `b`. */
export const SWAP = 3;
/** The operation does what the transitions of class `a` say. */
export const STEP = 4;
/** As STEP, for a class that never changes the state. */
export const LOOK = 5;

/** The return of an operation of unknown outcome. */
export const NEVER = 0x7fffffff;

/**
 * The possible steps from a state, for models other than registers. States and classes of operations are dense
 * integers.
 */
export interface Transitions {
  /** How many states an operation of class `kind` can lead to from `state`; 0 if it cannot happen there. */
  count(state: number, kind: number): number;
  /** The state number `choice` of these. */
  next(state: number, kind: number, choice: number): number;
  /**
   * Transitions for a piece that has only operations of these classes, with which dead ends may show sooner.
   * States get new numbers; the first is still 0.
   */
  among(kinds: Iterable<number>): Transitions;
  /** Whether the states that were met take more memory than a check may use. */
  isFull(): boolean;
}

/** What the classes of a counter's operations do, by class. */
export interface Sums {
  readonly initial: number;
  /** The amount that a STEP adds. */
  readonly delta: Float64Array;
  /** The sum that a LOOK saw. */
  readonly sees: Float64Array;
}

/** The operations of a piece, in the order of their invocations. See the constants for the meaning of `a` and `b`. */
export interface Piece {
  /** How many operations there are. */
  readonly length: number;
  /** Each operation's row in the original table. */
  readonly rows: Int32Array;
  readonly kind: Uint8Array;
  /** Values or classes as dense integers below `values`. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** The positions of an operation's invocation and return in `events`; NEVER if its outcome is unknown. */
  readonly inv: Int32Array;
  readonly ret: Int32Array;
  /** The number of the operation for its invocation, the complement of that number for its return. */
  readonly events: Int32Array;
  /** The state before the first operation. */
  readonly initial: number;
  /** How many dense values there are. */
  readonly values: number;
  /**
   * How many of the first operations are relaxed: they may take effect at any time or never. They begin before all
   * others. Default: 0.
   */
  readonly relaxed?: number;
  /** By operation: 1 for a completed write or swap that may also not have happened. Default: all have happened. */
  readonly optional?: Uint8Array;
  /** Present if there are operations of the kinds STEP or LOOK. */
  readonly transitions?: Transitions;
  /** Present if the state is a sum: what the classes add and see. */
  readonly sums?: Sums;
}

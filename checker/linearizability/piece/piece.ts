/**
 * One independent part of a history, made ready for judging: the operations of one key, or of the whole where the model
 * ties keys together.
 *
 * @module
 */

/** Saw that the state was `a`; changes nothing. */
export const READ = 0;
/** Saw that the state was not `a`: a failed compare that did not tell what it saw. */
export const NOT_EQUAL = 1;
/** Sets the state to `a`, whatever it was. */
export const WRITE = 2;
/** Took the state from `a` to `b`. */
export const SWAP = 3;
/** Whatever the transitions say of class `a`. */
export const STEP = 4;
/** As STEP, but known to leave every state as it is. */
export const LOOK = 5;

/** Returned never: the operation's outcome is unknown. */
export const NEVER = 0x7fffffff;

/**
 * What may follow a state, for models that are more than a register. States and classes of operations are dense
 * integers.
 */
export interface Transitions {
  /** How many states an operation of class `kind` can lead to from `state`; 0: it cannot have happened there. */
  count(state: number, kind: number): number;
  /** One of them. */
  next(state: number, kind: number, choice: number): number;
  /**
   * The same for a piece that has only operations of these classes, which may be known to end badly sooner: its states
   * are numbered anew, 0 is still the first.
   */
  among(kinds: Iterable<number>): Transitions;
  /** Whether the states that were met take up more memory than a check may have. */
  isFull(): boolean;
}

/** What the classes of a counter's operations do, by class. */
export interface Sums {
  readonly initial: number;
  /** What a STEP adds. */
  readonly delta: Float64Array;
  /** The sum that a LOOK saw. */
  readonly sees: Float64Array;
}

/**
 * The operations of a piece, in the order of their invocation; see the constants for what `a` and `b` mean to each
 * kind.
 */
export interface Piece {
  /** How many operations there are. */
  readonly length: number;
  /** Each operation's row in the table it came from. */
  readonly rows: Int32Array;
  readonly kind: Uint8Array;
  /** Values or classes as dense integers below `values`. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Where an operation begins and ends in `events`; NEVER where its outcome is unknown. */
  readonly inv: Int32Array;
  readonly ret: Int32Array;
  /** An operation's number for its invocation, its complement for its return. */
  readonly events: Int32Array;
  /** The state before the first operation. */
  readonly initial: number;
  /** How many dense values there are. */
  readonly values: number;
  /**
   * How many of the first operations may take effect at any time or never, whatever they were: they begin before all
   * others. Default: 0.
   */
  readonly relaxed?: number;
  /** Present if there are operations of the kinds STEP or LOOK. */
  readonly transitions?: Transitions;
  /** Present if the state is a sum: what the classes add and see. */
  readonly sums?: Sums;
}

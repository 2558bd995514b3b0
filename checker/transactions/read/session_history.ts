/**
 * Transactions in sessions, without any time: what PolySI's and AWDIT's files hold.
 *
 * @module
 */

/** One read or write of a register: `["w", key, value]` or `["r", key, value]`. */
export type RegisterOperation = readonly ["w" | "r", unknown, unknown];

/** One transaction of a session. */
export interface SessionTransaction {
  /** What it did, in order. */
  readonly operations: readonly RegisterOperation[];
  /** Whether it committed; an aborted one surely did not happen. */
  readonly committed: boolean;
  /** The line on which it begins, from 1. */
  readonly line: number;
}

/** A history of sessions: the order within a session is known, that between sessions is not. */
export interface SessionHistory {
  /** The sessions, each with its transactions in order. */
  readonly sessions: readonly (readonly SessionTransaction[])[];
  /** The value that every key has at first; `null` where a read of it is written as `null`. */
  readonly initial: unknown;
}

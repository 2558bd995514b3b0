/**
 * Transactions in sessions without times: the content of PolySI's and AWDIT's files.
 *
 * @module
 */

/** One read or write of a register: `["w", key, value]` or `["r", key, value]`. */
export type RegisterOperation = readonly ["w" | "r", unknown, unknown];

/** One transaction of a session. */
export interface SessionTransaction {
  /** What it did, in order. */
  readonly operations: readonly RegisterOperation[];
  /** Whether it committed; an aborted one certainly did not happen. */
  readonly committed: boolean;
  /** The line on which it begins, from 1. */
  readonly line: number;
}

/** A history of sessions. The order within a session is known, the order between sessions is not. */
export interface SessionHistory {
  /** The sessions, each with its transactions in order. */
  readonly sessions: readonly (readonly SessionTransaction[])[];
  /** The initial value of every key; `null` if a read of it is written as `null`. */
  readonly initial: unknown;
}

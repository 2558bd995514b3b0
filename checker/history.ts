/**
 * The record of what clients asked and what they were told: Jepsen's history.
 *
 * @module
 */

/**
 * How an event ends an operation, or begins it: `ok` happened, `fail` surely did not, `info` may or may not have, now
 * or later.
 */
export type EventType = "invoke" | "ok" | "fail" | "info";

/**
 * One event of a history. The order of the events is the order in real time; `time` is for people.
 *
 * A process has one operation open at a time; after an `info` its client goes on under a new number.
 * The nemesis's events have the process `"nemesis"`.
 */
export interface HistoryEvent {
  /**
   * The position in the history, from 0, by which verdicts about transactions name the event. Default: its place in the
   * array.
   */
  readonly index?: number;
  /** Nanoseconds since the run began; for people. */
  readonly time?: number;
  /** The logical client, or `"nemesis"`. */
  readonly process: number | "nemesis";
  /** What kind of event this is. */
  readonly type: EventType;
  /** The operation's name: `get`, `put`, `cas`, `txn`, ... */
  readonly f: string;
  /** The key that the operation is about, where it has one. */
  readonly key?: unknown;
  /** The argument of an `invoke`, the result of an `ok`. */
  readonly value?: unknown;
  /** Why the operation failed or is of unknown outcome. */
  readonly error?: unknown;
  /**
   * Whether this is one of the last reads: all was healed, and nothing is written any more. Only these bind what is
   * consistent eventually.
   */
  readonly final?: boolean | undefined;
  /** The node that was asked; for people: no verdict depends on it. */
  readonly node?: number | undefined;
  /** The value that a compare-and-set found in place of the one it expected, where the store tells it. */
  readonly actual?: unknown;
}

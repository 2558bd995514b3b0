/**
 * A history in Jepsen's form: what clients asked, and the answers that they got.
 *
 * @module
 */

/**
 * The type of an event. `invoke` begins an operation; the others end it. `ok`: it happened. `fail`: it certainly did
 * not. `info`: it may or may not have happened, now or later.
 */
export type EventType = "invoke" | "ok" | "fail" | "info";

/**
 * One event of a history. The order of the events is their order in real time; `time` is only for people.
 *
 * A process has at most one open operation. After an `info`, its client continues under a new process number. The
 * nemesis's events have the process `"nemesis"`.
 */
export interface HistoryEvent {
  /**
   * The position in the history, from 0. Verdicts about transactions identify the event by it. Default: its place in
   * the array.
   */
  readonly index?: number;
  /** Nanoseconds since the run began; only for people. */
  readonly time?: number;
  /** The logical client, or `"nemesis"`. */
  readonly process: number | "nemesis";
  /** The type of the event. */
  readonly type: EventType;
  /** The operation's name: `get`, `put`, `cas`, `txn`, ... */
  readonly f: string;
  /** The key of the operation, if it has one. */
  readonly key?: unknown;
  /** The argument of an `invoke`, the result of an `ok`. */
  readonly value?: unknown;
  /** Why the operation failed or has an unknown outcome. */
  readonly error?: unknown;
  /**
   * Whether this is one of the last reads, after all faults were healed and all writes have ended. Checks of eventual
   * consistency use only these.
   */
  readonly final?: boolean | undefined;
  /** The node that was asked; only for people: no verdict depends on it. */
  readonly node?: number | undefined;
  /** The value that a failed compare-and-set found, if the store tells it. */
  readonly actual?: unknown;
}

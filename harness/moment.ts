/**
 * What happens inside a system under test, an event at a time: for `--trace`, the story of a shrunk run, and the
 * report.
 *
 * A target tells what it can. What it leaves out, nobody guesses.
 *
 * @module
 */

/** An event inside a node, or on a link from it. */
export interface Moment {
  /** Nanoseconds since the run began. */
  readonly time: number;
  /** Where it happened: the node's number. */
  readonly node: number;
  /**
   * `message` for what came in, `sent` for what goes out, `way` for what became of a message (told when that is
   * known, so not in the order of the times); anything else is a change of the node's state: `role`, `log`, ...
   */
  readonly kind: string;
  /** What happened, in the system's own words. */
  readonly text: string;
  /** Whether a reader of a short story wants to hear of it. */
  readonly matters: boolean;
  /** Of kind `way`: a message's way through the network. */
  readonly way?: MessageWay;
  /** What is different now in the node's state. */
  readonly change?: NodeChange;
}

/** A message's way. */
export interface MessageWay {
  /** The node that it goes to. */
  readonly to: number;
  /** Nanoseconds since the run began; `null`: it is lost. */
  readonly arrives: number | null;
  /** What kind of message it is: `append-request`. */
  readonly type: string;
}

/** What changed in a node. Fields that are left out stay as they were. */
export interface NodeChange {
  /** Whether it runs. */
  readonly life?: "running" | "paused" | "down" | "refused" | "removed";
  /** Its role: `leader`, `follower`, ... */
  readonly role?: string;
  /** Its term. */
  readonly term?: number;
  /** For whom it voted in its term; 0 for nobody. */
  readonly vote?: number;
  /** Up to which index it knows the log to be committed. */
  readonly commit?: number;
  /** Up to which index its state machine has applied. */
  readonly applied?: number;
  /** Up to which index its log would survive a loss of power. */
  readonly durable?: number;
  /** The log, from index `from` on: it ends before, and goes on with entries of these terms. */
  readonly log?: { readonly from: number; readonly terms: readonly number[] };
  /** A snapshot covers the log up to this index. */
  readonly snapshot?: number;
  /** The members, in words. */
  readonly members?: string;
}

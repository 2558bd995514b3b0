/**
 * Events inside a system under test: for `--trace`, the story of a shrunk run, and the report.
 *
 * A target reports what it can. Missing events are not guessed.
 *
 * @module
 */

/** An event inside a node, or on a link from it. */
export interface Moment {
  /** Nanoseconds since the run began. */
  readonly time: number;
  /** The number of the node where it happened. */
  readonly node: number;
  /**
   * `message` for a received message, `sent` for a message that is sent, `way` for the fate of a message (reported when
   * it is known, so not in the order of time). All other kinds are changes of the node's state: `role`, `log`, ...
   */
  readonly kind: string;
  /** A description in the system's own terms. */
  readonly text: string;
  /** Whether a short story should include it. */
  readonly matters: boolean;
  /** For the kind `way`: the message's path through the network. */
  readonly way?: MessageWay;
  /** The change of the node's state. */
  readonly change?: NodeChange;
}

/** The path of a message through the network. */
export interface MessageWay {
  /** The receiving node. */
  readonly to: number;
  /** When it arrives, in nanoseconds since the run began; `null` if it is lost. */
  readonly arrives: number | null;
  /** The type of the message: `append-request`. */
  readonly type: string;
}

/** A change of a node's state. Fields that are left out did not change. */
export interface NodeChange {
  /** Its life: running, paused, ... */
  readonly life?: "running" | "paused" | "down" | "refused" | "removed";
  /** Its role: `leader`, `follower`, ... */
  readonly role?: string;
  /** Its term; `null` if it is not known any more. */
  readonly term?: number | null;
  /** The candidate that it voted for in its term; 0 for none. */
  readonly vote?: number;
  /** The last index that it knows to be committed. */
  readonly commit?: number;
  /** The last index that its state machine has applied. */
  readonly applied?: number;
  /** The last index of its log that would survive a loss of power. */
  readonly durable?: number;
  /** The log from index `from` on: earlier entries stay, and entries with these terms follow. */
  readonly log?: { readonly from: number; readonly terms: readonly number[] };
  /** A snapshot covers the log up to this index. */
  readonly snapshot?: number;
  /** The members, as text. */
  readonly members?: string;
}

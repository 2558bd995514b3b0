/**
 * What the invariants know of a run: every node as it was seen last, what was committed so far, and what has broken.
 *
 * @module
 */
import type { Configuration, Envelope, NodeId, RaftLog, Role } from "../../../raft/mod.ts";
import type { Verdict } from "../../../checker/mod.ts";

/** Something that Raft proves impossible. */
export interface Breach {
  /** Nanoseconds since the run began. */
  readonly time: number;
  /** What it was, beginning with the name of the invariant. */
  readonly what: string;
}

/** The verdict of the invariants: the first thing that broke, and when. */
export interface SafetyVerdict extends Verdict {
  /** Every breach, in the order of their times. */
  readonly breaches: readonly Breach[];
}

/** How the nodes' elections are set. */
export interface ElectionSettings {
  /** The core's option of that name. */
  readonly electionTimeoutTicks: number;
  /** The core's option of that name: without it voters are loyal to nobody. */
  readonly checkQuorum: boolean;
}

/** What is known of a node. */
export interface Observed {
  readonly log: RaftLog;
  /** How many ticks it has had since it started. */
  readonly ticks: () => number;
  /** `terms[index]`: the terms of the entries in its log, as far as they were seen. */
  readonly terms: number[];
  /** The indexes of the configurations in its log, as far as they were seen. */
  readonly configurations: number[];
  configuration: Configuration | null;
  /** Whether it holds a lease at present. */
  hasLease: () => boolean;
  commitIndex: number;
  role: Role;
  /** The tick at which it last heard from its leader; -1 if it knows of none. */
  heardAtTick: number;
  /**
   * The tick at which it last heard from any leader, or from one who asked it to campaign; -1 if it has not, or if it
   * was asked.
   */
  silentSinceTick: number;
  /** The last message that came to it. */
  received: Envelope | null;
  /** As a leader: the ticks at which its followers echoed a heartbeat last. */
  readonly echoedAtTick: Map<NodeId, number>;
  /** As a leader: the tick at which it began to hand over; -1 if it does not. */
  transferSinceTick: number;
  /** What the vote asked for last was asked with. */
  asked: { readonly lastLogIndex: number; readonly lastLogTerm: number; readonly isTransfer: boolean };
  /** Whether a configuration was cut off, and the node has not yet gone back to the one before. */
  owesRollback: boolean;
  /** The snapshot that took the log's place last: its index, and up to where the log went before. */
  installed: { readonly index: number; readonly lastIndex: number } | null;
  /** As a leader: the heartbeat rounds in which entries were sent that have no answer yet, by follower. */
  readonly openAppends: Map<NodeId, number>;
  /** As a leader: whether it does not know where its log and a follower's part. */
  isProbed: (follower: NodeId) => boolean;
}

/** A log whose snapshots take a while to be durable. */
type SlowLog = RaftLog & { readonly durableSnapshotIndex?: number };

/** Where the committed prefix ended when a term's leader last extended it. */
interface CommitMark {
  readonly committedIn: number;
  readonly index: number;
}

/** After this many breaches the rest is left out: they follow from the first. */
const MAX_BREACHES = 20;

/** What the invariants share. */
export class World {
  readonly settings: ElectionSettings;
  /** The nodes, as of their last start. */
  readonly nodes: Map<number, Observed> = new Map();
  /** `committed[index]`: the term of the entry that was committed there. */
  readonly committed: number[] = [];
  committedThrough = 0;
  readonly marks: CommitMark[] = [];
  readonly #now: () => number;
  readonly #breaches: Breach[] = [];

  /** @param now The run's clock. */
  constructor(now: () => number, settings: ElectionSettings) {
    this.#now = now;
    this.settings = settings;
  }

  /** Something that must not happen has happened. */
  broken(what: string): void {
    if (this.#breaches.length < MAX_BREACHES) this.#breaches.push({ time: this.#now(), what });
  }

  /** Whether something has broken. */
  get isBroken(): boolean {
    return this.#breaches.length > 0;
  }

  /** Whether all was well so far. */
  verdict(): SafetyVerdict {
    const first = this.#breaches[0];
    return first === undefined
      ? { valid: true, breaches: [] }
      : { valid: false, reason: first.what, breaches: this.#breaches };
  }
}

/** A node that starts with a log. */
export function observed(log: RaftLog, ticks: () => number): Observed {
  return {
    log,
    ticks,
    terms: [],
    configurations: [],
    configuration: null,
    hasLease: () => false,
    commitIndex: 0,
    role: "follower",
    heardAtTick: -1,
    silentSinceTick: -1,
    received: null,
    echoedAtTick: new Map(),
    transferSinceTick: -1,
    asked: { lastLogIndex: Infinity, lastLogTerm: Infinity, isTransfer: false },
    owesRollback: false,
    installed: null,
    openAppends: new Map(),
    isProbed: () => false,
  };
}

/**
 * Up to where a node's disk holds its log, as entries or in a snapshot. What only a snapshot holds counts when its file
 * is durable.
 */
export function durableThrough({ log, installed }: Pick<Observed, "log" | "installed">): number {
  const { durableIndex, durableSnapshotIndex = Infinity } = log as SlowLog;
  if (installed === null || durableSnapshotIndex >= installed.index) return durableIndex;
  return Math.min(durableIndex, installed.lastIndex);
}

/** A message has come to a node: of a leader, or of a candidate. */
export function hears(node: Observed, envelope: Envelope): void {
  node.received = envelope;
  switch (envelope.type) {
    case "append-request":
    case "heartbeat-request":
    case "commit-notice":
    case "snapshot-request":
      if (envelope.term >= node.log.state.term) node.heardAtTick = node.silentSinceTick = node.ticks();
      return;
    case "heartbeat-response":
      if (envelope.term === node.log.state.term) node.echoedAtTick.set(envelope.from, node.ticks());
      return;
    case "timeout-now":
      node.silentSinceTick = -1;
      return;
    case "vote-request":
      node.asked = { ...envelope, isTransfer: envelope.leadershipTransfer };
      return;
    case "pre-vote-request":
      node.asked = { ...envelope, isTransfer: false };
  }
}

/** Whether two byte strings are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

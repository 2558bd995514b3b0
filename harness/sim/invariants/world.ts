/**
 * What the invariants know of a run: the last known state of every node, the committed entries, and the breaches.
 *
 * @module
 */
import type { Configuration, Envelope, HeartbeatResponse, NodeId, RaftLog, Role } from "../../../raft/mod.ts";
import type { Verdict } from "../../../checker/mod.ts";
import type { TakenRead } from "./taken_read.ts";

/** Something that Raft proves impossible. */
export interface Breach {
  /** Nanoseconds since the run began. */
  readonly time: number;
  /** A description that begins with the name of the invariant. */
  readonly what: string;
}

/** The verdict of the invariants: the first breach, and its time. */
export interface SafetyVerdict extends Verdict {
  /** All breaches, in the order of their times. */
  readonly breaches: readonly Breach[];
}

/** The core's settings that the invariants rely on. */
export interface ElectionSettings {
  /** The core's option with this name. */
  readonly electionTimeoutTicks: number;
  /** The core's option with this name; without it voters are loyal to no leader. */
  readonly checkQuorum: boolean;
  /** The core's option with this name. */
  readonly preVote: boolean;
  /** The core's option with this name. */
  readonly maxAppendBytes: number;
}

/** The known state of a node. */
export interface Observed {
  readonly log: RaftLog;
  /** How many ticks it had since it started. */
  readonly ticks: () => number;
  /** `terms[index]`: the terms of the entries in its log, as far as they are known. */
  readonly terms: number[];
  /** The indexes of the configurations in its log, as far as they are known. */
  readonly configurations: number[];
  configuration: Configuration | null;
  /** Whether it holds a lease now. */
  hasLease: () => boolean;
  commitIndex: number;
  /** Up to where it has handed the log to its host. */
  appliedIndex: number;
  role: Role;
  /** The tick at which it last heard from its leader; -1 if it knows none. */
  heardAtTick: number;
  /**
   * The tick at which it last heard from any leader, or from a node that asked it to campaign; -1 if it never did, or
   * was asked.
   */
  silentSinceTick: number;
  /** The last message that it received. */
  received: Envelope | null;
  /** On a leader: the ticks of its followers' last heartbeat echoes. */
  readonly echoedAtTick: Map<NodeId, number>;
  /** On a leader: the tick at which it began to hand over; -1 if it does not. */
  transferSinceTick: number;
  /** On a leader: to whom it hands over, or has handed over last. */
  transferTarget: NodeId | null;
  /** The log position and kind of the last vote request. */
  asked: { readonly lastLogIndex: number; readonly lastLogTerm: number; readonly isTransfer: boolean };
  /** Whether a configuration was truncated, and the node has not yet returned to the earlier one. */
  owesRollback: boolean;
  /** The snapshot that took the log's place last: its index, and up to where the log went before. */
  installed: { readonly index: number; readonly lastIndex: number } | null;
  /** As a leader: the heartbeat rounds in which entries were sent that have no answer yet, by follower. */
  readonly openAppends: Map<NodeId, number>;
  /** As a leader: whether it does not know where its log and a follower's part. */
  isProbed: (follower: NodeId) => boolean;
  /** As a leader: its last heartbeat round. */
  round: number;
  /** As a leader: the latest round that each follower has echoed. */
  readonly echoedRound: Map<NodeId, number>;
  /** As a leader: when each follower's latest promise began, in the leader's ticks. */
  readonly promisedAtTick: Map<NodeId, number>;
  /** The last term that it led. */
  ledTerm: number;
  /** The last term in which it stepped down for want of a quorum. */
  lostQuorumIn: number;
  /** The last term in which it began to hand over while its disk was behind. */
  resignedIn: number;
  /** As a leader: whether it has asked another node to campaign in this term. */
  hasAskedToCampaign: boolean;
  /** As a leader: the last entry that each follower has acknowledged. */
  readonly matched: Map<NodeId, number>;
  /** As a leader: the last heartbeat round before a member joined. What it says of earlier rounds is void. */
  readonly joinedAfter: Map<NodeId, number>;
  /** As a leader: how far its own log was durable when the last answer came. */
  ownDurable: number;
  /** As a leader: whether what a quorum holds must be committed. */
  isCommitDue: boolean;
  /** As a leader: the followers that have refused a snapshot. */
  readonly refusing: Set<NodeId>;
  /** As a leader: a follower whose last refusal was overtaken by an acknowledgement. */
  lateRefusal: NodeId | null;
  /** As a leader: the reads that it has taken and not confirmed. */
  readonly reads: Map<number, TakenRead>;
  /** As a leader: whether the last message has shown a later round than its sender had echoed before. */
  hasFreshEcho: boolean;
  /** The votes that it has received. */
  votes: Votes;
  /** The pre-votes that it has received, which are about the next term. */
  preVotes: Votes;
}

/** Who has voted for a node in a term. */
interface Votes {
  readonly term: number;
  readonly granted: Set<NodeId>;
}

/** A log whose snapshots take a while to be durable. */
type SlowLog = RaftLog & { readonly durableSnapshotIndex?: number };

/** The end of the committed entries when a term's leader last extended them. */
interface CommitMark {
  readonly committedIn: number;
  readonly index: number;
}

/** How many breaches are kept: later ones follow from the first. */
const MAX_BREACHES = 20;

/** The shared state of the invariants. */
export class World {
  readonly settings: ElectionSettings;
  /** The nodes, as of their last start. */
  readonly nodes: Map<number, Observed> = new Map();
  /** The numbers that a second node has, after the first one was removed. */
  readonly reused: Set<number> = new Set();
  /** `committed[index]`: the term of the entry that was committed there. */
  readonly committed: number[] = [];
  committedThrough = 0;
  readonly marks: CommitMark[] = [];
  /** How far anybody had committed when a follower forwarded a read, by the read's number. */
  readonly readsAsked: Map<number, number> = new Map();
  readonly #now: () => number;
  readonly #breaches: Breach[] = [];

  /** @param now The run's clock. */
  constructor(now: () => number, settings: ElectionSettings) {
    this.#now = now;
    this.settings = settings;
  }

  /** The time of the run's clock. */
  get now(): number {
    return this.#now();
  }

  /** Reports a breach. */
  broken(what: string): void {
    if (this.#breaches.length < MAX_BREACHES) this.#breaches.push({ time: this.#now(), what });
  }

  /** Whether there was a breach. */
  get isBroken(): boolean {
    return this.#breaches.length > 0;
  }

  /** The verdict so far. */
  verdict(): SafetyVerdict {
    const first = this.#breaches[0];
    return first === undefined
      ? { valid: true, breaches: [] }
      : { valid: false, reason: first.what, breaches: this.#breaches };
  }
}

/** The state of a node that starts with a log. */
export function observed(log: RaftLog, ticks: () => number): Observed {
  return {
    log,
    ticks,
    terms: [],
    configurations: [],
    configuration: null,
    hasLease: () => false,
    commitIndex: log.snapshotIndex,
    appliedIndex: log.snapshotIndex,
    role: "follower",
    heardAtTick: -1,
    silentSinceTick: -1,
    received: null,
    echoedAtTick: new Map(),
    transferSinceTick: -1,
    transferTarget: null,
    asked: { lastLogIndex: Infinity, lastLogTerm: Infinity, isTransfer: false },
    owesRollback: false,
    installed: null,
    openAppends: new Map(),
    isProbed: () => false,
    round: 0,
    echoedRound: new Map(),
    promisedAtTick: new Map(),
    ledTerm: 0,
    lostQuorumIn: 0,
    resignedIn: 0,
    hasAskedToCampaign: false,
    matched: new Map(),
    joinedAfter: new Map(),
    ownDurable: 0,
    isCommitDue: false,
    refusing: new Set(),
    lateRefusal: null,
    reads: new Map(),
    hasFreshEcho: false,
    votes: { term: 0, granted: new Set() },
    preVotes: { term: 0, granted: new Set() },
  };
}

/**
 * Up to where a node's disk holds its log, as entries or in a snapshot. What only a snapshot holds counts when its file
 * is durable.
 */
export function durableThrough({ log, installed }: Pick<Observed, "log" | "installed">): number {
  const { durableIndex } = log;
  if (installed === null) return durableIndex;
  const { durableSnapshotIndex = Infinity } = log as SlowLog;
  return durableSnapshotIndex >= installed.index ? durableIndex : Math.min(durableIndex, installed.lastIndex);
}

/** A node has another role: what it knew in the earlier one no longer counts. */
export function playsRole(node: Observed, role: Role): void {
  node.role = role;
  if (role === "leader") node.ledTerm = node.log.state.term;
  node.heardAtTick = node.transferSinceTick = -1;
  node.echoedAtTick.clear();
  node.echoedRound.clear();
  node.openAppends.clear();
  node.reads.clear();
  node.promisedAtTick.clear();
  node.refusing.clear();
  node.hasAskedToCampaign = false;
  node.matched.clear();
  node.joinedAfter.clear();
  node.isCommitDue = false;
  node.round = node.ownDurable = 0;
}

/** A node receives a message from a leader or a candidate. */
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
      if (envelope.term === node.log.state.term) echoes(node, envelope);
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

function echoes(node: Observed, { from, round, sentAtTick }: HeartbeatResponse): void {
  if (round <= (node.joinedAfter.get(from) ?? -1)) return;
  node.echoedAtTick.set(from, node.ticks());
  node.promisedAtTick.set(from, Math.max(sentAtTick, node.promisedAtTick.get(from) ?? 0));
  const before = node.echoedRound.get(from) ?? 0;
  if (round <= before) return;
  node.echoedRound.set(from, round);
  // The echo of a member that has been removed meanwhile confirms nothing.
  node.hasFreshEcho = node.configuration !== null && isVoterOf(node.configuration, from);
}

function isVoterOf({ voters, votersOutgoing }: Configuration, id: NodeId): boolean {
  return voters.includes(id) || votersOutgoing.includes(id);
}

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

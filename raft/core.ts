/**
 * The state of a node, as figure 2 of the Raft paper lists it, and the few operations that every rule uses. The rules
 * themselves are in the files that take a `Core`; `dispatch.ts` lists them by message.
 *
 * @module
 */
import type { ResolvedConfig } from "./config.ts";
import { type ConfigurationStack, decodeConfiguration, isVoter, membersOf } from "./configuration.ts";
import { RaftInvariantError } from "./errors.ts";
import type { RaftLog } from "./log.ts";
import type { Envelope } from "./message.ts";
import { OpenProposals } from "./open_proposals.ts";
import { Inflights, Progress } from "./progress.ts";
import type { Random } from "./random.ts";
import { SyncStall, UnsyncedBytes } from "./unsynced.ts";
import { ReadQueue, type ReadResult } from "./reads.ts";
import type { RaftTracer } from "./tracer.ts";
import {
  type Configuration,
  type Doubt,
  type Entry,
  type LogIndex,
  MAX_INDEX,
  MAX_TERM,
  type NodeId,
  type Role,
  type Snapshot,
  type Term,
} from "./types.ts";

/** A snapshot of which not all bytes have been received. */
interface IncomingSnapshot {
  /** The term in which its leader began to send it. */
  readonly sentIn: Term;
  readonly snapshot: Snapshot;
  /** How many of its bytes were given to the log. */
  received: number;
  /** How many of its bytes the leader was told are written. */
  told: number;
  /** Chunks that have overtaken the one that is wanted, by their offsets; no more than `maxInflightBytes`. */
  readonly early: Map<number, Uint8Array>;
}

/** A read that was forwarded to the leader. */
interface ForwardedRead {
  readonly context: number;
  readonly expiresAtTick: number;
}

/** The longest election timeout, as a multiple of the configured one. */
export const MAX_TIMEOUT_FACTOR = 10;

/** A node's state. The module does not export it. */
export class Core {
  readonly config: ResolvedConfig;
  readonly id: NodeId;
  readonly log: RaftLog;
  readonly tracer: RaftTracer | null;
  readonly random: Random;

  // on every node
  role: Role = "follower";
  term: Term;
  votedFor: NodeId | null;
  leader: NodeId | null = null;
  commitIndex: LogIndex;
  appliedIndex: LogIndex;
  /** All configurations in the log. */
  configurations: ConfigurationStack;
  /** The configuration in force: the latest in the log. */
  configuration: Configuration;
  /** Ticks since the node started. */
  clock = 0;
  /**
   * Ticks since the node last heard from a leader, gave a vote, or began a campaign. It stands still while the node's
   * term and vote are not durable, because nobody can be told of them until then.
   */
  electionElapsedTicks = 0;
  /** How many elections in a row this node has lost since it last heard from a leader. Each doubles the timeout. */
  lostElections = 0;
  /** Drawn anew for each term (Raft, section 5.2). */
  electionTimeoutTicks = 0;
  /**
   * The tick until which the node ignores campaigns: an election timeout after it last heard from a leader of any term.
   */
  loyalUntilTick = 0;
  /** The tick until which a restarted voter gives no vote: it has forgotten which leader it promised a lease to. */
  votesFromTick = 0;
  /** The last index up to which an append of this term's leader has shown that the log is the leader's. */
  vouchedIndex: LogIndex = 0 as LogIndex;
  /**
   * The index beyond the log's end that the leader says this node has acknowledged; `null` if it says no such thing.
   */
  missing: { readonly index: LogIndex; readonly sinceTick: number; readonly claims: number } | null = null;
  /** The index of the configuration that removed this node, as it was told; 0 if it was not. */
  removedAt: LogIndex = 0 as LogIndex;
  /** The tick until which the node believes that it was removed, and does not campaign. */
  removedUntilTick = 0;
  /** The bytes of the log that are not durable, and for how long their number has not changed. */
  readonly unsynced: UnsyncedBytes;
  readonly stall: SyncStall;
  /** Envelopes that the host has yet to send. */
  outbox: Envelope[] = [];
  /** A snapshot that the host has yet to load. */
  restored: Snapshot | null;
  incoming: IncomingSnapshot | null = null;
  /** What the node may have acknowledged and then lost (doubt.ts). */
  doubt: Doubt | null;
  /** Reads that are decided and wait for `drainReads`. */
  decidedReads: ReadResult[] = [];
  /** Reads of this follower that it forwarded to a leader, by their number. */
  readonly forwardedReads: Map<number, ForwardedRead> = new Map();
  nextReadId: number;
  /** Proposals of this node that are not decided yet. */
  readonly openProposals: OpenProposals = new OpenProposals();

  // on candidates
  readonly votes: Map<NodeId, boolean> = new Map();

  // on leaders, made anew for each term
  /** Every other member, in the order of their ids. */
  followers: Progress[] = [];
  readonly progress: Map<NodeId, Progress> = new Map();
  /** The index of the noop that opened the leader's term. */
  termStartIndex: LogIndex = 0 as LogIndex;
  /** Bytes of this term's commands that are not committed. */
  uncommittedBytes = 0;
  heartbeatElapsedTicks = 0;
  quorumElapsedTicks = 0;
  /** The latest heartbeat round. */
  round = 0;
  readonly reads: ReadQueue = new ReadQueue();
  transferTarget: NodeId | null = null;
  transferElapsedTicks = 0;
  /** Whether the leader steps down if the transfer fails: it was removed, or its disk hangs. */
  isResigning = false;
  /** Members that a configuration of this leader has removed, and that it has yet to tell. */
  departed: NodeId[] = [];
  /** Whether a TimeoutNow was sent in this term. From then on voters may break their promise, and there is no lease. */
  hasSentTimeoutNow = false;
  /** The entries last read from the log for sending; followers that need the same ones share them. */
  lastSlice: readonly Entry[] = [];
  lastSliceFrom = 0;
  lastSliceTo = 0;

  /**
   * The last index that each member holds durably. The leader's own copy counts only up to its log's `durableIndex`
   * (dissertation, section 10.2.1).
   */
  readonly heldBy: (id: NodeId) => number | undefined = (id) =>
    id === this.id ? this.log.durableIndex : this.progress.get(id)?.matchIndex;

  constructor(config: ResolvedConfig, log: RaftLog, configurations: ConfigurationStack, random: Random) {
    this.config = config;
    this.id = config.id;
    this.log = log;
    this.tracer = config.tracer;
    this.random = random;
    this.configurations = configurations;
    this.configuration = configurations.current;
    this.term = log.state.term;
    this.votedFor = log.state.votedFor;
    this.commitIndex = this.appliedIndex = Math.max(config.appliedIndex, log.snapshotIndex) as LogIndex;
    this.doubt = log.doubt ?? null;
    this.restored = config.appliedIndex > 0 && config.appliedIndex >= log.snapshotIndex ? null : log.snapshot;
    this.unsynced = new UnsyncedBytes(log);
    this.stall = new SyncStall(log);
    // The numbers start at random (26 bits of 52), so two lives of a node are unlikely to use the same ones.
    this.nextReadId = random.split("reads").below(67108864) * 67108864;
  }

  /** Whether this node has a vote in the configuration in force. */
  get isVoter(): boolean {
    return isVoter(this.configuration, this.id);
  }

  /**
   * Whether another node has said that a committed configuration, as late as any that is known here, has removed it.
   */
  get isRemoved(): boolean {
    return this.removedAt > 0 && this.removedAt >= this.configurations.currentIndex;
  }

  /**
   * Whether the node may campaign: it is a voter of the configuration in force, or of an earlier one, back to the last
   * that is known to be committed. Until a configuration without the node is committed, the node may be the only one
   * that can win (dissertation, section 4.2.2 and figure 4.6); its own vote then does not count. A node at the largest
   * term or index does not campaign, because it could not lead.
   */
  get mayCampaign(): boolean {
    if (this.clock < this.removedUntilTick && this.isRemoved) return false;
    if (this.term >= MAX_TERM || this.log.lastIndex >= MAX_INDEX) return false;
    if (this.doubt !== null) return false;
    return this.isVoter ||
      this.configurations.someSince(this.commitIndex, (configuration) => isVoter(configuration, this.id));
  }

  /** Whether this node is the only voter, and so decides alone. */
  get isSoleVoter(): boolean {
    const { voters, votersOutgoing } = this.configuration;
    return voters.length === 1 && voters[0] === this.id && votersOutgoing.every((id) => id === this.id);
  }

  /** Whether the term is durable. Messages that tell others of the term must wait until it is. */
  get isTermDurable(): boolean {
    return this.log.durableState.term === this.term;
  }

  /** Whether the term and the vote are durable. */
  get isStateDurable(): boolean {
    const { term, votedFor } = this.log.durableState;
    return term === this.term && votedFor === this.votedFor;
  }

  /** Whether the leader has committed an entry of its own term, and so knows what is committed (Raft, section 8). */
  get hasCommittedInTerm(): boolean {
    return this.commitIndex >= this.termStartIndex;
  }

  send(envelope: Envelope): void {
    this.tracer?.send?.(envelope);
    // Most batches hold one envelope. An array literal has room for just one; a first push to an empty array makes room
    // for seventeen.
    if (this.outbox.length === 0) this.outbox = [envelope];
    else this.outbox.push(envelope);
  }

  /** Takes out the envelopes that are to be sent. */
  takeOutbox(): Envelope[] {
    // The caller may change what it gets, so an empty outbox is kept and a new array returned.
    const taken = this.outbox;
    if (taken.length > 0) this.outbox = [];
    return taken.length > 0 ? taken : [];
  }

  reject(envelope: Envelope, why: string): void {
    this.tracer?.staleRejected?.(envelope, why);
  }

  setHardState(term: Term, votedFor: NodeId | null): void {
    if (term > MAX_TERM) {
      throw new RaftInvariantError(`The terms of node ${this.id} are used up: ${this.term} was the last`);
    }
    if (term < this.term) {
      throw new RaftInvariantError(`The term of node ${this.id} would fall from ${this.term} to ${term}`);
    }
    if (term === this.term && this.votedFor !== null && votedFor !== this.votedFor) {
      throw new RaftInvariantError(
        `Node ${this.id} would vote for ${votedFor} in term ${term}, in which it voted for ${this.votedFor}`,
      );
    }
    const isNew = term !== this.term;
    if (isNew) {
      this.vouchedIndex = 0 as LogIndex;
      this.missing = null;
    }
    this.term = term;
    this.votedFor = votedFor;
    this.log.setState({ term, votedFor });
    if (isNew) this.tracer?.term?.(term);
  }

  setRole(role: Role): void {
    if (this.role === role) return;
    this.role = role;
    this.tracer?.role?.(role, this.term);
  }

  setLeader(leader: NodeId | null): void {
    if (this.leader === leader) return;
    this.leader = leader;
    this.tracer?.leader?.(leader, this.term);
  }

  /**
   * Draws an election timeout between one and two times the configured one. Each election that this node has lost
   * doubles it, up to tenfold, so that an election succeeds even if disks or links are slower than the configured
   * timeout.
   */
  drawElectionTimeout(): void {
    const factor = Math.min(MAX_TIMEOUT_FACTOR, 1 << Math.min(this.lostElections, 4));
    const timeoutTicks = this.config.electionTimeoutTicks * factor;
    this.electionTimeoutTicks = timeoutTicks + this.random.below(timeoutTicks);
  }

  /** Handles an entry that was appended: a configuration takes effect at once (dissertation, section 4.1). */
  noteAppended(entry: Entry): void {
    this.tracer?.append?.(entry);
    if (entry.kind !== "configuration") return;
    this.configurations.push(entry.index, decodeConfiguration(entry.data));
    this.configurationChanged(entry.index, "append");
  }

  configurationChanged(index: LogIndex, cause: "append" | "truncate" | "snapshot"): void {
    this.configuration = this.configurations.current;
    if (this.role === "leader") {
      // Answers to earlier rounds come from earlier members with the same numbers as those that join now.
      this.round++;
      this.syncFollowers();
    }
    this.tracer?.configuration?.(this.configuration, index, cause);
  }

  /** Makes a progress for each other member, and removes those of nodes that are not members. */
  syncFollowers(): void {
    const members = membersOf(this.configuration).filter((id) => id !== this.id);
    for (const id of [...this.progress.keys()]) {
      if (members.includes(id)) continue;
      this.progress.delete(id);
      this.departed.push(id);
    }
    this.followers = members.map((id) => {
      const known = this.progress.get(id);
      if (known !== undefined) return known;
      const { maxInflightAppends, maxInflightBytes } = this.config;
      const next = this.log.lastIndex + 1 as LogIndex;
      const fresh = new Progress(id, next, this.round, new Inflights(maxInflightAppends, maxInflightBytes));
      this.progress.set(id, fresh);
      return fresh;
    });
  }

  /**
   * Raises the commit index (Raft, figure 2).
   *
   * @throws {RaftInvariantError} If the log ends before `index`: it has lost entries that the node had acknowledged.
   */
  commitTo(index: LogIndex): void {
    if (index <= this.commitIndex) return;
    if (index > this.log.lastIndex) {
      throw new RaftInvariantError(
        `Node ${this.id} holds its log up to ${this.log.lastIndex}, but was told that ${index} is committed, which it had acknowledged`,
      );
    }
    const before = this.commitIndex;
    this.commitIndex = index;
    this.openProposals.committed(this.log, before, index, this.term);
    if (this.incoming !== null && this.incoming.snapshot.index <= index) {
      this.tracer?.snapshot?.("abandoned", this.incoming.snapshot, this.leader);
      this.incoming = null;
    }
    this.tracer?.commit?.(index, before);
  }
}

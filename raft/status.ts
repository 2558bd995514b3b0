/**
 * A node's status, for people and for metrics.
 *
 * @module
 */
import { isMember } from "./configuration.ts";
import type { Core } from "./core.ts";
import { holdsLease } from "./read_index.ts";
import type { SnapshotRefusal } from "./message.ts";
import type { ProgressState } from "./progress.ts";
import type { Configuration, LogIndex, NodeId, Role, Term } from "./types.ts";

/** A snapshot that is being sent to a follower. */
export interface SnapshotStatus {
  /** The last entry that it covers. */
  readonly index: LogIndex;
  /** How many of its bytes the follower has written. */
  readonly sentBytes: number;
  /** How many bytes the snapshot has. */
  readonly totalBytes: number;
  /** Why the follower refuses it; `null` if it does not. */
  readonly refusal: SnapshotRefusal | null;
}

/** A leader's view of one follower. */
export interface FollowerStatus {
  /** The follower. */
  readonly id: NodeId;
  /** Whether it is a learner. */
  readonly isLearner: boolean;
  /** How the leader sends to it. */
  readonly state: ProgressState;
  /** The last index up to which its log is known to match the leader's. */
  readonly matchIndex: LogIndex;
  /** The index of the next entry to send. */
  readonly nextIndex: LogIndex;
  /** How many appends it has not answered. */
  readonly inflightAppends: number;
  /** How many bytes these appends have. */
  readonly inflightBytes: number;
  /** The latest heartbeat round that it has echoed. */
  readonly echoedRound: number;
  /** Whether a probe or a chunk awaits its answer. */
  readonly isPaused: boolean;
  /** Whether the leader heard from it within an election timeout. */
  readonly isActive: boolean;
  /** The snapshot that is being sent to it, and the progress of that. */
  readonly snapshot: SnapshotStatus | null;
}

/** A node at one moment. */
export interface RaftStatus {
  /** The node's id. */
  readonly id: NodeId;
  /** The node's role. */
  readonly role: Role;
  /** The node's term. */
  readonly term: Term;
  /** Whom it voted for in that term. */
  readonly votedFor: NodeId | null;
  /** The leader of its term; `null` if the node knows none. */
  readonly leader: NodeId | null;
  /** The last index that the node knows to be committed. */
  readonly commitIndex: LogIndex;
  /** The last index that was handed to the host. */
  readonly appliedIndex: LogIndex;
  /** The first entry that the log holds. */
  readonly firstIndex: LogIndex;
  /** The last entry of the log. */
  readonly lastIndex: LogIndex;
  /** The last entry's term. */
  readonly lastTerm: Term;
  /** The last index that is durable. */
  readonly durableIndex: LogIndex;
  /**
   * How many bytes of the log are not durable, counted by `entryBytes`. At `maxUnsyncedBytes` the node accepts no more:
   * the disk hangs, or the host does not sync, or does not call `persisted()`.
   */
  readonly unsyncedBytes: number;
  /** How many ticks ago something last became durable; 0 if nothing waits to become durable. */
  readonly syncStallTicks: number;
  /** Whether term and vote are durable. While they are not, the node does not campaign. */
  readonly isStateDurable: boolean;
  /**
   * The index of the committed configuration that removed this node, according to its own log or another node; 0 if it
   * was not removed. A removed node rarely campaigns, and may be stopped.
   */
  readonly removedAt: LogIndex;
  /** The last entry that the snapshot covers. */
  readonly snapshotIndex: LogIndex;
  /** The members, as of the last configuration in the log. */
  readonly configuration: Configuration;
  /** The index of that configuration's entry; above `commitIndex` it is not committed yet. */
  readonly configurationIndex: LogIndex;
  /** The node that a leader is handing over to. */
  readonly transferTarget: NodeId | null;
  /** Whether a leader that hands over steps down if that fails: it was removed, or its disk hangs. */
  readonly isResigning: boolean;
  /** Whether it could answer a read by its lease now. */
  readonly hasLease: boolean;
  /** How many reads are not decided. */
  readonly pendingReads: number;
  /** On a leader the other members, in the order of their ids; empty on others. */
  readonly followers: readonly FollowerStatus[];
}

function removedAt(core: Core): LogIndex {
  const { id, commitIndex, configuration, configurations: { currentIndex } } = core;
  if (core.isRemoved) return core.removedAt;
  const isCertain = currentIndex > 0 && currentIndex <= commitIndex && configuration.voters.length > 0;
  return isCertain && !isMember(configuration, id) ? currentIndex : 0 as LogIndex;
}

/** A node's status. */
export function statusOf(core: Core): RaftStatus {
  const { log, configurations } = core;
  return {
    id: core.id,
    role: core.role,
    term: core.term,
    votedFor: core.votedFor,
    leader: core.leader,
    commitIndex: core.commitIndex,
    appliedIndex: core.appliedIndex,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    durableIndex: log.durableIndex,
    unsyncedBytes: core.unsynced.count(),
    syncStallTicks: core.stall.ticks,
    isStateDurable: core.isStateDurable,
    removedAt: removedAt(core),
    snapshotIndex: log.snapshotIndex,
    configuration: core.configuration,
    configurationIndex: configurations.currentIndex,
    transferTarget: core.transferTarget,
    isResigning: core.isResigning,
    hasLease: holdsLease(core),
    pendingReads: core.reads.count + core.forwardedReads.size,
    followers: core.followers.map((follower) => ({
      id: follower.id,
      isLearner: core.configuration.learners.includes(follower.id),
      state: follower.state,
      matchIndex: follower.matchIndex,
      nextIndex: follower.nextIndex,
      inflightAppends: follower.inflights.count,
      inflightBytes: follower.inflights.bytes,
      echoedRound: follower.echoedRound,
      isPaused: follower.isPaused,
      isActive: follower.isHeardWithin(core.config.electionTimeoutTicks, core.clock),
      snapshot: follower.transfer === null ? null : {
        index: follower.transfer.snapshot.index,
        sentBytes: follower.transfer.writtenBytes,
        totalBytes: follower.transfer.snapshot.bytes,
        refusal: follower.transfer.refusal,
      },
    })),
  };
}

/**
 * What a node tells of itself, for people and for metrics.
 *
 * @module
 */
import { membersOf } from "./configuration.ts";
import type { Core } from "./core.ts";
import { holdsLease } from "./read_index.ts";
import type { SnapshotRefusal } from "./message.ts";
import type { ProgressState } from "./progress.ts";
import type { Configuration, LogIndex, NodeId, Role, Term } from "./types.ts";

/** A snapshot on its way to a follower. */
export interface SnapshotStatus {
  /** The last entry that it covers. */
  readonly index: LogIndex;
  /** How many of its bytes the follower has written. */
  readonly sentBytes: number;
  /** How many it has. */
  readonly totalBytes: number;
  /** Why the follower does not take it; `null` if it does. */
  readonly refusal: SnapshotRefusal | null;
}

/** A leader's view of one follower. */
export interface FollowerStatus {
  /** The follower. */
  readonly id: NodeId;
  /** Whether it is a learner. */
  readonly isLearner: boolean;
  /** How it is sent to. */
  readonly state: ProgressState;
  /** Up to where its log is known to match. */
  readonly matchIndex: LogIndex;
  /** What is sent next. */
  readonly nextIndex: LogIndex;
  /** How many appends it has not answered. */
  readonly inflightAppends: number;
  /** How many bytes of them. */
  readonly inflightBytes: number;
  /** Whether a probe or a chunk awaits its answer. */
  readonly isPaused: boolean;
  /** Whether it was heard since the leader last checked its quorum; `false` where it never was. */
  readonly isActive: boolean;
  /** The snapshot that it is being sent, and how many of its bytes it has. */
  readonly snapshot: SnapshotStatus | null;
}

/** A node at one moment. */
export interface RaftStatus {
  /** Who it is. */
  readonly id: NodeId;
  /** What it is. */
  readonly role: Role;
  /** Its term. */
  readonly term: Term;
  /** Whom it voted for in that term. */
  readonly votedFor: NodeId | null;
  /** The leader that it knows of. */
  readonly leader: NodeId | null;
  /** Up to where the log is known to be committed. */
  readonly commitIndex: LogIndex;
  /** Up to where it was handed to the host. */
  readonly appliedIndex: LogIndex;
  /** The first entry that the log holds. */
  readonly firstIndex: LogIndex;
  /** The last one. */
  readonly lastIndex: LogIndex;
  /** Its term. */
  readonly lastTerm: Term;
  /** Up to where the log is durable. */
  readonly durableIndex: LogIndex;
  /**
   * How many bytes of the log are not durable, counted by `entryBytes`. At `maxUnsyncedBytes` nothing more is taken:
   * the disk hangs, or the host does not sync, or does not say so by `persisted()`.
   */
  readonly unsyncedBytes: number;
  /** For how many ticks nothing has become durable, though something is to be; 0 where everything is. */
  readonly syncStallTicks: number;
  /** Whether term and vote are durable. While they are not, the node does not campaign. */
  readonly isStateDurable: boolean;
  /**
   * Where the committed configuration stands by which this node was removed, as its own log or another node says; 0
   * where it was not. It hardly campaigns any more, and may be stopped.
   */
  readonly removedAt: LogIndex;
  /** What the snapshot covers. */
  readonly snapshotIndex: LogIndex;
  /** The members, as of the last configuration in the log. */
  readonly configuration: Configuration;
  /** Where that stands; above `commitIndex` it is not committed yet. */
  readonly configurationIndex: LogIndex;
  /** Whom a leader is handing over to. */
  readonly transferTarget: NodeId | null;
  /** Whether it would answer a read by its lease at present. */
  readonly hasLease: boolean;
  /** How many reads are not decided. */
  readonly pendingReads: number;
  /** On a leader the other members, in the order of their ids; empty on others. */
  readonly followers: readonly FollowerStatus[];
}

function removedAt({ id, removedAt, commitIndex, configuration, configurations }: Core): LogIndex {
  const { currentIndex } = configurations;
  if (removedAt > currentIndex) return removedAt;
  const isCertain = currentIndex > 0 && currentIndex <= commitIndex && configuration.voters.length > 0;
  return isCertain && !membersOf(configuration).includes(id) ? currentIndex : 0 as LogIndex;
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
      isPaused: follower.isPaused,
      isActive: follower.isActive,
      snapshot: follower.transfer === null ? null : {
        index: follower.transfer.snapshot.index,
        sentBytes: follower.transfer.writtenBytes,
        totalBytes: follower.transfer.snapshot.bytes,
        refusal: follower.transfer.refusal,
      },
    })),
  };
}

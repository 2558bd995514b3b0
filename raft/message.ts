/**
 * The messages between nodes: the RPCs of the Raft paper as messages without a return value. Each answer is a message
 * of its own.
 *
 * Messages may be lost, repeated, delayed or reordered; none of that does harm.
 *
 * @module
 */
import type { ReadConfirmation } from "./reads.ts";
import type { Configuration, Entry, LogIndex, NodeId, Term } from "./types.ts";

/** What every message carries. */
export interface EnvelopeHeader {
  /** The sender. */
  readonly from: NodeId;
  /** The receiver. */
  readonly to: NodeId;
  /** The sender's term; in a pre-vote request, and in its grant, the term that the candidate would begin. */
  readonly term: Term;
  /**
   * `false`: the sender may send the message at once. `true`: the sender must wait until everything that its log was
   * given before the message was made is durable. The receiver ignores it.
   */
  readonly afterSync: boolean;
}

/**
 * AppendEntries (Raft, section 5.3). It may leave at once: it depends only on the leader's term (dissertation, section
 * 10.2.1).
 */
export interface AppendRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "append-request";
  /** The index of the entry that `entries` follow. */
  readonly prevLogIndex: LogIndex;
  /** That entry's term. */
  readonly prevLogTerm: Term;
  /** How far the leader has committed. */
  readonly commitIndex: LogIndex;
  /**
   * The leader's heartbeat round, to be echoed. It tells this member's answers from those of an earlier member with the
   * same number.
   */
  readonly round: number;
  /** The entries. They are shared by reference: nobody may change them or the array. */
  readonly entries: readonly Entry[];
}

/** The answer to an append. A leader of an earlier term is answered too, so that it learns the newer term. */
export interface AppendResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "append-response";
  /** Whether the sender holds what was sent. */
  readonly success: boolean;
  /**
   * On success, the index up to which the two logs match: `prevLogIndex + entries.length`. Otherwise the `prevLogIndex`
   * that was refused.
   */
  readonly index: LogIndex;
  /**
   * After a refusal, the sender's last entry that can still match: not after `index`, and with a term not above
   * `prevLogTerm`.
   */
  readonly hintIndex: LogIndex;
  /** That entry's term. */
  readonly hintTerm: Term;
  /** The round of the request. */
  readonly round: number;
}

/**
 * Tells a follower how far it may commit, and nothing else. It has no answer. If it is lost, a heartbeat says the same.
 */
export interface CommitNotice extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "commit-notice";
  /** Never above what the leader knows that the follower holds. */
  readonly commitIndex: LogIndex;
}

/** A leader's heartbeat, which begins a round. Its echo confirms reads and extends a lease. */
export interface HeartbeatRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "heartbeat-request";
  /** The round's number, counted within the leader's term. */
  readonly round: number;
  /** The leader's clock when the round began, in ticks, to be echoed. */
  readonly sentAtTick: number;
  /** Never above what the leader knows that the follower holds. */
  readonly commitIndex: LogIndex;
}

/** A heartbeat's echo. */
export interface HeartbeatResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "heartbeat-response";
  /** The round of the request. */
  readonly round: number;
  /** The `sentAtTick` of the request. */
  readonly sentAtTick: number;
  /**
   * `null`, unless the node may have lost entries that it acknowledged. Then the index up to which its log was
   * confirmed since it started.
   */
  readonly vouchedIndex: LogIndex | null;
}

/**
 * RequestVote (Raft, section 5.2). It waits for the sync, because it tells of the candidate's log and of a new term.
 */
export interface VoteRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "vote-request";
  /** The candidate's last entry. */
  readonly lastLogIndex: LogIndex;
  /** That entry's term. */
  readonly lastLogTerm: Term;
  /**
   * Whether the old leader asked for this campaign. Voters then need not be loyal to it (dissertation, section 3.10).
   */
  readonly leadershipTransfer: boolean;
}

/** The answer to RequestVote. */
export interface VoteResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "vote-response";
  /** Whether the vote was given. */
  readonly granted: boolean;
}

/**
 * PreVote (dissertation, section 9.6): asks whether the receiver would vote for the sender in this term. No term
 * changes.
 */
export interface PreVoteRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "pre-vote-request";
  /** The candidate's last entry. */
  readonly lastLogIndex: LogIndex;
  /** That entry's term. */
  readonly lastLogTerm: Term;
}

/** The answer to PreVote. In a grant, `term` is the requested one; in a refusal, the sender's own. */
export interface PreVoteResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "pre-vote-response";
  /** Whether the vote would be given. */
  readonly granted: boolean;
}

/**
 * InstallSnapshot (Raft, section 7): one chunk of a snapshot. The leader sends chunks without waiting for answers. An
 * append-response for the snapshot's index answers the last one. A request with an empty chunk asks how far the
 * follower is.
 */
export interface SnapshotRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "snapshot-request";
  /** The last entry that the snapshot covers. */
  readonly snapshotIndex: LogIndex;
  /** That entry's term. */
  readonly snapshotTerm: Term;
  /** The members as of that entry. */
  readonly configuration: Configuration;
  /** Where the chunk begins in the snapshot's bytes. */
  readonly offset: number;
  /** How many bytes the snapshot has. */
  readonly totalBytes: number;
  /** The CRC-32C of the snapshot's bytes. */
  readonly digest: number;
  /** The leader's heartbeat round, to be echoed. */
  readonly round: number;
  /** The bytes from `offset`. */
  readonly chunk: Uint8Array;
}

/** Why a follower refuses a snapshot: it is larger than the follower accepts, or its bytes do not match its digest. */
export type SnapshotRefusal = "too-large" | "damaged";

/** Tells how many bytes of a snapshot a follower has received. */
export interface SnapshotResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "snapshot-response";
  /** The snapshot's last entry. */
  readonly snapshotIndex: LogIndex;
  /** How many of its bytes the follower has received. It wants the bytes from there on. */
  readonly received: number;
  /** How many of its bytes the follower has written. */
  readonly written: number;
  /** Whether bytes before those of the request are missing, and must be sent again. */
  readonly isGap: boolean;
  /** Why the follower refuses the snapshot; `null` if it does not. */
  readonly refusal: SnapshotRefusal | null;
}

/** Asks a voter to campaign at once (dissertation, section 3.10). */
export interface TimeoutNow extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "timeout-now";
}

/**
 * Tells a node that considers itself a member that it was removed. It has no answer; the node is told again at its next
 * campaign.
 */
export interface RemovalNotice extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "removal-notice";
  /** The index of the committed configuration that the node is not a member of. */
  readonly configurationIndex: LogIndex;
}

/** Forwards a follower's read to the leader, which finds its index (dissertation, section 6.4). */
export interface ReadRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "read-request";
  /** The follower's number for the read. */
  readonly readId: number;
  /** The number that the follower's host gave. */
  readonly context: number;
  /** How the leader makes sure that it still leads. */
  readonly confirmation: ReadConfirmation;
}

/** The index up to which the follower must have applied before it answers the read. */
export interface ReadResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "read-response";
  /** The `readId` of the request. */
  readonly readId: number;
  /** The `context` of the request. */
  readonly context: number;
  /** The index, or `null` if the leader could not take the read. */
  readonly index: LogIndex | null;
}

/** Any message between nodes. */
export type Envelope =
  | AppendRequest
  | AppendResponse
  | CommitNotice
  | HeartbeatRequest
  | HeartbeatResponse
  | VoteRequest
  | VoteResponse
  | PreVoteRequest
  | PreVoteResponse
  | SnapshotRequest
  | SnapshotResponse
  | TimeoutNow
  | RemovalNotice
  | ReadRequest
  | ReadResponse;

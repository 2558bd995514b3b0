/**
 * What nodes say to each other: the RPCs of the Raft paper as messages without a return value, each answer a message of
 * its own.
 *
 * Loss, repetition, delay and reordering are all harmless.
 *
 * @module
 */
import type { ReadConfirmation } from "./reads.ts";
import type { Configuration, Entry, LogIndex, NodeId, Term } from "./types.ts";

/** What every message carries. */
export interface EnvelopeHeader {
  /** Who says it. */
  readonly from: NodeId;
  /** To whom. */
  readonly to: NodeId;
  /** The sender's term; in a pre-vote's request, and its grant, the term that would come next. */
  readonly term: Term;
  /**
   * `false`: the message may leave at once. `true`: it must wait until everything that the log was given before the
   * message was made is durable. It is for the sending host; to the receiver it means nothing.
   */
  readonly afterSync: boolean;
}

/**
 * AppendEntries (Raft, section 5.3). Leaves at once: it depends on nothing but the leader's term (dissertation, section
 * 10.2.1).
 */
export interface AppendRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "append-request";
  /** The index of the entry that `entries` follow. */
  readonly prevLogIndex: LogIndex;
  /** Its term. */
  readonly prevLogTerm: Term;
  /** How far the leader has committed. */
  readonly commitIndex: LogIndex;
  /**
   * The leader's heartbeat round, to be echoed: so that an answer to what was sent to an earlier member of the same
   * number is told from the present one's.
   */
  readonly round: number;
  /** Shared by reference: nobody may change them, nor the array. */
  readonly entries: readonly Entry[];
}

/** The answer to an append, a stale leader's included: that one learns the newer term from it. */
export interface AppendResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "append-response";
  /** Whether the sender holds what was sent. */
  readonly success: boolean;
  /**
   * On success `prevLogIndex + entries.length`, up to which the two logs match; else the `prevLogIndex` that was
   * refused.
   */
  readonly index: LogIndex;
  /**
   * After a refusal: the sender's last entry, not after `index`, whose term is not above `prevLogTerm`. No later one
   * can match.
   */
  readonly hintIndex: LogIndex;
  /** Its term. */
  readonly hintTerm: Term;
  /** The request's. */
  readonly round: number;
}

/** Says how far a follower may commit, and nothing else. It has no answer; if it is lost, a heartbeat says the same. */
export interface CommitNotice extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "commit-notice";
  /** Never above what the follower is known to hold. */
  readonly commitIndex: LogIndex;
}

/** A leader's sign of life, which begins a round: its echo confirms reads and extends a lease. */
export interface HeartbeatRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "heartbeat-request";
  /** The round's number, counted within the leader's term. */
  readonly round: number;
  /** The leader's clock when the round began, in ticks, to be echoed. */
  readonly sentAtTick: number;
  /** Never above what the follower is known to hold. */
  readonly commitIndex: LogIndex;
}

/** A heartbeat's echo. */
export interface HeartbeatResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "heartbeat-response";
  /** The request's. */
  readonly round: number;
  /** The request's. */
  readonly sentAtTick: number;
  /**
   * `null`, unless the node may have lost what it acknowledged: then up to where its log is known to be right since it
   * started.
   */
  readonly vouchedIndex: LogIndex | null;
}

/** RequestVote (Raft, section 5.2). It waits for the sync, as it tells of the candidate's log and of a new term. */
export interface VoteRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "vote-request";
  /** The candidate's last entry. */
  readonly lastLogIndex: LogIndex;
  /** Its term. */
  readonly lastLogTerm: Term;
  /**
   * Whether the old leader asked for this campaign, so that voters need not be loyal to it (dissertation, section
   * 3.10).
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

/** PreVote (dissertation, section 9.6): would you vote for me in this term? Nobody's term changes. */
export interface PreVoteRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "pre-vote-request";
  /** The candidate's last entry. */
  readonly lastLogIndex: LogIndex;
  /** Its term. */
  readonly lastLogTerm: Term;
}

/** The answer to PreVote; `term` is the requested one in a grant, the sender's own in a refusal. */
export interface PreVoteResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "pre-vote-response";
  /** Whether the vote would be given. */
  readonly granted: boolean;
}

/**
 * InstallSnapshot (Raft, section 7): one chunk of many, which are sent ahead of their answers. The last one is answered
 * by an append-response for the snapshot's index. A request without a chunk asks how far the follower is.
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
  /** Their CRC-32C. */
  readonly digest: number;
  /** The leader's heartbeat round, to be echoed. */
  readonly round: number;
  /** The bytes from `offset`. */
  readonly chunk: Uint8Array;
}

/** Why a follower takes no snapshot: it has more bytes than it accepts, or they do not match their digest. */
export type SnapshotRefusal = "too-large" | "damaged";

/** How far a snapshot has come in at a follower. */
export interface SnapshotResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "snapshot-response";
  /** Which snapshot. */
  readonly snapshotIndex: LogIndex;
  /** Up to where the follower has taken its bytes; it wants those from there on. */
  readonly received: number;
  /** Up to where it has written them. */
  readonly written: number;
  /** Whether bytes before those of the request are missing: they are to be sent again. */
  readonly isGap: boolean;
  /** Why it takes none of them; `null` if it does. */
  readonly refusal: SnapshotRefusal | null;
}

/** Asks a voter to campaign at once (dissertation, section 3.10). */
export interface TimeoutNow extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "timeout-now";
}

/**
 * Tells a node that takes itself for a member that it was removed. It has no answer, and is told again at the node's
 * next campaign.
 */
export interface RemovalNotice extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "removal-notice";
  /** Where the committed configuration stands that the node is no member of. */
  readonly configurationIndex: LogIndex;
}

/** A follower's read, for the leader to find an index for (dissertation, section 6.4). */
export interface ReadRequest extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "read-request";
  /** The follower's number for the read. */
  readonly readId: number;
  /** The number that the follower's host gave. */
  readonly context: number;
  /** How the leader is to make sure that it still leads. */
  readonly confirmation: ReadConfirmation;
}

/** The index up to which the follower must have applied before it answers the read. */
export interface ReadResponse extends EnvelopeHeader {
  /** Its kind. */
  readonly type: "read-response";
  /** The request's. */
  readonly readId: number;
  /** The request's. */
  readonly context: number;
  /** `null`: the leader could not take the read. */
  readonly index: LogIndex | null;
}

/** A message on its way. */
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

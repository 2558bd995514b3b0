/**
 * Callbacks for every change of a node's state: for simulators, metrics and logs.
 *
 * @module
 */
import type { Envelope } from "./message.ts";
import type { Configuration, Entry, LogIndex, NodeId, Role, Snapshot, Term } from "./types.ts";

/** The stages of a snapshot. */
export type SnapshotEvent =
  | "taken"
  | "sending"
  | "installed"
  | "matched"
  | "outdated"
  | "abandoned"
  | "refused"
  | "damaged";

/** The stages of a leadership transfer. */
export type TransferEvent = "started" | "timeout-now" | "aborted";

/**
 * Each callback is optional, and a node without a tracer pays nothing. A callback may only look: it must not call the
 * node, change its arguments, or throw (except to end a test).
 */
export interface RaftTracer {
  /** The node has a new term. */
  term?(term: Term): void;
  /** The node has a new role. */
  role?(role: Role, term: Term): void;
  /** The node knows of another leader, or of none. */
  leader?(leader: NodeId | null, term: Term): void;
  /** The node answered a request for a vote, or a pre-vote. */
  vote?(candidate: NodeId, term: Term, granted: boolean, preVote: boolean): void;
  /** The node lost a campaign, or its timeout passed before the campaign was decided (`"split"`). */
  campaignLost?(term: Term, how: "lost" | "split", preVote: boolean): void;
  /** An entry was appended to the log. */
  append?(entry: Entry): void;
  /** Entries from `from` to `lastIndex` were dropped because they conflict with a leader's. */
  truncate?(from: LogIndex, lastIndex: LogIndex): void;
  /** The commit index rose. */
  commit?(commitIndex: LogIndex, before: LogIndex): void;
  /** The entries from `from` to `to` were handed to the host. */
  apply?(from: LogIndex, to: LogIndex): void;
  /** Another configuration took effect: it was appended, came back by a truncation, or came with a snapshot. */
  configuration?(configuration: Configuration, index: LogIndex, cause: "append" | "truncate" | "snapshot"): void;
  /** Something happened to a snapshot. `peer` is the node that it was sent to or came from. */
  snapshot?(event: SnapshotEvent, snapshot: Pick<Snapshot, "index" | "term">, peer: NodeId | null): void;
  /** Something happened to a leadership transfer. */
  transfer?(event: TransferEvent, target: NodeId): void;
  /** A message leaves the node, or waits for a sync. */
  send?(envelope: Envelope): void;
  /** A message was received. */
  receive?(envelope: Envelope): void;
  /** A message was rejected: it was of an earlier term, from an unknown node, late or repeated. */
  staleRejected?(envelope: Envelope, why: string): void;
  /** This leader has taken a read, of its own host (`null`) or of the host of the follower `from`. */
  readTaken?(context: number, from: NodeId | null): void;
  /** The leader has confirmed a read: its host may answer once it has applied up to `index`. */
  readConfirmed?(context: number, index: LogIndex, how: "quorum" | "lease", from: NodeId | null): void;
  /** A read was given up. `drainReads` yields `null` for it, or the follower notices after a timeout. */
  readRefused?(context: number, why: string): void;
  /** Lease reads are on, but the lease does not hold: a round of heartbeats confirms the read. */
  leaseRefused?(context: number, why: string): void;
  /** A leader has not heard from a quorum for an election timeout, and steps down. */
  quorumLost?(term: Term): void;
}

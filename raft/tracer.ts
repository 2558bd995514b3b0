/**
 * A window into a node: callbacks for every change of its state, for simulators, metrics and logs.
 *
 * @module
 */
import type { Envelope } from "./message.ts";
import type { Configuration, Entry, LogIndex, NodeId, Role, Snapshot, Term } from "./types.ts";

/** What became of a snapshot. */
export type SnapshotEvent =
  | "taken"
  | "sending"
  | "installed"
  | "matched"
  | "outdated"
  | "abandoned"
  | "refused"
  | "damaged";

/** What became of a leadership transfer. */
export type TransferEvent = "started" | "timeout-now" | "aborted";

/**
 * Each callback is optional, and where no tracer is set nothing is paid. A callback only looks: it must not call the
 * node, change what it is given, or throw (but to end a test).
 */
export interface RaftTracer {
  /** The node has a new term. */
  term?(term: Term): void;
  /** The node has a new role. */
  role?(role: Role, term: Term): void;
  /** The node knows another leader, or none. */
  leader?(leader: NodeId | null, term: Term): void;
  /** A vote was asked of the node, or a pre-vote. */
  vote?(candidate: NodeId, term: Term, granted: boolean, preVote: boolean): void;
  /** A campaign was decided against the node, or was decided by nobody before its timeout (`"split"`). */
  campaignLost?(term: Term, how: "lost" | "split", preVote: boolean): void;
  /** The log has grown by an entry. */
  append?(entry: Entry): void;
  /** Entries from `from` to `lastIndex` were dropped, as they conflict with a leader's. */
  truncate?(from: LogIndex, lastIndex: LogIndex): void;
  /** The commit index rose. */
  commit?(commitIndex: LogIndex, before: LogIndex): void;
  /** The entries from `from` to `to` were handed to the host. */
  apply?(from: LogIndex, to: LogIndex): void;
  /** Another configuration took effect: it was appended, came back by a truncation, or came with a snapshot. */
  configuration?(configuration: Configuration, index: LogIndex, cause: "append" | "truncate" | "snapshot"): void;
  /** Something happened to a snapshot; `peer` is whom it was sent to or came from. */
  snapshot?(event: SnapshotEvent, snapshot: Pick<Snapshot, "index" | "term">, peer: NodeId | null): void;
  /** A leader hands over. */
  transfer?(event: TransferEvent, target: NodeId): void;
  /** A message leaves the node, or waits to. */
  send?(envelope: Envelope): void;
  /** A message came. */
  receive?(envelope: Envelope): void;
  /** A message was of no use: of an earlier term, from nobody known, late, repeated. */
  staleRejected?(envelope: Envelope, why: string): void;
  /** A read of this leader, or of one of its followers, has its index. */
  readConfirmed?(context: number, index: LogIndex, how: "quorum" | "lease"): void;
  /** A read was given up: `drainReads` says `null`, or the follower will find out by waiting. */
  readRefused?(context: number, why: string): void;
  /** Lease reads are on, but the lease does not hold: the read takes a round. */
  leaseRefused?(context: number, why: string): void;
  /** A leader has not heard from a quorum for an election timeout, and steps down. */
  quorumLost?(term: Term): void;
}

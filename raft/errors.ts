/**
 * The errors that a host is expected to catch, and the one it must not survive.
 *
 * @module
 */
import type { NodeId } from "./types.ts";

/** Only a leader takes what was asked. `leader` is whom to ask instead, where the node knows. */
export class NotLeaderError extends Error {
  /** The class, for where `instanceof` does not reach. */
  override readonly name: string = "NotLeaderError";
  /** The leader that the node knows of in its term. */
  readonly leader: NodeId | null;

  /**
   * Says whom to ask.
   *
   * @param leader The leader that the node knows of.
   */
  constructor(leader: NodeId | null) {
    super(
      leader === null ? "This node does not lead, and knows no leader" : `This node does not lead, node ${leader} does`,
    );
    this.leader = leader;
  }
}

/**
 * The leader does not take a proposal now: its uncommitted tail is full, or it is handing over. Nothing was appended.
 */
export class ProposalRefusedError extends Error {
  /** The class, for where `instanceof` does not reach. */
  override readonly name: string = "ProposalRefusedError";
}

/** The leader does not make this change of the configuration, or not now. Nothing was appended. */
export class ChangeRefusedError extends Error {
  /** The class, for where `instanceof` does not reach. */
  override readonly name: string = "ChangeRefusedError";
}

/** The leader does not hand over to this node. */
export class TransferRefusedError extends Error {
  /** The class, for where `instanceof` does not reach. */
  override readonly name: string = "TransferRefusedError";
}

/** What a log holds contradicts itself, so that no node may start from it. */
export class LogContradictionError extends Error {
  /** The class, for where `instanceof` does not reach. */
  override readonly name: string = "LogContradictionError";
}

/**
 * Something that Raft proves impossible has happened: a fault of this code, of the `RaftLog`, or a disk that forgot
 * what it promised. The node must be stopped: its log may have to be thrown away, and it may have to come back as a new
 * member.
 */
export class RaftInvariantError extends Error {
  /** The class, for where `instanceof` does not reach. */
  override readonly name: string = "RaftInvariantError";
}

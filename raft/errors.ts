/**
 * The errors that a host is expected to catch, and the one after which it must stop the node.
 *
 * @module
 */
import type { NodeId } from "./types.ts";

/** The node does not lead, and only a leader can do this. `leader` is the node to ask instead, if it is known. */
export class NotLeaderError extends Error {
  /** The class's name, for code that cannot use `instanceof`. */
  override readonly name: string = "NotLeaderError";
  /** The leader of the node's term, if the node knows it. */
  readonly leader: NodeId | null;

  /**
   * Makes the error.
   *
   * @param leader The leader of the node's term, if the node knows it.
   */
  constructor(leader: NodeId | null) {
    super(
      leader === null ? "This node does not lead, and knows no leader" : `This node does not lead, node ${leader} does`,
    );
    this.leader = leader;
  }
}

/**
 * The leader does not accept a proposal now: too many bytes are uncommitted, or it is handing over. Nothing was
 * appended.
 */
export class ProposalRefusedError extends Error {
  /** The class's name, for code that cannot use `instanceof`. */
  override readonly name: string = "ProposalRefusedError";
}

/** The leader refuses this change of the configuration, for now or for good. Nothing was appended. */
export class ChangeRefusedError extends Error {
  /** The class's name, for code that cannot use `instanceof`. */
  override readonly name: string = "ChangeRefusedError";
}

/** The leader refuses to hand over to this node. */
export class TransferRefusedError extends Error {
  /** The class's name, for code that cannot use `instanceof`. */
  override readonly name: string = "TransferRefusedError";
}

/** The content of a log contradicts itself, so no node may start from it. */
export class LogContradictionError extends Error {
  /** The class's name, for code that cannot use `instanceof`. */
  override readonly name: string = "LogContradictionError";
}

/**
 * Something happened that Raft proves impossible: a bug in this code or in the `RaftLog`, or a disk that lost durable
 * data. Stop the node. Its log may have to be thrown away, and the node may have to come back as a new member.
 */
export class RaftInvariantError extends Error {
  /** The class's name, for code that cannot use `instanceof`. */
  override readonly name: string = "RaftInvariantError";
}

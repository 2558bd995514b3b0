/**
 * Replies of a replica that did not take a request: it certainly did not happen, and may be tried again.
 *
 * @module
 */
import { ChangeRefusedError, NotLeaderError, ProposalRefusedError, TransferRefusedError } from "../../raft/mod.ts";
import type { ClientReply } from "./client.ts";

/** The request certainly did not happen, and may be tried again. */
export function refused(error: string): ClientReply {
  return { type: "fail", error, isRetryable: true };
}

/** The reply to a request that the core refused and so has not appended. Other errors are thrown again. */
export function refusal(error: unknown): ClientReply {
  const isRefusal = error instanceof NotLeaderError || error instanceof ProposalRefusedError ||
    error instanceof ChangeRefusedError || error instanceof TransferRefusedError;
  if (!isRefusal) throw error;
  return refused(error.message);
}

export const DISCARDED: ClientReply = refused("another leader's entry took its place");
export const NO_LEADER: ClientReply = refused("no leader known");
export const NOT_LEADER: ClientReply = refused("the node asked does not lead");
export const UNREACHABLE: ClientReply = refused("the leader cannot be reached");
export const READ_REFUSED: ClientReply = refused("the leader could not confirm that it leads");
export const READ_LOST: ClientReply = refused("no answer from the leader");
export const BUSY: ClientReply = refused("too many requests wait at this node");
/** The node's disk does not keep up. */
export const DISK_BEHIND: ClientReply = refused("the disk of the leader is behind");
/** The node is still loading the snapshot that it starts from. */
export const LOADING: ClientReply = refused("this node is loading its state");
/** The state is larger than a snapshot may be. Only commands that make it smaller are taken. */
export const TOO_LARGE: ClientReply = {
  type: "fail",
  error: "the state is larger than a snapshot may be: only what makes it smaller is taken",
};

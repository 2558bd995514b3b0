/**
 * Leadership transfer (dissertation, section 3.10): the leader takes no proposals, sends the target its missing
 * entries, and tells it to campaign at once.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { campaign } from "./election.ts";
import { TransferRefusedError } from "./errors.ts";
import type { TimeoutNow } from "./message.ts";
import { replicate } from "./replication.ts";
import { tellToCampaign } from "./resign.ts";
import type { NodeId } from "./types.ts";

/**
 * Begins a leadership transfer.
 *
 * @throws {TransferRefusedError} If the target is this node, or may not lead.
 */
export function beginTransfer(core: Core, target: NodeId): void {
  if (target === core.id) throw new TransferRefusedError(`Cannot hand over to node ${target}: it leads already`);
  if (!core.configuration.voters.includes(target)) {
    throw new TransferRefusedError(
      `Cannot hand over to node ${target}: it is not a voter of the configuration in force`,
    );
  }
  if (core.transferTarget === target) return;
  core.transferTarget = target;
  core.transferElapsedTicks = 0;
  core.tracer?.transfer?.("started", target);
  const follower = core.progress.get(target);
  if (follower !== undefined) replicate(core, follower);
  tellToCampaign(core);
}

/** Takes proposals again: the target has not become leader within an election timeout. */
export function abortTransfer(core: Core, target: NodeId): void {
  core.tracer?.transfer?.("aborted", target);
  core.transferTarget = null;
  core.isResigning = false;
}

/** Campaigns at once if the node has a vote, without a pre-vote, because the leader itself asks for it. */
export function handleTimeoutNow(core: Core, message: TimeoutNow): void {
  if (core.role === "leader") return core.reject(message, "the node leads");
  if (!core.mayCampaign) return core.reject(message, "the node has no vote");
  campaign(core, "transfer");
}

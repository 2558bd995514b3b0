/**
 * What a tick of the clock brings: campaigns, heartbeats, the quorum check, and the end of what has lasted too long.
 *
 * @module
 */
import { checkMissing } from "./append.ts";
import { commitAsLeader } from "./commit.ts";
import type { Core } from "./core.ts";
import { campaign, countOwnVote } from "./election.ts";
import { isQuorum } from "./quorum.ts";
import { confirmReads, expireForwardedReads } from "./read_index.ts";
import { beginRound } from "./replication.ts";
import { resign } from "./resign.ts";
import { becomeFollower } from "./roles.ts";
import { reviewTransfer } from "./snapshot_transfer.ts";
import { abortTransfer } from "./transfer.ts";

/**
 * How long a leader waits for a disk that hangs, in election timeouts. It equals the longest election timeout, so a
 * disk that allows an election also allows leading.
 */
const MAX_STALL_TIMEOUTS = 10;

/** Whether a leader's disk makes no progress, so that another node should lead. */
function isDiskHanging(core: Core): boolean {
  const { electionTimeoutTicks, maxUnsyncedBytes } = core.config;
  if (core.stall.ticks < electionTimeoutTicks) return false;
  return core.stall.ticks >= MAX_STALL_TIMEOUTS * electionTimeoutTicks || core.unsynced.count() >= maxUnsyncedBytes / 2;
}

/** A tick of a node that does not lead. */
export function tickFollower(core: Core): void {
  expireForwardedReads(core);
  checkMissing(core);
  // Finds out by itself what is durable, if the host forgot `persisted()`. A host that never syncs keeps its term.
  countOwnVote(core);
  if (core.role === "leader" || !core.isStateDurable) return;
  core.electionElapsedTicks++;
  if (core.electionElapsedTicks >= core.electionTimeoutTicks && core.mayCampaign) beginCampaign(core);
}

/** Campaigns because the election timeout has passed, or as if it had. */
export function beginCampaign(core: Core): void {
  if (core.role !== "follower") core.tracer?.campaignLost?.(core.term, "split", core.role === "pre-candidate");
  campaign(core, core.config.preVote ? "pre-vote" : "election");
}

/** A tick of a leader. */
export function tickLeader(core: Core): void {
  if (core.log.durableIndex > core.commitIndex) commitAsLeader(core);
  if (core.role !== "leader") return;
  const { electionTimeoutTicks, heartbeatIntervalTicks, checkQuorum } = core.config;
  if (core.transferTarget !== null && ++core.transferElapsedTicks >= electionTimeoutTicks) {
    const { isResigning } = core;
    abortTransfer(core, core.transferTarget);
    if (isResigning) return becomeFollower(core, core.term, null);
  }
  if (!core.isResigning && isDiskHanging(core)) resign(core);
  if (++core.quorumElapsedTicks >= electionTimeoutTicks) {
    core.quorumElapsedTicks = 0;
    const hasQuorum = isQuorum(
      core.configuration,
      (id) => id === core.id || core.progress.get(id)?.isActive === true || core.progress.get(id)?.isNew === true,
    );
    for (const follower of core.followers) {
      reviewTransfer(core, follower);
      follower.isActive = follower.isNew = false;
    }
    if (checkQuorum && !hasQuorum) {
      core.tracer?.quorumLost?.(core.term);
      return becomeFollower(core, core.term, null);
    }
  }
  if (++core.heartbeatElapsedTicks >= heartbeatIntervalTicks) {
    core.heartbeatElapsedTicks = 0;
    beginRound(core);
    // A leader that has become the sole voter since it began the last round gets no echo: confirm the reads now.
    if (core.isSoleVoter) confirmReads(core);
  }
}

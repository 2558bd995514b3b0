/**
 * Becoming a follower, and giving up the state of the earlier role (Raft, figure 4).
 *
 * @module
 */
import type { Core } from "./core.ts";
import { RaftInvariantError } from "./errors.ts";
import type { LogIndex, NodeId, Term } from "./types.ts";

/**
 * Becomes a follower: in a newer term; or in the same term after a lost campaign, the discovery of a leader, or the
 * loss of the quorum.
 *
 * @param core The node.
 * @param term Not below the node's own.
 * @param leader The term's leader, if known.
 */
export function becomeFollower(core: Core, term: Term, leader: NodeId | null): void {
  const isNewTerm = term > core.term;
  const wasFollower = core.role === "follower";
  if (isNewTerm) {
    core.setHardState(term, null);
    refuseForwardedReads(core, "the term ended");
  }
  core.votes.clear();
  if (core.role === "leader") endLeadership(core);
  if (core.role === "candidate") core.lostElections++;
  core.setRole("follower");
  core.setLeader(leader);
  // A follower that only learns of a new term keeps its election timer running (Raft, section 5.2: only a leader's
  // message or a granted vote resets it).
  if (!wasFollower) core.electionElapsedTicks = 0;
  if (isNewTerm || !wasFollower) core.drawElectionTimeout();
}

/**
 * Follows the sender, the leader of this node's term, and restarts the election timer.
 *
 * @throws {RaftInvariantError} If the term has another leader already (Raft, section 5.2: at most one). `handle` has
 * rejected such a message before.
 */
export function followLeader(core: Core, leader: NodeId): void {
  if (core.role === "leader" || (core.leader !== null && core.leader !== leader)) {
    throw new RaftInvariantError(
      `Term ${core.term} has two leaders, nodes ${core.role === "leader" ? core.id : core.leader} and ${leader}`,
    );
  }
  if (core.role !== "follower") becomeFollower(core, core.term, leader);
  core.setLeader(leader);
  core.electionElapsedTicks = 0;
  if (core.lostElections > 0) {
    core.lostElections = 0;
    core.drawElectionTimeout();
  }
  core.removedAt = 0 as LogIndex;
  core.loyalUntilTick = core.clock + core.config.electionTimeoutTicks;
}

/** Forgets a snapshot that was not received completely. */
export function abandonIncoming(core: Core): void {
  if (core.incoming === null) return;
  core.tracer?.snapshot?.("abandoned", core.incoming.snapshot, core.leader);
  core.incoming = null;
}

/** Gives up the reads that were forwarded to a leader. */
export function refuseForwardedReads(core: Core, why: string): void {
  if (core.forwardedReads.size === 0) return;
  for (const { context } of core.forwardedReads.values()) {
    core.tracer?.readRefused?.(context, why);
    core.decidedReads.push({ context, index: null });
  }
  core.forwardedReads.clear();
}

function endLeadership(core: Core): void {
  for (const read of core.reads.clear()) {
    core.tracer?.readRefused?.(read.context, "the leader stepped down");
    // The leader does not answer a follower's read: the follower gives it up with the term, or after an election
    // timeout.
    if (read.follower === null) core.decidedReads.push({ context: read.context, index: null });
  }
  core.transferTarget = null;
  core.isResigning = false;
  core.departed = [];
  core.progress.clear();
  core.followers = [];
  core.lastSlice = [];
  core.lastSliceFrom = core.lastSliceTo = 0;
  core.uncommittedBytes = 0;
}

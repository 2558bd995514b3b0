/**
 * Loyalty: a node that hears a leader votes for no other node, campaigns only if that leader asks for it, and accepts
 * no later term from a candidate. A leader that hears a quorum goes on leading (dissertation, sections 4.2.3 and 6.2).
 *
 * @module
 */
import { type NodeId, reachedByQuorum } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/**
 * A voter grants a vote or pre-vote. It must not do so while it hears a leader, unless that leader asked for the
 * campaign.
 */
export function votesLoyally(world: World, id: number, node: Observed, candidate: number, term: number): void {
  const { electionTimeoutTicks, checkQuorum } = world.settings;
  if (!checkQuorum || node.asked.isTransfer) return;
  if (node.role === "leader") world.broken(`loyalty: node ${id} leads, and votes for ${candidate} in term ${term}`);
  if (node.role !== "follower" || node.heardAtTick < 0) return;
  const silent = node.ticks() - node.heardAtTick;
  if (silent >= electionTimeoutTicks) return;
  world.broken(
    `loyalty: node ${id} votes for ${candidate} in term ${term}, ${silent} ticks after it has heard from its leader`,
  );
}

/** A follower campaigns. It must have heard no leader for an election timeout, or a leader must have asked it. */
export function campaignsLoyally(world: World, id: number, node: Observed, term: number): void {
  if (node.silentSinceTick < 0) return;
  const silent = node.ticks() - node.silentSinceTick;
  if (silent >= world.settings.electionTimeoutTicks) return;
  world.broken(`loyalty: node ${id} campaigns in term ${term}, ${silent} ticks after it has heard from a leader`);
}

/**
 * A leader, or a voter that hears a leader, must not accept a later term from a candidate that no leader has asked to
 * campaign.
 */
export function takesTermLoyally(world: World, id: number, node: Observed, term: number): void {
  const { role, received, ticks, silentSinceTick } = node;
  const { electionTimeoutTicks, checkQuorum } = world.settings;
  if (!checkQuorum || received?.type !== "vote-request" || received.term !== term) return;
  if (received.leadershipTransfer) return;
  const isLoyal = silentSinceTick >= 0 && ticks() - silentSinceTick < electionTimeoutTicks;
  if (role !== "leader" && !(role === "follower" && isLoyal)) return;
  world.broken(`loyalty: node ${id} leads, or hears a leader, and takes term ${term} from node ${received.from}`);
}

/** A leader steps down for lack of a quorum. No quorum may have echoed its heartbeats within an election timeout. */
export function losesQuorum(world: World, id: number, node: Observed, term: number): void {
  const { configuration, echoedAtTick, ticks } = node;
  node.lostQuorumIn = term;
  if (configuration === null) return;
  const now = ticks();
  const since = now - world.settings.electionTimeoutTicks;
  const heardAt = reachedByQuorum(configuration, (voter) => voter === id ? now : echoedAtTick.get(voter) ?? -1);
  if (heardAt < since) return;
  world.broken(`loyalty: node ${id} steps down in term ${term} for want of a quorum, but has heard from one`);
}

/**
 * A leader becomes a follower in a term: in a later term than its own, for want of a quorum, because it is no voter any
 * more, or because its disk hangs or hung when it resigned.
 */
export function stepsDownWithReason(world: World, id: number, node: Observed, term: number): void {
  const { configuration, log, ledTerm, lostQuorumIn } = node;
  if (term > ledTerm || lostQuorumIn === term || node.resignedIn === term || configuration === null) return;
  const { voters, votersOutgoing } = configuration;
  if (!voters.includes(id as NodeId) && !votersOutgoing.includes(id as NodeId)) return;
  if (waitsForDisk(log)) return;
  world.broken(`loyalty: node ${id} stops leading term ${term} without a reason`);
}

/**
 * A leader begins to hand over. If its disk hangs, it resigns: it steps down after an election timeout, even if the
 * disk has caught up by then.
 */
export function mayResign(node: Observed): void {
  if (waitsForDisk(node.log)) node.resignedIn = node.ledTerm;
}

function waitsForDisk({ durableIndex, lastIndex, durableState, state }: Observed["log"]): boolean {
  return durableIndex < lastIndex || durableState.term < state.term;
}

/**
 * Followers: what a leader believes of a follower does not contradict itself, nor the follower's own disk, and stays
 * within the bounds of its settings.
 *
 * @module
 */
import type { RaftStatus } from "../../../raft/mod.ts";
import { durableThrough, type World } from "./world.ts";

/** The bounds that a leader's settings give. */
export interface FollowerBounds {
  /** The core's option with this name. */
  readonly maxInflightAppends: number;
  /** The core's option with this name. */
  readonly maxPendingReads: number;
}

/** A node was looked at. */
export function believesRight(world: World, status: RaftStatus, bounds: FollowerBounds): void {
  const { id, role, pendingReads } = status;
  // A leader's own reads and those that it forwarded as a follower have a bound each.
  if (pendingReads > 2 * bounds.maxPendingReads) {
    world.broken(`bounds: node ${id} has ${pendingReads} reads open, but ${bounds.maxPendingReads} are the most`);
  }
  if (role !== "leader") return;
  for (const follower of status.followers) {
    const wrong = wrongBelief(world, status, follower, bounds);
    if (wrong !== null) world.broken(`followers: leader ${id} believes of node ${follower.id} that ${wrong}`);
  }
}

function wrongBelief(
  world: World,
  leader: RaftStatus,
  follower: RaftStatus["followers"][number],
  { maxInflightAppends }: FollowerBounds,
): string | null {
  const { matchIndex, nextIndex, inflightAppends, inflightBytes, snapshot, state } = follower;
  if (nextIndex <= matchIndex) return `it holds entry ${matchIndex}, and needs entry ${nextIndex} next`;
  if (nextIndex > leader.lastIndex + 1) return `it needs entry ${nextIndex} next, but ${leader.lastIndex} is the last`;
  if (matchIndex > leader.lastIndex) return `it holds entry ${matchIndex}, but ${leader.lastIndex} is the last`;
  if (inflightAppends > maxInflightAppends) return `${inflightAppends} appends to it are open`;
  if (inflightBytes < 0 || (inflightAppends === 0) !== (inflightBytes === 0)) {
    return `${inflightAppends} appends to it are open, with ${inflightBytes} bytes`;
  }
  const known = world.nodes.get(leader.id);
  const echoed = known?.echoedRound.get(follower.id) ?? 0, matched = known?.matched.get(follower.id) ?? 0;
  if (follower.echoedRound < echoed) return `it has echoed round ${follower.echoedRound}, but it echoed ${echoed}`;
  if (known !== undefined && matchIndex > matched) {
    return `it holds entry ${matchIndex}, but it acknowledged ${matched}`;
  }
  if (matchIndex < matched) return `it holds entry ${matchIndex}, but it acknowledged entry ${matched}`;
  if ((state === "snapshot") !== (snapshot !== null)) return `it is in state ${state}, and a snapshot is under way`;
  return beyondItsDisk(world, leader, follower.id, matchIndex);
}

/** A follower of the leader's term holds on its disk what it has acknowledged in this term. */
function beyondItsDisk(world: World, leader: RaftStatus, id: number, matchIndex: number): string | null {
  const node = world.nodes.get(id);
  // Another node may have its number now, or it is in doubt about what it holds.
  if (node === undefined || world.reused.has(id) || (node.log.doubt ?? null) !== null) return null;
  if (node.log.state.term !== leader.term) return null;
  const durable = Math.max(0, durableThrough(node));
  return matchIndex <= durable ? null : `it holds entry ${matchIndex}, but its disk holds no more than ${durable}`;
}

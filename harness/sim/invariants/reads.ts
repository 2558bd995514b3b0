/**
 * Reads: the index of a read is not below what was committed when its host asked, and a read that a quorum confirms was
 * followed by a round of heartbeats that this quorum has echoed (dissertation, section 6.4).
 *
 * @module
 */
import { type Envelope, type LogIndex, type NodeId, reachedByQuorum } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/** A node makes a message, which may forward a read. */
export function asksToRead(world: World, envelope: Envelope): void {
  if (envelope.type === "read-request") world.readsAsked.set(envelope.readId, world.committedThrough);
}

/** A leader takes a read, of its own host (`null`) or of a follower's. */
export function takesRead(world: World, node: Observed, context: number, from: number | null): void {
  const { round, received } = node;
  const key = keyOf(context, from);
  const known = node.reads.get(key);
  if (known !== undefined) {
    known.copies++;
    known.isFollowable = false;
    return;
  }
  const committed = from === null
    ? world.committedThrough
    : received?.type === "read-request"
    ? world.readsAsked.get(received.readId) ?? 0
    : 0;
  // Before the leader has committed in its own term, a read waits for that first.
  const isFollowable = node.log.termAt(node.commitIndex as LogIndex) === node.log.state.term;
  node.reads.set(key, { round, committed, isFollowable, copies: 1 });
}

/** A leader has found the index of a read. */
export function confirmsRead(
  world: World,
  id: number,
  node: Observed,
  read: { readonly context: number; readonly from: number | null; readonly index: number; readonly how: string },
): void {
  const { context, from, index, how } = read;
  const key = keyOf(context, from);
  const taken = node.reads.get(key);
  if (taken === undefined) return;
  if (--taken.copies === 0) node.reads.delete(key);
  if (index < taken.committed) {
    world.broken(
      `reads: node ${id} gives a read index ${index}, but ${taken.committed} was committed when it was asked`,
    );
  }
  if (how === "lease" || node.configuration === null) return;
  const isFollowing = (voter: NodeId): boolean =>
    voter === id || voter === from || (node.echoedRound.get(voter) ?? 0) > taken.round;
  if (reachedByQuorum(node.configuration, (voter) => isFollowing(voter) ? 1 : 0) >= 1) return;
  world.broken(`reads: node ${id} confirms a read that came after round ${taken.round}, which no quorum has followed`);
}

/**
 * A node is about to receive a message. If the last one was an echo to a leader, and a quorum has followed the read
 * that waits longest, that read must be confirmed by now (dissertation, section 6.4).
 */
export function confirmsInTime(world: World, id: number, node: Observed): void {
  const { hasFreshEcho, configuration, reads } = node;
  node.hasFreshEcho = false;
  if (!hasFreshEcho || node.role !== "leader" || configuration === null) return;
  for (const { round, isFollowable } of reads.values()) {
    if (!isFollowable) return;
    const followed = reachedByQuorum(configuration, (voter) => voter === id ? node.round : node.echoedRound.get(voter));
    if (followed <= round) return;
    return world.broken(`reads: node ${id} has not confirmed a read of round ${round}, though a quorum has followed`);
  }
}

/** Hosts number their reads from 1 up. */
function keyOf(context: number, from: number | null): number {
  return context * 65_536 + (from ?? 0);
}

/**
 * Reads: the index of a read is not below what was committed when its host asked, and a read that a quorum confirms was
 * followed by a round of heartbeats that this quorum has echoed (dissertation, section 6.4).
 *
 * @module
 */
import { type Envelope, type NodeId, reachedByQuorum } from "../../../raft/mod.ts";
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
  if (known !== undefined) return void known.copies++;
  const committed = from === null
    ? world.committedThrough
    : received?.type === "read-request"
    ? world.readsAsked.get(received.readId) ?? 0
    : 0;
  node.reads.set(key, { round, committed, copies: 1 });
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

/** Hosts number their reads from 1 up. */
function keyOf(context: number, from: number | null): number {
  return context * 65_536 + (from ?? 0);
}

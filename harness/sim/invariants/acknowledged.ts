/**
 * Acknowledgements: a leader commits an entry of its term at once when the answers of a quorum say that they hold it
 * (Raft, section 5.3), forgets no echo, goes back to probing for no refusal that an earlier answer contradicts, and
 * gives up no snapshot that a follower is taking.
 *
 * @module
 */
import { type Configuration, type Envelope, membersOf, type NodeId, reachedByQuorum } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/** A leader receives a message. What came before must have had its effect by now. */
export function answers(world: World, id: number, node: Observed, envelope: Envelope): void {
  node.lateRefusal = null;
  if (node.role !== "leader" || envelope.term !== node.log.state.term) return;
  const { from } = envelope;
  if (envelope.type === "append-response") {
    commitsPromptly(world, id, node);
    if (envelope.round <= (node.joinedAfter.get(from) ?? -1)) return;
    const matched = node.matched.get(from) ?? 0;
    if (envelope.success && envelope.index <= node.log.lastIndex) {
      node.matched.set(from, Math.max(matched, envelope.index));
    } else if (!envelope.success && envelope.index <= matched && !node.isProbed(from)) node.lateRefusal = from;
  } else if (envelope.type === "snapshot-response") {
    if (envelope.refusal === null) node.refusing.delete(from);
    else node.refusing.add(from);
  } else if (envelope.type === "heartbeat-response" && envelope.vouchedIndex !== null) {
    // A follower in doubt has lost what it acknowledged.
    node.matched.set(from, Math.min(node.matched.get(from) ?? 0, envelope.vouchedIndex));
  }
}

/** A leader sends a message, perhaps because of a refusal that has just come. */
export function believesNoLateRefusal(world: World, id: number, node: Observed, { to }: Envelope): void {
  if (node.lateRefusal !== to) return;
  node.lateRefusal = null;
  if (!node.isProbed(to)) return;
  world.broken(`acknowledged: node ${id} probes node ${to} after a refusal of what that node has acknowledged since`);
}

/** The members have changed. Forgets what a member that left has said, and what one that came back said before. */
export function membersChange(node: Observed, configuration: Configuration): void {
  const members = membersOf(configuration);
  for (const known of [node.matched, node.echoedRound, node.promisedAtTick]) {
    for (const id of known.keys()) if (!members.includes(id)) known.delete(id);
  }
  const before = node.configuration === null ? [] : membersOf(node.configuration);
  for (const id of members) if (!before.includes(id)) node.joinedAfter.set(id, node.round);
  node.lateRefusal = null;
  // With a smaller quorum an entry may become committable without an answer. The next answer commits it.
  node.isCommitDue = node.hasFreshEcho = false;
}

/**
 * A leader gives up a snapshot that it sends. The follower must be silent, or have refused it: otherwise a snapshot
 * that takes longer than the time between two snapshots never arrives.
 */
export function givesUpSnapshot(world: World, id: number, node: Observed, to: NodeId): void {
  const silent = node.ticks() - (node.echoedAtTick.get(to) ?? -Infinity);
  if (node.role !== "leader" || silent > 1 || node.refusing.has(to)) return;
  world.broken(`acknowledged: node ${id} gives up the snapshot that it sends node ${to}, which was just heard`);
}

function commitsPromptly(world: World, id: number, node: Observed): void {
  const { log, matched, configuration, commitIndex, ownDurable } = node;
  node.ownDurable = log.durableIndex;
  if (!node.isCommitDue || configuration === null) return;
  const reached = reachedByQuorum(configuration, (voter: NodeId) => voter === id ? ownDurable : matched.get(voter));
  if (reached <= commitIndex || log.termAt(reached as typeof log.lastIndex) !== log.state.term) return;
  node.isCommitDue = false;
  world.broken(
    `acknowledged: node ${id} has committed up to entry ${commitIndex}, though a quorum holds entry ${reached}`,
  );
}

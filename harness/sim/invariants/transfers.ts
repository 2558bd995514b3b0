/**
 * Transfers: a node that is asked to campaign at once must hold the whole log; an unfinished transfer is given up after
 * an election timeout, and not before (dissertation, section 3.10).
 *
 * @module
 */
import type { NodeId, RaftStatus } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/**
 * A transfer that does not succeed must be given up after an election timeout; otherwise no proposals would be accepted
 * any more.
 */
export function givesUpTransfer(world: World, id: number, node: Observed): void {
  if (node.transferSinceTick < 0) return;
  const { electionTimeoutTicks } = world.settings;
  if (node.ticks() - node.transferSinceTick <= electionTimeoutTicks) return;
  node.transferSinceTick = -1;
  world.broken(`transfers: node ${id} has not given up to hand over after ${electionTimeoutTicks} ticks`);
}

/**
 * The target that is asked to campaign must hold the leader's whole log, unless it is in a later term, or has lost a
 * part of it to damage, of which the leader has yet to hear.
 */
export function handsOver(world: World, id: number, { log }: Observed, target: NodeId): void {
  const other = world.nodes.get(target)?.log;
  if (other === undefined || other.state.term > log.state.term || (other.doubt ?? null) !== null) return;
  if (other.lastIndex >= log.lastIndex && other.lastTerm === log.lastTerm) return;
  world.broken(
    `transfers: node ${id} asks node ${target} to campaign, whose log ends with entry ${other.lastIndex} of term ` +
      `${other.lastTerm}, its own with entry ${log.lastIndex} of term ${log.lastTerm}`,
  );
}

/** A leader asks another node to campaign only if it hands over to that node. */
export function handsOverAsBegun(world: World, id: number, node: Observed, target: NodeId): void {
  if (node.role === "leader" && node.transferSinceTick >= 0 && node.transferTarget === target) return;
  world.broken(`transfers: node ${id} asks node ${target} to campaign, but hands over to nobody`);
}

/** A node that does not lead hands over to nobody. */
export function handsOverAsLeader(world: World, { id, role, transferTarget, isResigning }: RaftStatus): void {
  if (transferTarget !== null && role !== "leader") {
    world.broken(`transfers: node ${id} is a ${role}, and hands over to node ${transferTarget}`);
  }
  if (isResigning && transferTarget === null) world.broken(`transfers: node ${id} resigns, and hands over to nobody`);
}

/** A leader gives up a transfer: after an election timeout, or because the target is no voter any more. */
export function abortsInTime(world: World, id: number, node: Observed, target: NodeId): void {
  const { electionTimeoutTicks } = world.settings;
  const took = node.ticks() - node.transferSinceTick;
  if (node.transferSinceTick < 0 || took >= electionTimeoutTicks) return;
  if (node.configuration !== null && !node.configuration.voters.includes(target)) return;
  world.broken(`transfers: node ${id} gives up to hand over to node ${target} after ${took} ticks`);
}

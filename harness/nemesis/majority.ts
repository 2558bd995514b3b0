/**
 * Which nodes are a majority, for an observer who sees what configuration each of them holds.
 *
 * @module
 */
import type { NodeView } from "../run/cluster.ts";

/** Whether a node runs, or may again. */
export function mayRun(node: NodeView): boolean {
  return node.state !== "refused" && node.state !== "removed";
}

/**
 * The nodes that can be part of a serving majority: without those that will never run again, and without those whose configuration has lost its
 * majority to them. The latter slept through the changes that replaced the lost, and will hear of them when all is healed.
 */
export function whoCouldServe(view: readonly NodeView[]): number[] {
  let able = view.filter(mayRun);
  while (true) {
    const ids = able.map((node) => node.id);
    const still = able.filter((node) => hasMajority(ids, node.voters) && hasMajority(ids, node.votersOutgoing));
    if (still.length === able.length) return ids;
    able = still;
  }
}

/** Whether some nodes are a majority of every configuration that any of them holds: of both halves of a joint one. */
export function isMajority(nodes: readonly number[], view: readonly NodeView[]): boolean {
  const held = view.filter((node) => nodes.includes(node.id) && node.voters.length > 0);
  return held.length > 0 &&
    held.every((node) => hasMajority(nodes, node.voters) && hasMajority(nodes, node.votersOutgoing));
}

/** Whether some nodes are a majority of these voters; of none, any nodes are. */
export function hasMajority(nodes: readonly number[], voters: readonly number[]): boolean {
  return voters.length === 0 || 2 * voters.filter((id) => nodes.includes(id)).length > voters.length;
}

/**
 * What an outside observer concludes from a view of the cluster: which node is primary, which nodes may run, and which
 * nodes are a majority.
 *
 * @module
 */
import type { Members, NodeView, View } from "./kind.ts";

/**
 * The running node that is primary in the highest epoch, among those for which `isAsked` holds; `null` if there is
 * none.
 */
export function primaryOf(view: View, isAsked: (id: number) => boolean = () => true): NodeView | null {
  let primary: NodeView | null = null;
  for (const node of view) {
    if (node.primaryIn === null || node.state !== "running" || !isAsked(node.id)) continue;
    if (primary === null || node.primaryIn > primary.primaryIn!) primary = node;
  }
  return primary;
}

/** The members as a node knows them; if it does not know them, every node counts as a voter. */
export function membersOf(node: NodeView, view: View): Members {
  return node.members ?? { voters: view.map(({ id }) => id), outgoing: [], learners: [] };
}

/** Whether a node runs, or may run again. */
export function mayRun(node: NodeView): boolean {
  return node.state !== "refused" && node.state !== "removed";
}

/** Whether a node runs, or may run again, and can help to elect a primary. */
export function mayVote(node: NodeView): boolean {
  return mayRun(node) && node.isDoubtful !== true;
}

/** The numbers of the nodes that run, or may run again. */
export function presentIn(view: View): number[] {
  return view.filter(mayRun).map((node) => node.id);
}

/**
 * The nodes that can be part of a serving majority.
 *
 * Nodes that will never run again cannot, nor can nodes that give no vote. Nor can a node whose configuration has lost
 * its majority to such nodes: it missed the changes that replaced the lost nodes, and learns of them only when
 * everything is healed.
 */
export function whoCouldServe(view: View): number[] {
  let able = view.filter(mayVote);
  while (true) {
    const ids = able.map((node) => node.id);
    const still = able.filter((node) => isQuorum(ids, membersOf(node, view)));
    if (still.length === able.length) return ids;
    able = still;
  }
}

/** Whether some nodes are a majority of every configuration that any of them knows; in a joint one, of both halves. */
export function isMajority(nodes: readonly number[], view: View): boolean {
  const held = view.filter((node) => nodes.includes(node.id)).map((node) => membersOf(node, view))
    .filter(({ voters }) => voters.length > 0);
  return held.length > 0 && held.every((members) => isQuorum(nodes, members));
}

/** Whether some nodes are a majority of the voters, and of the outgoing voters too. */
export function isQuorum(nodes: readonly number[], { voters, outgoing }: Members): boolean {
  return hasMajority(nodes, voters) && hasMajority(nodes, outgoing);
}

/** Whether some nodes are a majority of these voters; always true if there are no voters. */
function hasMajority(nodes: readonly number[], voters: readonly number[]): boolean {
  return voters.length === 0 || 2 * voters.filter((id) => nodes.includes(id)).length > voters.length;
}

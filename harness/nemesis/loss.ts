/**
 * Decides whose disk may lose acknowledged data: only one node's at a time, and only if the others can do without it.
 *
 * No second node is chosen as long as a lost node counts as a voter, or another node may have lost something. No node
 * is chosen whose loss would leave a configuration of some node without a majority: then nobody could serve again.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import type { NodeView, View } from "./kind.ts";
import { drawMember, type Member, VOTERS_MIN } from "./member.ts";
import { drawAmong } from "./victims.ts";
import { isQuorum, mayRun, membersOf, presentIn, primaryOf } from "./view.ts";

/** Draws a node that may be lost, or the replacement of a lost node; `null` if neither is possible. */
export function drawLoss(random: Random, view: View): number | Member | null {
  if (view.some((node) => mayRun(node) && countsOnTheLost(node, view))) return drawMember(random, "replace", view);
  if (view.some(({ isDoubtful }) => isDoubtful === true)) return null;
  const primary = primaryOf(view);
  const voters = primary === null ? [] : membersOf(primary, view).voters;
  const standing = presentIn(view).filter((id) => voters.includes(id));
  const candidates = standing.filter((id) => isSpared(id, view));
  return standing.length < VOTERS_MIN ? null : drawAmong(random, "one", candidates, null)[0] ?? null;
}

/** Whether a node's configuration has a voter that will never run again. */
function countsOnTheLost(node: NodeView, view: View): boolean {
  const { voters, outgoing } = membersOf(node, view);
  return view.some(({ id, state }) => state === "refused" && (voters.includes(id) || outgoing.includes(id)));
}

/**
 * Whether every configuration of another node still has a majority without this node, and without the removed nodes.
 */
function isSpared(id: number, view: View): boolean {
  const others = view.filter((node) => node.id !== id && mayRun(node));
  const ids = others.map((node) => node.id);
  return others.every((node) => isQuorum(ids, membersOf(node, view)));
}

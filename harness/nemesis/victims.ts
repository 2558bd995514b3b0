/**
 * Whom a fault strikes: nodes drawn by a rule.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import type { NodeView } from "../run/cluster.ts";
import { shuffled } from "./partition.ts";

/** A rule for drawing nodes; `--nemesis kill:NAME` asks for one. */
export type Target = "one" | "minority" | "majority" | "all" | "leader";

/** Every rule. */
export const TARGETS: readonly Target[] = ["one", "minority", "majority", "all", "leader"];

/** Nodes by a rule, out of those that could be struck; the leader's rule falls back on one node where nobody leads. */
export function drawTargets(
  random: Random,
  target: Target,
  candidates: readonly number[],
  leader: number | null,
): number[] {
  const nodes = shuffled(random, candidates);
  const majority = (nodes.length >> 1) + 1;
  switch (target) {
    case "one":
      return nodes.slice(0, 1);
    case "minority":
      return nodes.slice(0, Math.max(1, nodes.length - majority)).sort(ascending);
    case "majority":
      return nodes.slice(0, majority).sort(ascending);
    case "all":
      return nodes.sort(ascending);
    case "leader":
      return leader !== null && nodes.includes(leader) ? [leader] : nodes.slice(0, 1);
  }
}

/** The node that leads with the highest term, if any does. */
export function leaderOf(view: readonly NodeView[]): NodeView | null {
  let leader: NodeView | null = null;
  for (const node of view) {
    if (node.role !== "leader" || node.state !== "running") continue;
    if (leader === null || node.term > leader.term) leader = node;
  }
  return leader;
}

function ascending(a: number, b: number): number {
  return a - b;
}

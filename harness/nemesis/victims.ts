/**
 * Draws the nodes that a fault strikes, by a rule.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import type { View } from "./kind.ts";
import { presentIn, primaryOf } from "./view.ts";

/** A rule for drawing nodes; `--nemesis kill:NAME` asks for one. */
export type Rule = "one" | "minority" | "majority" | "all" | "leader";

/** Every rule. */
export const RULES: readonly Rule[] = ["one", "minority", "majority", "all", "leader"];

/** Draws nodes by a rule, among all that run or may run again. */
export function drawNodes(random: Random, rule: Rule, view: View): number[] {
  return drawAmong(random, rule, presentIn(view), primaryOf(view)?.id ?? null);
}

/** Draws nodes by a rule, among some nodes. Without a primary, the rule `leader` means one node. */
export function drawAmong(
  random: Random,
  rule: Rule,
  candidates: readonly number[],
  primary: number | null,
): number[] {
  const nodes = shuffled(random, candidates);
  const majority = (nodes.length >> 1) + 1;
  switch (rule) {
    case "one":
      return nodes.slice(0, 1);
    case "minority":
      return nodes.slice(0, Math.max(1, nodes.length - majority)).sort(ascending);
    case "majority":
      return nodes.slice(0, majority).sort(ascending);
    case "all":
      return nodes.sort(ascending);
    case "leader":
      return primary !== null && nodes.includes(primary) ? [primary] : nodes.slice(0, 1);
  }
}

/** The fault restricted to the nodes that `isKept` accepts; `null` if it then strikes nobody. */
export function keepStruck<F extends { readonly nodes: readonly number[] }>(
  fault: F,
  isKept: (node: number) => boolean,
): F | null {
  const nodes = fault.nodes.filter(isKept);
  return nodes.length === 0 ? null : { ...fault, nodes };
}

/** If the fault strikes several nodes, the versions that strike one node fewer. */
export function withOneFewer<F extends { readonly nodes: readonly number[] }>(fault: F): F[] {
  if (fault.nodes.length < 2) return [];
  return fault.nodes.map((left) => ({ ...fault, nodes: fault.nodes.filter((node) => node !== left) }));
}

/** Shuffles a copy (Fisher and Yates). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

/** Draws one of several items, each with the same chance. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

function ascending(a: number, b: number): number {
  return a - b;
}

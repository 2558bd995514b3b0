/**
 * All minimal sets of operations that contradict each other.
 *
 * A set that was found is hit in each of its operations in turn: whatever other set there is lacks one of them (Reiter,
 * "A theory of diagnosis from first principles", 1987). A node of that tree is what was taken out so far.
 *
 * Of sets far apart the tree has every combination. So a set is mostly hit where most others are hit too, and nodes
 * with few exceptions to that come first (limited discrepancy search): the sets are found long before the tree has been
 * walked to its end, which alone shows that there are no others. Time and numbers are bounded.
 *
 * @module
 */
import type { Relaxation } from "./relax.ts";
import { shrunk } from "./shrink_set.ts";

/** The minimal sets that were found. */
interface MinimalSets {
  /** Each ascending; in the order in which they were found. */
  readonly sets: readonly (readonly number[])[];
  /** Whether there are no others. */
  readonly isComplete: boolean;
}

/** How far to look. */
interface Bounds {
  /** How many sets are enough. */
  readonly most: number;
  /** How many nodes of the tree may be visited. */
  readonly nodes: number;
}

/**
 * Finds the minimal sets among `all`.
 *
 * @param all Operations, ascending.
 * @param known Minimal sets that are known already.
 */
export function minimalSets(
  relaxation: Relaxation,
  all: readonly number[],
  known: readonly (readonly number[])[],
  { most, nodes }: Bounds,
): MinimalSets {
  const sets = [...known];
  const seen = new Set<string>([""]);
  /** Nodes to visit, by how many exceptions led there. */
  const nodesBy: (readonly number[])[][] = [[[]]];
  const harmless: (readonly number[])[] = [];
  let isComplete = true;
  for (let visited = 0;; visited++) {
    const exceptions = nodesBy.findIndex((some) => some.length > 0);
    if (exceptions < 0) return { sets, isComplete };
    if (relaxation.isSpent || sets.length >= most || visited >= nodes) return { sets, isComplete: false };
    const out = nodesBy[exceptions]!.pop()!;
    const isOut = new Set(out);
    if (harmless.some((fewer) => fewer.every((op) => isOut.has(op)))) continue;
    let set = sets.find((each) => !each.some((op) => isOut.has(op)));
    if (set === undefined) {
      const found = minimalAmong(relaxation, all.filter((op) => !isOut.has(op)));
      if (found === "none" && harmless.length < HARMLESS) harmless.push(out);
      if (found === "unknown") isComplete = false;
      if (typeof found === "string") continue;
      sets.push(found);
      set = found;
    }
    for (const [i, op] of mostHitFirst(set, sets).entries()) {
      const next = [...out, op].sort((x, y) => x - y);
      const name = next.join();
      if (seen.has(name)) continue;
      seen.add(name);
      (nodesBy[exceptions + Math.min(i, 1)] ??= []).push(next);
    }
  }
}

/** How many harmless sets are remembered: without such a set of operations, the rest contains no contradiction. */
const HARMLESS = 500;

/** The operations of a set, the one that is in most other sets first; of several, the last. */
function mostHitFirst(set: readonly number[], sets: readonly (readonly number[])[]): number[] {
  const counts = new Map(set.map((op) => [op, sets.filter((other) => other.includes(op)).length]));
  return set.toSorted((x, y) => counts.get(y)! - counts.get(x)! || y - x);
}

/** A minimal set among some operations. */
function minimalAmong(
  relaxation: Relaxation,
  some: readonly number[],
): readonly number[] | "none" | "unknown" {
  const answer = some.length === 0 ? false : relaxation.contradicts(some, Infinity);
  if (answer !== true) return answer === false ? "none" : "unknown";
  const asked = (kept: readonly number[], visits: number) => relaxation.contradicts(kept, visits);
  const { kept, isMinimal } = shrunk(some, -1, asked, () => relaxation.isSpent);
  return isMinimal ? kept : "unknown";
}

/**
 * Leader completeness: a leader has every entry that was committed in an earlier term (Raft, figure 3; section 5.4).
 *
 * @module
 */
import type { LogIndex } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/**
 * A node becomes leader. It must hold the last entry that was committed before; then, by log matching, it holds all
 * before it.
 */
export function leadsComplete(world: World, id: number, node: Observed, term: number): void {
  const { marks, committed } = world;
  let last = marks.length - 1;
  while (last >= 0 && marks[last]!.committedIn >= term) last--;
  const mark = marks[last];
  if (mark === undefined || mark.index <= node.log.snapshotIndex) return;
  if (node.log.termAt(mark.index as LogIndex) === committed[mark.index]) return;
  world.broken(
    `leader completeness: node ${id} leads term ${term} without entry ${mark.index} of term ` +
      `${committed[mark.index]}, which was committed in term ${mark.committedIn}`,
  );
}

/**
 * Births: every node knows the members by the journals that its directory names, and a member's journal keeps its birth
 * as long as its number is not reused. The journal of a member that was removed is forgotten.
 *
 * @module
 */
import type { Births } from "../../../server/replica/births.ts";
import type { DirectoryEntry } from "../../../server/replica/directory.ts";
import type { World } from "./world.ts";

type Entries = ReadonlyMap<number, Pick<DirectoryEntry, "birth">>;

/**
 * A node's directory has changed, and the node is about to follow it. The birth of a member may change only if the
 * member was removed and its number reused, even if the node did not notice the removal.
 */
export function keepsBirths(world: World, id: number, entries: Entries, known: Pick<Births, "of">): void {
  for (const [member, { birth }] of entries) {
    const before = known.of(member);
    if (world.reused.has(member) || before === 0 || birth === 0 || before === birth) continue;
    world.broken(`births: node ${id} knew node ${member} by journal ${before}, and now by journal ${birth}`);
  }
}

/** A node has followed its directory. */
export function knowsBirths(world: World, id: number, entries: Entries, known: Pick<Births, "of">): void {
  for (const [member, { birth }] of entries) {
    if (birth === 0 || known.of(member) === birth) continue;
    world.broken(`births: node ${id} does not know the journal of node ${member}`);
  }
}

/** A node has followed its directory, and knows no journal of a member that was in it `before` and is not now. */
export function forgetsBirths(
  world: World,
  id: number,
  entries: Entries,
  before: Iterable<number>,
  known: Pick<Births, "of">,
): void {
  for (const member of before) {
    if (entries.has(member) || known.of(member) === 0) continue;
    world.broken(`births: node ${id} still knows the journal of node ${member}, which was removed`);
  }
}

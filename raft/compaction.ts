/**
 * Which entries a node keeps when it puts a snapshot in place of its log's beginning: a follower that still needs them
 * is spared a snapshot, and catches up even where snapshots are taken faster than it can be sent one.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { entryBytes } from "./log.ts";
import type { Progress } from "./progress.ts";
import type { LogIndex } from "./types.ts";

/**
 * The first entry that is kept beside a snapshot.
 *
 * `keepBytes` of the entries that the snapshot covers are kept in any case, for followers of a later leader. A leader
 * also keeps what a follower is being sent, up to `maxKeepBytes` in all; beyond that the follower gets a snapshot.
 *
 * @param core The node.
 * @param index The last entry that the snapshot covers.
 * @returns From the log's first entry to `index + 1`.
 */
export function keepFrom(core: Core, index: LogIndex): LogIndex {
  const { log, config } = core;
  const { keepBytes, maxKeepBytes } = config;
  let needed = index + 1;
  for (const follower of core.followers) needed = Math.min(needed, neededFrom(follower));
  let from: number = index + 1;
  let bytes = 0;
  while (from > log.firstIndex) {
    bytes += entryBytes(log.entryAt(from - 1 as LogIndex)!);
    if (bytes > (from > needed ? maxKeepBytes : keepBytes)) break;
    from--;
  }
  return from as LogIndex;
}

/**
 * The entry before the first one that a follower is to be sent, whose term an append names; the last one of its
 * snapshot where it is being sent one.
 */
function neededFrom({ matchIndex, transfer, isActive, nextIndex, state }: Progress): number {
  if (transfer !== null) return transfer.snapshot.index;
  // Of a follower that nobody has heard of lately, nobody knows when it will need anything.
  if (!isActive) return Infinity;
  return state === "probe" ? nextIndex - 1 : matchIndex;
}

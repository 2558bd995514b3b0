/**
 * Which entries a node keeps when a snapshot replaces the beginning of its log. A follower that still needs the kept
 * entries can catch up from them, even when snapshots are taken faster than one could be sent.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { entryBytes } from "./log.ts";
import type { Progress } from "./progress.ts";
import type { LogIndex } from "./types.ts";

/**
 * The first entry that the log keeps when it takes a snapshot.
 *
 * A node always keeps `keepBytes` of the entries that the snapshot covers, for followers of a later leader. A leader
 * also keeps what it is sending to a follower, up to `maxKeepBytes` in all; a follower that needs more gets a snapshot.
 *
 * @param core The node.
 * @param index The last entry that the snapshot covers.
 * @returns An index between the log's first entry and `index + 1`.
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
 * The index before the first entry that a follower needs, whose term an append names (`prevLogTerm`); for a follower
 * that gets a snapshot, the snapshot's last index.
 */
function neededFrom({ matchIndex, transfer, isActive, nextIndex, state }: Progress): number {
  if (transfer !== null) return transfer.snapshot.index;
  // A follower that was not heard lately may never come back: keep nothing for it.
  if (!isActive) return Infinity;
  return state === "probe" ? nextIndex - 1 : matchIndex;
}

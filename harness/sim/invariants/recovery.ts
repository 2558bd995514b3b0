/**
 * Recovery: at any moment a crash leaves a journal from which the node can start, with all that it knows to be durable:
 * term and vote, entries, and the snapshot.
 *
 * This asks at many moments what a crash would do, without making one. So a journal that promises too much is noticed
 * even if the time in which a crash would show it is short.
 *
 * @module
 */
import type { LogIndex, RaftLog } from "../../../raft/mod.ts";
import { findsAgain } from "./durability.ts";
import { sameBytes, type World } from "./world.ts";

/** A log on a disk. */
export type DurableLog = RaftLog & { readonly durableSnapshotIndex: number };

/**
 * A crash now would leave a node this log, or none that it can start from. `mayDoubt`: it began its life in doubt, and
 * what has ended that may not be durable yet.
 */
export function wouldRecover(
  world: World,
  id: number,
  log: DurableLog,
  left: RaftLog | Error,
  mayDoubt: boolean,
): void {
  if (left instanceof Error) {
    return world.broken(`recovery: after a crash now, node ${id} could not start: ${left.message}`);
  }
  findsAgain(world, id, log, left, "would restart");
  if (left.snapshotIndex < log.durableSnapshotIndex) {
    world.broken(
      `recovery: after a crash now, node ${id} would find its snapshot at entry ${left.snapshotIndex}, ` +
        `but knows that at ${log.durableSnapshotIndex} to be durable`,
    );
  }
  if ((left.doubt ?? null) !== null) {
    if (!mayDoubt) world.broken(`recovery: after a crash now, node ${id} would be in doubt`);
    return;
  }
  const from = Math.max(log.firstIndex, left.firstIndex), to = Math.min(log.durableIndex, left.lastIndex);
  for (let index = from; index <= to; index++) {
    const known = log.entryAt(index as LogIndex), found = left.entryAt(index as LogIndex);
    if (known === undefined || found === undefined) continue;
    if (known.term === found.term && known.kind === found.kind && sameBytes(known.data, found.data)) continue;
    return world.broken(`recovery: after a crash now, node ${id} would find another entry ${index} than it knows`);
  }
}

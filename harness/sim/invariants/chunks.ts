/**
 * Chunks: a leader sends a follower no byte of a snapshot that, by its last answer, the follower has (Raft, section 7).
 *
 * @module
 */
import type { Envelope, SnapshotResponse } from "../../../raft/mod.ts";

/** A leader has handled the answer to a chunk, and sends these messages. */
export function sendsOnward(
  id: number,
  { from, snapshotIndex, received, refusal }: SnapshotResponse,
  sent: readonly Envelope[],
  broken: (what: string) => void,
): void {
  if (refusal !== null) return;
  for (const envelope of sent) {
    if (envelope.type !== "snapshot-request" || envelope.to !== from || envelope.snapshotIndex !== snapshotIndex) {
      continue;
    }
    if (envelope.chunk.length === 0 || envelope.offset >= received) continue;
    broken(
      `chunks: leader ${id} sends node ${from} byte ${envelope.offset} of a snapshot, of which it has ${received}`,
    );
  }
}

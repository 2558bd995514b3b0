/**
 * InstallSnapshot on the leader (Raft, section 7). A follower that needs entries that were compacted away gets the
 * snapshot in chunks. The leader sends chunks without waiting for answers, as far as the follower's window allows.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { RaftInvariantError } from "./errors.ts";
import type { SnapshotResponse } from "./message.ts";
import type { Progress, SnapshotTransfer } from "./progress.ts";
import { isSameSnapshot, type Snapshot } from "./types.ts";

const NO_CHUNK = new Uint8Array(0);

/** Begins to send a follower the latest snapshot. */
export function beginSnapshot(core: Core, follower: Progress): void {
  const snapshot = core.log.snapshot;
  if (snapshot === null) {
    throw new RaftInvariantError(
      `Entry ${follower.nextIndex - 1} is neither in the log of node ${core.id} nor in a snapshot`,
    );
  }
  follower.becomeSnapshot(snapshot);
  holdSnapshots(core);
  core.tracer?.snapshot?.("sending", snapshot, follower.id);
  if (snapshot.bytes === 0) askHowFar(core, follower);
  else sendChunks(core, follower);
}

/** Sends a follower as many chunks as its window allows and the log has ready. */
export function sendChunks(core: Core, follower: Progress): void {
  const transfer = transferOf(follower);
  const { snapshot } = transfer;
  const { snapshotChunkBytes, maxInflightBytes, maxInflightAppends } = core.config;
  const window = Math.min(maxInflightBytes, maxInflightAppends * snapshotChunkBytes);
  if (transfer.refusal !== null) return;
  while (transfer.sentBytes < snapshot.bytes && hasRoom(transfer, window)) {
    const chunk = core.log.readSnapshot(snapshot, transfer.sentBytes, snapshotChunkBytes);
    if (chunk === null) return;
    if (chunk.length === 0) {
      throw new RaftInvariantError(`The snapshot at ${snapshot.index} ends at ${transfer.sentBytes} of its bytes`);
    }
    send(core, follower, snapshot, transfer.sentBytes, chunk);
    transfer.sentBytes += chunk.length;
  }
}

/** Whether another chunk may be sent. One is always allowed; before the first answer, only one. */
function hasRoom({ sentBytes, writtenBytes, isAnswered }: SnapshotTransfer, window: number): boolean {
  return sentBytes === writtenBytes || (isAnswered && sentBytes - writtenBytes < window);
}

/** Asks a follower how far the snapshot is, if the last chunks have no answer: they may be lost or slow. */
export function askHowFar(core: Core, follower: Progress): void {
  const { snapshot, sentBytes } = transferOf(follower);
  send(core, follower, snapshot, sentBytes, NO_CHUNK);
}

/** Handles the answer to a chunk that was not the last, or to `askHowFar`. */
export function handleSnapshotResponse(core: Core, follower: Progress, response: SnapshotResponse): void {
  follower.heard(core.clock);
  const { transfer } = follower;
  if (transfer === null || response.snapshotIndex !== transfer.snapshot.index) {
    return core.reject(response, "the answer is to an earlier snapshot");
  }
  const { received, written, isGap, refusal } = response;
  if (received > transfer.snapshot.bytes || written > received) {
    return core.reject(response, "a chunk beyond the snapshot's end is wanted");
  }
  if (refusal !== null) return refused(core, follower, transfer, response);
  if (transfer.refusal !== null) {
    transfer.refusal = null;
    transfer.sentBytes = transfer.writtenBytes = 0;
  }
  transfer.isAnswered = true;
  if (written > transfer.writtenBytes) transfer.writtenBytes = written;
  // The follower may have the bytes from an earlier leader, or an earlier attempt.
  if (received > transfer.sentBytes) transfer.sentBytes = received;
  if (isGap) sendAgain(core, follower, transfer, received);
  sendChunks(core, follower);
}

/**
 * Reviews the transfer to a follower, once in an election timeout. Drops the old snapshot of a silent follower if there
 * is a newer one, and asks a follower that refused the snapshot whether it still does.
 */
export function reviewTransfer(core: Core, follower: Progress): void {
  const { transfer } = follower;
  if (transfer === null) return;
  const isLatest = core.log.snapshot !== null && isSameSnapshot(transfer.snapshot, core.log.snapshot);
  if (!isLatest && (!follower.isActive || transfer.refusal !== null)) {
    core.tracer?.snapshot?.("abandoned", transfer.snapshot, follower.id);
    follower.becomeProbe(follower.nextIndex);
    follower.pause(core.round);
    holdSnapshots(core);
  } else if (transfer.refusal !== null && follower.isActive) {
    askHowFar(core, follower);
  }
}

/** Tells the log which snapshots are being sent, so that it keeps their bytes. */
export function holdSnapshots(core: Core): void {
  const sent: Snapshot[] = [];
  for (const { transfer } of core.followers) {
    if (transfer !== null && !sent.some((one) => isSameSnapshot(one, transfer.snapshot))) sent.push(transfer.snapshot);
  }
  core.log.holdSnapshots(sent);
}

function refused(core: Core, follower: Progress, transfer: SnapshotTransfer, { refusal }: SnapshotResponse): void {
  if (transfer.refusal === null) core.tracer?.snapshot?.("refused", transfer.snapshot, follower.id);
  transfer.refusal = refusal;
  // The follower has dropped the earlier bytes. The next question starts at offset 0.
  transfer.sentBytes = transfer.writtenBytes = 0;
}

/**
 * Handles a gap: the follower lacks bytes from `received` on, though later bytes came. After one lost chunk, every
 * later chunk brings such an answer, and so does every chunk that overtakes another. So only one of them counts in the
 * time that the bytes sent again need to arrive.
 */
function sendAgain(core: Core, follower: Progress, transfer: SnapshotTransfer, received: number): void {
  if (received >= transfer.sentBytes) return;
  if (follower.echoedRound <= transfer.resentInRound) return;
  transfer.resentInRound = core.round;
  transfer.sentBytes = received;
  transfer.writtenBytes = Math.min(transfer.writtenBytes, received);
}

function send(core: Core, follower: Progress, snapshot: Snapshot, offset: number, chunk: Uint8Array): void {
  follower.pause(core.round);
  core.send({
    type: "snapshot-request",
    from: core.id,
    to: follower.id,
    term: core.term,
    afterSync: false,
    snapshotIndex: snapshot.index,
    snapshotTerm: snapshot.term,
    configuration: snapshot.configuration,
    offset,
    totalBytes: snapshot.bytes,
    digest: snapshot.digest,
    round: core.round,
    chunk,
  });
}

function transferOf(follower: Progress): SnapshotTransfer {
  if (follower.transfer === null) throw new RaftInvariantError(`Node ${follower.id} is sent a chunk of no snapshot`);
  return follower.transfer;
}

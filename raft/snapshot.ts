/**
 * InstallSnapshot on the follower (Raft, section 7): chunks are gathered, and put in place of the log where the log
 * lacks what they cover.
 *
 * @module
 */
import { ConfigurationStack } from "./configuration.ts";
import type { Core } from "./core.ts";
import type { SnapshotRequest } from "./message.ts";
import { abandonIncoming, followLeader } from "./roles.ts";
import type { LogIndex, Snapshot } from "./types.ts";

/** A chunk: kept if it is the one that is wanted; the answer says which one is wanted next. */
export function handleSnapshotRequest(core: Core, request: SnapshotRequest): void {
  followLeader(core, request.from);
  const { snapshotIndex: index, snapshotTerm: term, offset, totalBytes, chunk } = request;
  // An older snapshot never takes anything back: what it covers is committed here.
  if (index <= core.commitIndex) {
    core.tracer?.snapshot?.("outdated", { index, term }, request.from);
    return acknowledge(core, request);
  }
  // The log holds the snapshot's last entry, and so all before it: the log stays, with its tail, and what it covers is
  // committed.
  if (core.log.termAt(index) === term) {
    core.tracer?.snapshot?.("matched", { index, term }, request.from);
    core.commitTo(index);
    return acknowledge(core, request);
  }
  if (offset + chunk.length > totalBytes) return core.reject(request, "the chunk goes beyond the snapshot's end");
  if (totalBytes > core.config.maxSnapshotBytes) return core.reject(request, "the snapshot is larger than is accepted");
  let incoming = core.incoming;
  if (incoming !== null && (incoming.index !== index || incoming.term !== term || incoming.totalBytes !== totalBytes)) {
    // A late chunk of an older snapshot does not undo what has come of a newer one.
    if (index < incoming.index) return core.reject(request, "a later snapshot is coming in");
    abandonIncoming(core);
    incoming = null;
  }
  if (incoming === null) core.incoming = incoming = { index, term, totalBytes, chunks: [], received: 0 };
  if (offset === incoming.received && chunk.length > 0) {
    incoming.chunks.push(chunk);
    incoming.received += chunk.length;
  }
  if (incoming.received < totalBytes) {
    core.send({
      type: "snapshot-response",
      from: core.id,
      to: request.from,
      term: core.term,
      afterSync: !core.isTermDurable,
      snapshotIndex: index,
      offset,
      nextOffset: incoming.received,
    });
    return;
  }
  install(core, { index, term, configuration: request.configuration, data: joined(incoming.chunks, totalBytes) });
  acknowledge(core, request);
}

function install(core: Core, snapshot: Snapshot): void {
  core.incoming = null;
  core.log.restore(snapshot);
  core.configurations = new ConfigurationStack(snapshot.index, snapshot.configuration);
  core.commitIndex = core.appliedIndex = snapshot.index;
  core.restored = snapshot;
  core.openProposals.restored(snapshot);
  core.tracer?.snapshot?.("installed", snapshot, core.leader);
  core.configurationChanged(snapshot.index, "snapshot");
}

function acknowledge(core: Core, request: SnapshotRequest): void {
  core.send({
    type: "append-response",
    from: core.id,
    to: request.from,
    term: core.term,
    afterSync: true,
    success: true,
    index: request.snapshotIndex,
    hintIndex: 0 as LogIndex,
    hintTerm: request.snapshotTerm,
    round: request.round,
  });
}

function joined(chunks: readonly Uint8Array[], totalBytes: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(totalBytes);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

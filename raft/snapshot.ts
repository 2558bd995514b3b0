/**
 * InstallSnapshot on the follower (Raft, section 7). Each chunk goes into the log, which writes it. The complete
 * snapshot replaces the log if the log lacks entries that it covers.
 *
 * @module
 */
import { ConfigurationStack } from "./configuration.ts";
import type { Core } from "./core.ts";
import { vouch } from "./doubt.ts";
import type { SnapshotRefusal, SnapshotRequest } from "./message.ts";
import { abandonIncoming, followLeader } from "./roles.ts";
import { isSameSnapshot, type LogIndex, type Snapshot } from "./types.ts";

type Incoming = NonNullable<Core["incoming"]>;

/** Handles a chunk: gives it to the log if it is the next one. The answer says how many bytes were received. */
export function handleSnapshotRequest(core: Core, request: SnapshotRequest): void {
  followLeader(core, request.from);
  const { snapshotIndex: index, snapshotTerm: term, offset, totalBytes, digest, configuration, chunk } = request;
  // An older snapshot changes nothing: the entries that it covers are committed here.
  if (index <= core.commitIndex) {
    core.tracer?.snapshot?.("outdated", { index, term }, request.from);
    return acknowledge(core, request);
  }
  // The log holds the snapshot's last entry, and so all entries before it. It stays as it is, and these entries are
  // committed.
  if (core.log.termAt(index) === term) {
    core.tracer?.snapshot?.("matched", { index, term }, request.from);
    vouch(core, index);
    core.commitTo(index);
    return acknowledge(core, request);
  }
  if (offset + chunk.length > totalBytes) return core.reject(request, "the chunk goes beyond the snapshot's end");
  if (totalBytes > core.config.maxSnapshotBytes) return refuse(core, index, "too-large");
  const snapshot: Snapshot = { index, term, configuration, bytes: totalBytes, digest };
  const incoming = incomingOf(core, snapshot);
  if (incoming === null) return core.reject(request, "a later snapshot is coming in");
  if (offset > incoming.received) {
    keepEarly(core, incoming, offset, chunk);
    return respond(core, true);
  }
  // If the log does not take a chunk now, the leader sends it again.
  if (offset < incoming.received || !core.log.receiveSnapshot(incoming.snapshot, offset, chunk)) {
    return respond(core, false);
  }
  incoming.received += chunk.length;
  takeEarly(core, incoming);
  if (incoming.received === totalBytes) install(core, request);
  else if (chunk.length === 0) respond(core, false);
  else tellProgress(core);
}

/** Tells the leader that more of its snapshot is written, so that the leader sends more. */
export function tellProgress(core: Core): void {
  const { incoming } = core;
  if (incoming !== null && core.log.receivedBytes > incoming.told) respond(core, false);
}

/**
 * The snapshot that is being received, which this call begins if it is another one. `null` if the same leader already
 * sends a later snapshot: then the chunk is late. A leader of a later term may send an older snapshot.
 */
function incomingOf(core: Core, snapshot: Snapshot): Incoming | null {
  const { incoming } = core;
  if (incoming !== null && isSameSnapshot(incoming.snapshot, snapshot)) return incoming;
  if (incoming !== null && incoming.sentIn === core.term && snapshot.index < incoming.snapshot.index) return null;
  abandonIncoming(core);
  return core.incoming = { snapshot, sentIn: core.term, received: 0, told: 0, early: new Map() };
}

/**
 * Keeps a chunk that arrived before its predecessors, up to the size of a leader's window. Otherwise a network that
 * reorders packets would deliver one useful chunk per round trip, and the others would be sent again.
 */
function keepEarly(core: Core, { early }: Incoming, offset: number, chunk: Uint8Array): void {
  if (chunk.length === 0 || early.has(offset)) return;
  let kept = chunk.length;
  for (const one of early.values()) kept += one.length;
  if (kept <= core.config.maxInflightBytes) early.set(offset, chunk);
}

/** Gives the log those early chunks that now continue the received bytes. */
function takeEarly(core: Core, incoming: Incoming): void {
  const { early, snapshot } = incoming;
  for (let chunk = early.get(incoming.received); chunk !== undefined; chunk = early.get(incoming.received)) {
    if (!core.log.receiveSnapshot(snapshot, incoming.received, chunk)) return;
    incoming.received += chunk.length;
  }
  for (const offset of early.keys()) if (offset < incoming.received) early.delete(offset);
}

function install(core: Core, request: SnapshotRequest): void {
  const { snapshot } = core.incoming!;
  core.incoming = null;
  if (!core.log.restore(snapshot)) {
    core.tracer?.snapshot?.("damaged", snapshot, core.leader);
    return refuse(core, snapshot.index, "damaged");
  }
  core.configurations = new ConfigurationStack(snapshot.index, snapshot.configuration);
  core.commitIndex = core.appliedIndex = snapshot.index;
  core.restored = snapshot;
  core.openProposals.restored(snapshot);
  core.tracer?.snapshot?.("installed", snapshot, core.leader);
  core.configurationChanged(snapshot.index, "snapshot");
  vouch(core, snapshot.index);
  acknowledge(core, request);
}

function respond(core: Core, isGap: boolean): void {
  const incoming = core.incoming!;
  incoming.told = core.log.receivedBytes;
  answer(core, {
    snapshotIndex: incoming.snapshot.index,
    received: incoming.received,
    written: Math.min(incoming.told, incoming.received),
    isGap,
    refusal: null,
  });
}

function refuse(core: Core, snapshotIndex: LogIndex, refusal: SnapshotRefusal): void {
  answer(core, { snapshotIndex, received: 0, written: 0, isGap: false, refusal });
}

function answer(
  core: Core,
  said: { snapshotIndex: LogIndex; received: number; written: number; isGap: boolean; refusal: SnapshotRefusal | null },
): void {
  if (core.leader === null) return;
  core.send({
    type: "snapshot-response",
    from: core.id,
    to: core.leader,
    term: core.term,
    afterSync: !core.isTermDurable,
    ...said,
  });
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

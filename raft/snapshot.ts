/**
 * InstallSnapshot on the follower (Raft, section 7): chunks go into the log, which writes them, and the whole takes the
 * place of the log where the log lacks what it covers.
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

/** A chunk: goes into the log if it is the one that is wanted; the answer says how far the snapshot has come in. */
export function handleSnapshotRequest(core: Core, request: SnapshotRequest): void {
  followLeader(core, request.from);
  const { snapshotIndex: index, snapshotTerm: term, offset, totalBytes, digest, configuration, chunk } = request;
  // An older snapshot never takes anything back: what it covers is committed here.
  if (index <= core.commitIndex) {
    core.tracer?.snapshot?.("outdated", { index, term }, request.from);
    return acknowledge(core, request);
  }
  // The log holds the snapshot's last entry, and so all before it: the log stays, with its tail, and what it covers is
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
  // A chunk that the log does not take now is sent again.
  if (offset < incoming.received || !core.log.receiveSnapshot(incoming.snapshot, offset, chunk)) {
    return respond(core, false);
  }
  incoming.received += chunk.length;
  takeEarly(core, incoming);
  if (incoming.received === totalBytes) install(core, request);
  else if (chunk.length === 0) respond(core, false);
  else tellProgress(core);
}

/** Tells the leader that more of its snapshot is written, so that it sends more. */
export function tellProgress(core: Core): void {
  const { incoming } = core;
  if (incoming !== null && core.log.receivedBytes > incoming.told) respond(core, false);
}

/**
 * What has come in of a snapshot; begins with nothing. `null` where the same leader is sending a later one: a late
 * chunk does not undo that. A leader of a later term may have none but an older one.
 */
function incomingOf(core: Core, snapshot: Snapshot): Incoming | null {
  const { incoming } = core;
  if (incoming !== null && isSameSnapshot(incoming.snapshot, snapshot)) return incoming;
  if (incoming !== null && incoming.sentIn === core.term && snapshot.index < incoming.snapshot.index) return null;
  abandonIncoming(core);
  return core.incoming = { snapshot, sentIn: core.term, received: 0, told: 0, early: new Map() };
}

/**
 * Keeps a chunk that has overtaken others, as far as a leader's window goes. On a network that reorders, a window of
 * small chunks would else bring one of them a round trip, and all others would be sent again.
 */
function keepEarly(core: Core, { early }: Incoming, offset: number, chunk: Uint8Array): void {
  if (chunk.length === 0 || early.has(offset)) return;
  let kept = chunk.length;
  for (const one of early.values()) kept += one.length;
  if (kept <= core.config.maxInflightBytes) early.set(offset, chunk);
}

/** Gives the log the chunks that came early and whose turn it is now. */
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

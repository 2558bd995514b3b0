/**
 * The messages of a leader to its followers: appends, heartbeats, commit notices, snapshot chunks (Raft, section 5.3).
 *
 * @module
 */
import type { Core } from "./core.ts";
import { entryBytes } from "./log.ts";
import type { Progress } from "./progress.ts";
import { beginSnapshot, sendChunks } from "./snapshot_transfer.ts";
import type { Entry, EntryKind, LogIndex, Term } from "./types.ts";

/** Appends an entry to the leader's own log. The next `replicate` sends it. */
export function appendAsLeader(core: Core, kind: EntryKind, data: Uint8Array): Entry {
  const entry: Entry = { index: core.log.lastIndex + 1 as LogIndex, term: core.term, kind, data };
  core.log.appendOne(entry);
  if (core.tracer !== null || kind === "configuration") core.noteAppended(entry);
  return entry;
}

/** Sends each follower its missing entries, or the commit index where no message carried it. */
export function replicateToAll(core: Core): void {
  const followers = core.followers;
  for (let i = 0; i < followers.length; i++) {
    const follower = followers[i]!;
    replicate(core, follower);
    notifyCommit(core, follower);
  }
}

/** Sends a follower its missing entries, as far as its window allows. */
export function replicate(core: Core, follower: Progress): void {
  switch (follower.state) {
    case "replicate":
      while (follower.nextIndex <= core.log.lastIndex && !follower.inflights.isFull) {
        if (!sendAppend(core, follower)) return;
      }
      return;
    case "probe":
      if (follower.isPaused) return;
      if (!sendAppend(core, follower)) return;
      follower.pause(core.round);
      return;
    case "snapshot":
      return sendChunks(core, follower);
  }
}

/**
 * Asks a follower whether it holds the entries that were sent, without sending them again. A refusal shows that an
 * append was lost; a success replaces a lost answer. A follower whose disk is slow answers once it has synced the
 * entries.
 */
export function sendCheck(core: Core, follower: Progress): void {
  const prevLogIndex = follower.state === "probe" ? follower.probedIndex : follower.nextIndex - 1 as LogIndex;
  const prevLogTerm = core.log.termAt(prevLogIndex);
  if (prevLogTerm === undefined) beginSnapshot(core, follower);
  else sendEntries(core, follower, prevLogIndex, prevLogTerm, []);
}

/** Tells a follower how far it may commit, if no earlier message has. */
export function notifyCommit(core: Core, follower: Progress): void {
  const commitIndex = Math.min(core.commitIndex, follower.matchIndex) as LogIndex;
  if (commitIndex <= follower.toldCommitIndex) return;
  follower.toldCommitIndex = commitIndex;
  core.send({ type: "commit-notice", from: core.id, to: follower.id, term: core.term, afterSync: false, commitIndex });
}

/** Begins a heartbeat round, which carries the reads that are queued. Its cost does not depend on the log. */
export function beginRound(core: Core): void {
  core.round++;
  core.reads.begin(core.round);
  for (const follower of core.followers) {
    const commitIndex = Math.min(core.commitIndex, follower.matchIndex) as LogIndex;
    if (commitIndex > follower.toldCommitIndex) follower.toldCommitIndex = commitIndex;
    core.send({
      type: "heartbeat-request",
      from: core.id,
      to: follower.id,
      term: core.term,
      afterSync: false,
      round: core.round,
      sentAtTick: core.clock,
      commitIndex,
    });
  }
}

/**
 * Sends one append, which is empty if the follower has all entries. If the follower needs a snapshot, begins that
 * instead, and returns `false`.
 */
function sendAppend(core: Core, follower: Progress): boolean {
  const { log } = core;
  const from = follower.nextIndex;
  const prevLogIndex = from - 1 as LogIndex;
  const prevLogTerm = log.termAt(prevLogIndex);
  if (prevLogTerm === undefined || from < log.firstIndex) {
    beginSnapshot(core, follower);
    return false;
  }
  const entries = entriesFrom(core, from, log.lastIndex + 1 as LogIndex);
  const last = prevLogIndex + entries.length as LogIndex;
  if (follower.state === "probe") follower.probedIndex = last;
  else if (entries.length > 0) {
    follower.nextIndex = last + 1 as LogIndex;
    follower.inflights.add(last, bytesOf(entries));
  }
  sendEntries(core, follower, prevLogIndex, prevLogTerm, entries);
  return true;
}

function sendEntries(
  core: Core,
  follower: Progress,
  prevLogIndex: LogIndex,
  prevLogTerm: Term,
  entries: readonly Entry[],
): void {
  const told = Math.min(core.commitIndex, prevLogIndex + entries.length) as LogIndex;
  if (told > follower.toldCommitIndex) follower.toldCommitIndex = told;
  core.send({
    type: "append-request",
    from: core.id,
    to: follower.id,
    term: core.term,
    afterSync: false,
    prevLogIndex,
    prevLogTerm,
    commitIndex: core.commitIndex,
    round: core.round,
    entries,
  });
}

// Followers with the same `nextIndex` share the array, so nobody may change it.
function entriesFrom(core: Core, from: LogIndex, to: LogIndex): readonly Entry[] {
  if (from >= to) return [];
  if (from !== core.lastSliceFrom || to !== core.lastSliceTo) {
    core.lastSlice = core.log.slice(from, to, core.config.maxAppendBytes);
    core.lastSliceFrom = from;
    core.lastSliceTo = to;
  }
  return core.lastSlice;
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) bytes += entryBytes(entries[i]!);
  return bytes;
}

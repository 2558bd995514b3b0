/**
 * What a follower does with what its leader says: AppendEntries (Raft, section 5.3), heartbeats and commit notices.
 *
 * @module
 */
import { decodeConfiguration } from "./configuration.ts";
import type { Core } from "./core.ts";
import { RaftInvariantError } from "./errors.ts";
import { lastIndexWithTermAtMost } from "./log.ts";
import type { AppendRequest, CommitNotice, HeartbeatRequest } from "./message.ts";
import { followLeader } from "./roles.ts";
import type { Entry, LogIndex } from "./types.ts";

/**
 * AppendEntries, figure 2: refuses without a match at `prevLogIndex`; else drops what conflicts, adds what is new, and
 * commits.
 */
export function handleAppendRequest(core: Core, request: AppendRequest): void {
  followLeader(core, request.from);
  const { log } = core;
  const { prevLogIndex, prevLogTerm, entries } = request;
  // What is committed is in every later leader's log (section 5.4): it matches, even where it was compacted away.
  if (prevLogIndex > core.commitIndex && log.termAt(prevLogIndex) !== prevLogTerm) {
    const end = Math.min(prevLogIndex, log.lastIndex) as LogIndex;
    const hintIndex = lastIndexWithTermAtMost(log, core.commitIndex, end, prevLogTerm);
    respond(core, request, false, prevLogIndex, hintIndex);
    return;
  }
  appendNew(core, request);
  const lastNewIndex = prevLogIndex + entries.length as LogIndex;
  // No further than the last entry that this message vouches for: what follows it here may be another leader's.
  core.commitTo(Math.min(request.commitIndex, lastNewIndex) as LogIndex);
  respond(core, request, true, lastNewIndex, 0 as LogIndex);
}

/** A heartbeat: the leader lives, and says how far to commit. The echo names its round. */
export function handleHeartbeatRequest(core: Core, request: HeartbeatRequest): void {
  followLeader(core, request.from);
  core.commitTo(request.commitIndex);
  const { round, sentAtTick } = request;
  core.send({
    type: "heartbeat-response",
    from: core.id,
    to: request.from,
    term: core.term,
    afterSync: !core.isTermDurable,
    round,
    sentAtTick,
  });
}

/** A commit notice. */
export function handleCommitNotice(core: Core, notice: CommitNotice): void {
  followLeader(core, notice.from);
  core.commitTo(notice.commitIndex);
}

/**
 * Appends the entries that are not in the log, after dropping those that conflict with them: an existing entry with
 * another term, and all that follow it.
 */
function appendNew(core: Core, request: AppendRequest): void {
  const { log } = core;
  const { entries, prevLogIndex } = request;
  const hasConfiguration = checkConfigurations(entries);
  let place = 0;
  if (prevLogIndex !== log.lastIndex) {
    // A repeated or late append may be shorter than the log: it drops nothing unless an entry conflicts.
    place = Math.max(0, core.commitIndex - prevLogIndex);
    while (place < entries.length) {
      const entry = entries[place]!;
      const held = log.termAt(entry.index);
      if (held === undefined) break;
      if (held !== entry.term) {
        dropFrom(core, entry.index);
        break;
      }
      place++;
    }
  }
  if (place >= entries.length) return;
  const fresh = place === 0 ? entries : entries.slice(place);
  log.append(fresh);
  if (core.tracer === null && !hasConfiguration) return;
  for (const entry of fresh) core.noteAppended(entry);
}

/** Whether a configuration is among the entries. One that cannot be read is an error before anything was changed. */
function checkConfigurations(entries: readonly Entry[]): boolean {
  let found = false;
  for (let i = 0; i < entries.length; i++) {
    if (entries[i]!.kind !== "configuration") continue;
    decodeConfiguration(entries[i]!.data);
    found = true;
  }
  return found;
}

function dropFrom(core: Core, from: LogIndex): void {
  if (from <= core.commitIndex) {
    throw new RaftInvariantError(
      `Node ${core.id} would drop entry ${from}, but has committed up to ${core.commitIndex}`,
    );
  }
  const lastIndex = core.log.lastIndex;
  core.log.truncate(from);
  core.tracer?.truncate?.(from, lastIndex);
  // A configuration whose entry is dropped never was (dissertation, section 4.1).
  if (core.configurations.truncate(from)) core.configurationChanged(core.configurations.currentIndex, "truncate");
}

function respond(core: Core, request: AppendRequest, success: boolean, index: LogIndex, hintIndex: LogIndex): void {
  core.send({
    type: "append-response",
    from: core.id,
    to: request.from,
    term: core.term,
    afterSync: success || !core.isTermDurable,
    success,
    index,
    hintIndex,
    hintTerm: success ? request.prevLogTerm : core.log.termAt(hintIndex) ?? request.prevLogTerm,
  });
}

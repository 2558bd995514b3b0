/**
 * How a follower handles its leader's messages: AppendEntries (Raft, section 5.3), heartbeats and commit notices.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { vouch } from "./doubt.ts";
import { RaftInvariantError } from "./errors.ts";
import { lastIndexWithTermAtMost } from "./log.ts";
import type { AppendRequest, CommitNotice, HeartbeatRequest } from "./message.ts";
import { followLeader } from "./roles.ts";
import type { LogIndex } from "./types.ts";

/**
 * AppendEntries, figure 2: refuses if the log has no match at `prevLogIndex`; else drops the entries that conflict,
 * adds the new ones, and commits.
 */
export function handleAppendRequest(core: Core, request: AppendRequest): void {
  followLeader(core, request.from);
  const { log } = core;
  const { prevLogIndex, prevLogTerm, entries } = request;
  // Committed entries are in every later leader's log (section 5.4), so they match, even those that were compacted
  // away.
  if (prevLogIndex > core.commitIndex && log.termAt(prevLogIndex) !== prevLogTerm) {
    const end = Math.min(prevLogIndex, log.lastIndex) as LogIndex;
    const hintIndex = lastIndexWithTermAtMost(log, core.commitIndex, end, prevLogTerm);
    respond(core, request, false, prevLogIndex, hintIndex);
    return;
  }
  if (!appendNew(core, request)) return;
  const lastNewIndex = prevLogIndex + entries.length as LogIndex;
  if (lastNewIndex > core.vouchedIndex) vouch(core, lastNewIndex);
  // Commits no further than the last entry of this message: the entries after it may be another leader's.
  core.commitTo(Math.min(request.commitIndex, lastNewIndex) as LogIndex);
  respond(core, request, true, lastNewIndex, 0 as LogIndex);
}

/** A heartbeat: the leader is alive, and says how far to commit. The echo carries the round's number. */
export function handleHeartbeatRequest(core: Core, request: HeartbeatRequest): void {
  followLeader(core, request.from);
  commitVouched(core, request.commitIndex);
  const { round, sentAtTick } = request;
  core.send({
    type: "heartbeat-response",
    from: core.id,
    to: request.from,
    term: core.term,
    afterSync: !core.isTermDurable,
    round,
    sentAtTick,
    vouchedIndex: core.doubt === null ? null : core.vouchedIndex,
  });
}

/** Commits up to the index of a commit notice, as far as `commitVouched` allows. */
export function handleCommitNotice(core: Core, notice: CommitNotice): void {
  followLeader(core, notice.from);
  commitVouched(core, notice.commitIndex);
}

/**
 * Commits as far as the leader says, but no further than the log is known to be the leader's: up to the last index that
 * an append of this term has confirmed, or the whole log if its last entry is of this term, since only this term's
 * leader made such entries.
 *
 * A correct leader never names an index that this node has not acknowledged. But the message may answer an earlier life
 * of this node under the same number, or be damaged, so the node does not believe a larger index. If the leader keeps
 * saying that the node acknowledged entries which it does not hold, its disk has lost them (`checkMissing`).
 */
function commitVouched(core: Core, commitIndex: LogIndex): void {
  if (commitIndex <= core.commitIndex) {
    core.missing = null;
    return;
  }
  const { lastIndex, lastTerm } = core.log;
  const vouched = lastTerm === core.term ? lastIndex : core.vouchedIndex;
  if (commitIndex <= lastIndex) core.missing = null;
  // A node in doubt knows already that it may have lost entries, and its leader will hear so.
  else if (core.doubt === null) noteMissing(core, commitIndex);
  core.commitTo(Math.min(commitIndex, vouched) as LogIndex);
}

/**
 * A leader's commit index never falls. A message in which it does fall is from another leader, or damaged, and proves
 * nothing.
 */
function noteMissing(core: Core, index: LogIndex): void {
  const { missing, clock } = core;
  core.missing = missing === null || index < missing.index
    ? { index, sinceTick: clock, claims: 1 }
    : { index, sinceTick: missing.sinceTick, claims: missing.claims + 1 };
}

/** How many messages in a row must say that a node has lost entries before the node stops. */
const MIN_CLAIMS = 10;

/**
 * Stops the node if a leader has said for two election timeouts that this node acknowledged entries that it lacks.
 *
 * @throws {RaftInvariantError} If so: the disk has lost entries that it had reported as durable. A few messages prove
 * nothing.
 */
export function checkMissing(core: Core): void {
  const { missing } = core;
  if (missing === null || missing.claims < MIN_CLAIMS) return;
  if (core.clock - missing.sinceTick < 2 * core.config.electionTimeoutTicks) return;
  if (missing.index <= core.log.lastIndex) {
    core.missing = null;
    return;
  }
  throw new RaftInvariantError(
    `Node ${core.id} holds its log up to ${core.log.lastIndex}, but its leader says that ${missing.index} is committed, which the node had acknowledged`,
  );
}

/**
 * Drops the existing entries that conflict with the new ones (the first with another term, and all after it), then
 * appends those that the log lacks.
 *
 * @returns Whether the log now holds them all.
 */
function appendNew(core: Core, request: AppendRequest): boolean {
  const { log } = core;
  const { entries, prevLogIndex } = request;
  const hasConfiguration = entries.some(({ kind }) => kind === "configuration");
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
  if (place >= entries.length) return true;
  // The leader asks again after its next heartbeat, as if the append had been lost.
  if (log.durableIndex < log.lastIndex && core.unsynced.count() > core.config.maxUnsyncedBytes) {
    core.reject(request, "too much awaits the sync");
    return false;
  }
  const fresh = place === 0 ? entries : entries.slice(place);
  log.append(fresh);
  if (core.tracer !== null || hasConfiguration) { for (const entry of fresh) core.noteAppended(entry); }
  return true;
}

function dropFrom(core: Core, from: LogIndex): void {
  if (from <= core.commitIndex) {
    throw new RaftInvariantError(
      `Node ${core.id} would drop entry ${from}, but has committed up to ${core.commitIndex}`,
    );
  }
  const lastIndex = core.log.lastIndex;
  core.log.truncate(from);
  core.unsynced.reset();
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
    round: request.round,
  });
}

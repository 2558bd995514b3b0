/**
 * Reads that do not go through the log (dissertation, section 6.4): on the leader that answers, and on the follower
 * that asks.
 *
 * A leader may answer a read with its commit index once three things are true. It has committed in its own term, so it
 * knows what is committed. A quorum has echoed a heartbeat that it sent after the read came, so it still led then. And
 * the host has applied up to that index. A follower that asks was in the leader's term when it got the read, so it
 * counts as an echo: if it and the leader are a quorum, as among three voters, no other node is asked.
 *
 * @module
 */
import { leaseTicks } from "./config.ts";
import type { Core } from "./core.ts";
import type { HeartbeatResponse, ReadRequest, ReadResponse } from "./message.ts";
import { isQuorum, reachedByQuorum } from "./quorum.ts";
import type { Progress } from "./progress.ts";
import type { Read, ReadConfirmation } from "./reads.ts";
import { beginRound } from "./replication.ts";
import type { LogIndex } from "./types.ts";

/** Takes a read of this node's own host. A leader handles it; a follower forwards it to the leader. */
export function readHere(core: Core, context: number, confirmation: ReadConfirmation): void {
  if (core.role === "leader") {
    takeRead(core, { confirmation, context, follower: null, readId: 0, index: core.commitIndex });
    return;
  }
  if (core.leader === null || core.forwardedReads.size >= core.config.maxPendingReads) {
    core.tracer?.readRefused?.(context, core.leader === null ? "no leader is known" : "too many reads are under way");
    core.decidedReads.push({ context, index: null });
    return;
  }
  const readId = core.nextReadId++;
  core.forwardedReads.set(readId, { context, expiresAtTick: core.clock + core.config.electionTimeoutTicks });
  core.send({
    type: "read-request",
    from: core.id,
    to: core.leader,
    term: core.term,
    afterSync: false,
    readId,
    context,
    confirmation,
  });
}

/** Handles a read that a follower forwarded. */
export function handleReadRequest(core: Core, request: ReadRequest): void {
  const { from: follower, context, readId, confirmation } = request;
  if (core.role === "leader") takeRead(core, { confirmation, context, follower, readId, index: core.commitIndex });
  else answer(core, { confirmation, context, follower, readId, index: 0 as LogIndex }, null);
}

/** Handles the leader's answer to a read that this follower forwarded. */
export function handleReadResponse(core: Core, response: ReadResponse): void {
  const read = core.forwardedReads.get(response.readId);
  if (read === undefined || read.context !== response.context) {
    return core.reject(response, "no such read is under way");
  }
  core.forwardedReads.delete(response.readId);
  core.decidedReads.push({ context: read.context, index: response.index });
}

/** Gives up forwarded reads that the leader has not answered within an election timeout. */
export function expireForwardedReads(core: Core): void {
  if (core.forwardedReads.size === 0) return;
  for (const [readId, { context, expiresAtTick }] of core.forwardedReads) {
    // The map is in the order of the requests, which is also the order of expiry.
    if (expiresAtTick > core.clock) return;
    core.forwardedReads.delete(readId);
    core.tracer?.readRefused?.(context, "the leader did not answer");
    core.decidedReads.push({ context, index: null });
  }
}

/** Continues the reads that waited until the leader had committed in its own term. */
export function releaseReads(core: Core): void {
  const released = core.reads.release(core.commitIndex);
  for (const read of released) admit(core, read);
  beginRoundForReads(core);
}

/** Handles a follower's echo: the follower still followed this leader after the round began. */
export function noteEcho(core: Core, follower: Progress, response: HeartbeatResponse): void {
  const { round, sentAtTick } = response;
  if (round > core.round || sentAtTick > core.clock) {
    return core.reject(response, "a heartbeat was echoed that was never sent");
  }
  if (round <= follower.echoedRound) return;
  follower.echoedRound = round;
  follower.leaseUntilTick = sentAtTick + leaseTicks(core.config.electionTimeoutTicks);
  confirmReads(core);
}

function takeRead(core: Core, read: Read): void {
  if (core.reads.count >= core.config.maxPendingReads) {
    core.tracer?.readRefused?.(read.context, "too many reads are under way");
    return answer(core, read, null);
  }
  core.tracer?.readTaken?.(read.context, read.follower);
  if (!core.hasCommittedInTerm) return core.reads.wait(read);
  admit(core, read);
  beginRoundForReads(core);
}

function admit(core: Core, read: Read): void {
  if (core.config.leaseReads && read.confirmation === "lease") {
    const fault = leaseFault(core);
    if (fault === null) {
      core.tracer?.readConfirmed?.(read.context, read.index, "lease", read.follower);
      return answer(core, read, read.index);
    }
    core.tracer?.leaseRefused?.(read.context, fault);
  }
  if (read.follower !== null && isQuorum(core.configuration, (id) => id === core.id || id === read.follower)) {
    core.tracer?.readConfirmed?.(read.context, read.index, "quorum", read.follower);
    return answer(core, read, read.index);
  }
  core.reads.queue(read);
}

/** Whether the node leads, and may answer reads by its lease. */
export function holdsLease(core: Core): boolean {
  return core.role === "leader" && core.config.leaseReads && core.hasCommittedInTerm && leaseFault(core) === null;
}

/** Why the leader holds no lease; `null` if it holds one (dissertation, section 6.4.1). */
function leaseFault(core: Core): string | null {
  // Voters vote for the target of a transfer in spite of their promise, even if the transfer was aborted since.
  if (core.hasSentTimeoutNow) return "a TimeoutNow was sent in this term";
  const until = reachedByQuorum(
    core.configuration,
    (id) => id === core.id ? core.clock + 1 : core.progress.get(id)?.leaseUntilTick,
  );
  return until > core.clock ? null : "no quorum has echoed a heartbeat lately";
}

function beginRoundForReads(core: Core): void {
  if (!core.reads.needsRound || core.reads.isRoundUnderWay) return;
  beginRound(core);
  confirmReads(core);
}

/** Answers the reads whose round, or a later one, a quorum has echoed. */
export function confirmReads(core: Core): void {
  if (!core.reads.isRoundUnderWay) return;
  const reached = reachedByQuorum(
    core.configuration,
    (id) => id === core.id ? core.round : core.progress.get(id)?.echoedRound,
  );
  for (const read of core.reads.confirm(reached)) {
    core.tracer?.readConfirmed?.(read.context, read.index, "quorum", read.follower);
    answer(core, read, read.index);
  }
  beginRoundForReads(core);
}

function answer(core: Core, read: Read, index: LogIndex | null): void {
  const { context, follower: to, readId } = read;
  if (to === null) {
    core.decidedReads.push({ context, index });
    return;
  }
  core.send({ type: "read-response", from: core.id, to, term: core.term, afterSync: false, readId, context, index });
}

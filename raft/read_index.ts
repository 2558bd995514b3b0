/**
 * Reads that do not go through the log (dissertation, section 6.4), on the leader that answers them and on the follower
 * that asks it.
 *
 * A leader's commit index is good for a read once three things are true: it has committed in its own term, so that it
 * knows what is committed; a quorum has echoed a heartbeat that it sent after the read came, so that it still led then;
 * and the host has applied up to there. A follower that asks was still in the leader's term when it had the read: where
 * the two of them are a quorum, as among three voters, nobody else need be asked.
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

/** A read of this node's own host: taken where it leads, sent on to the leader where it follows. */
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

/** A follower's read. */
export function handleReadRequest(core: Core, request: ReadRequest): void {
  const { from: follower, context, readId, confirmation } = request;
  if (core.role === "leader") takeRead(core, { confirmation, context, follower, readId, index: core.commitIndex });
  else answer(core, { confirmation, context, follower, readId, index: 0 as LogIndex }, null);
}

/** The leader's answer to this follower's read. */
export function handleReadResponse(core: Core, response: ReadResponse): void {
  const read = core.forwardedReads.get(response.readId);
  if (read === undefined || read.context !== response.context) {
    return core.reject(response, "no such read is under way");
  }
  core.forwardedReads.delete(response.readId);
  core.decidedReads.push({ context: read.context, index: response.index });
}

/** Gives up the reads whose leader has not answered for an election timeout. */
export function expireForwardedReads(core: Core): void {
  if (core.forwardedReads.size === 0) return;
  for (const [readId, { context, expiresAtTick }] of core.forwardedReads) {
    // They stand in the order in which they were asked, which is that in which they expire.
    if (expiresAtTick > core.clock) return;
    core.forwardedReads.delete(readId);
    core.tracer?.readRefused?.(context, "the leader did not answer");
    core.decidedReads.push({ context, index: null });
  }
}

/** The leader has committed in its own term: the reads that waited for that go on. */
export function releaseReads(core: Core): void {
  const released = core.reads.release(core.commitIndex);
  for (const read of released) admit(core, read);
  beginRoundForReads(core);
}

/** A follower has echoed a heartbeat: it still followed this leader when that came, which was after the round began. */
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
  if (!core.hasCommittedInTerm) return core.reads.wait(read);
  admit(core, read);
  beginRoundForReads(core);
}

function admit(core: Core, read: Read): void {
  if (core.config.leaseReads && read.confirmation === "lease") {
    const fault = leaseFault(core);
    if (fault === null) {
      core.tracer?.readConfirmed?.(read.context, read.index, "lease");
      return answer(core, read, read.index);
    }
    core.tracer?.leaseRefused?.(read.context, fault);
  }
  if (read.follower !== null && isQuorum(core.configuration, (id) => id === core.id || id === read.follower)) {
    core.tracer?.readConfirmed?.(read.context, read.index, "quorum");
    return answer(core, read, read.index);
  }
  core.reads.queue(read);
}

/** Whether the node leads, and may answer reads by its lease. */
export function holdsLease(core: Core): boolean {
  return core.role === "leader" && core.config.leaseReads && core.hasCommittedInTerm && leaseFault(core) === null;
}

/** Why the leader holds no lease; `null` where it holds one (dissertation, section 6.4.1). */
function leaseFault(core: Core): string | null {
  // Voters vote for the target of a transfer in spite of their promises, even if the transfer was aborted since.
  if (core.hasSentTimeoutNow) return "a TimeoutNow was sent in this term";
  const until = reachedByQuorum(
    core.configuration,
    (id) => id === core.id ? Infinity : core.progress.get(id)?.leaseUntilTick,
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
    core.tracer?.readConfirmed?.(read.context, read.index, "quorum");
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

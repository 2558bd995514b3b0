/**
 * What becomes of a message: its terms are compared, and it goes to the file that has its rule.
 *
 * ```text
 *   append-request, heartbeat-request, commit-notice    append.ts               on the follower
 *   append-response, heartbeat-response                 replies.ts              on the leader, then commit.ts
 *   vote and pre-vote, requests and responses           election.ts
 *   snapshot-request                                    snapshot.ts             on the follower
 *   snapshot-response                                   snapshot_transfer.ts    on the leader
 *   read-request, read-response                         read_index.ts
 *   timeout-now                                         transfer.ts
 *   removal-notice                                      removal.ts
 * ```
 *
 * `routine.ts` is the fast path of the first two rows.
 *
 * @module
 */
import { handleAppendRequest, handleCommitNotice, handleHeartbeatRequest } from "./append.ts";
import type { Core } from "./core.ts";
import {
  handlePreVoteRequest,
  handlePreVoteResponse,
  handleVoteRequest,
  handleVoteResponse,
  isLoyal,
} from "./election.ts";
import { envelopeFault } from "./envelope_check.ts";
import { missingSnapshotMethod } from "./log_check.ts";
import type { AppendResponse, Envelope, HeartbeatResponse, SnapshotResponse } from "./message.ts";
import { handleReadRequest, handleReadResponse } from "./read_index.ts";
import { handleRemovalNotice, isStranger, tellRemoved } from "./removal.ts";
import { handleAppendResponse, handleHeartbeatResponse } from "./replies.ts";
import { becomeFollower } from "./roles.ts";
import { handleSnapshotRequest } from "./snapshot.ts";
import { handleSnapshotResponse } from "./snapshot_transfer.ts";
import { handleTimeoutNow } from "./transfer.ts";
import { type LogIndex, MAX_TERM_JUMP, type NodeId, type Term } from "./types.ts";

/** Handles a message that does not qualify for the fast path. */
export function handleWithCare(core: Core, envelope: Envelope): void {
  const fault = envelopeFault(envelope);
  core.tracer?.receive?.(envelope);
  if (fault !== null) core.reject(envelope, fault);
  else if (envelope.to !== core.id) core.reject(envelope, "it is to another node");
  else if (admits(core, envelope)) dispatch(core, envelope);
}

/** Compares terms (Raft, section 5.1), and returns whether the message goes on to its rule. */
function admits(core: Core, envelope: Envelope): boolean {
  if (envelope.type === "removal-notice") return envelope.from !== core.id;
  if (envelope.from === core.id) {
    core.reject(envelope, "it is from the node itself");
    return false;
  }
  if (envelope.term === core.term) return isOfOneLeader(core, envelope);
  if (envelope.term < core.term) {
    answerStale(core, envelope);
    return false;
  }
  switch (envelope.type) {
    case "pre-vote-request":
      return true;
    case "vote-request":
      if (isLoyal(core, envelope)) {
        if (isStranger(core, envelope)) tellRemoved(core, envelope.from);
        core.reject(envelope, "a leader is alive, or may hold a lease");
        return false;
      }
      return adoptTerm(core, envelope, null);
    case "append-request":
    case "heartbeat-request":
    case "commit-notice":
    case "snapshot-request":
    case "timeout-now":
      return adoptTerm(core, envelope, envelope.from);
    case "append-response":
    case "heartbeat-response":
    case "snapshot-response":
    case "vote-response":
    case "pre-vote-response":
    case "read-request":
    case "read-response":
      // A pre-vote's grant carries the term that was asked about.
      if (envelope.type === "pre-vote-response" && envelope.granted) return true;
      // A removed node may have raised its own term since; a leader does not step down for it.
      if (core.role === "leader" && !core.progress.has(envelope.from)) {
        core.reject(envelope, "it is from no member");
        return false;
      }
      return adoptTerm(core, envelope, null);
  }
}

/** Rejects a leader's message if the term has another leader (Raft, section 5.2: at most one). */
function isOfOneLeader(core: Core, envelope: Envelope): boolean {
  switch (envelope.type) {
    case "append-request":
    case "heartbeat-request":
    case "commit-notice":
    case "snapshot-request":
    case "timeout-now":
      if (core.leader === null || core.leader === envelope.from) return true;
      core.reject(envelope, `term ${core.term} has another leader, node ${core.leader}`);
      return false;
    default:
      return true;
  }
}

/**
 * Answers a message of an earlier term, so that its sender, a leader or a candidate, learns the newer term. Other
 * messages of earlier terms are dropped.
 */
function answerStale(core: Core, envelope: Envelope): void {
  core.reject(envelope, "it is of an earlier term");
  const { id: from, term } = core;
  const to = envelope.from;
  const afterSync = !core.isTermDurable;
  switch (envelope.type) {
    case "append-request":
    case "heartbeat-request":
    case "snapshot-request": {
      const index = (envelope.type === "append-request" ? envelope.prevLogIndex : 0) as LogIndex;
      const hintIndex = 0 as LogIndex;
      core.send({
        type: "append-response",
        from,
        to,
        term,
        afterSync,
        success: false,
        index,
        hintIndex,
        hintTerm: 0 as Term,
        round: envelope.round,
      });
      return;
    }
    case "vote-request":
      core.send({ type: "vote-response", from, to, term, afterSync, granted: false });
      return;
    case "pre-vote-request":
      core.send({ type: "pre-vote-response", from, to, term, afterSync, granted: false });
      return;
  }
}

function dispatch(core: Core, envelope: Envelope): void {
  switch (envelope.type) {
    case "append-request":
      return handleAppendRequest(core, envelope);
    case "append-response":
    case "heartbeat-response":
    case "snapshot-response":
      return handleReply(core, envelope);
    case "read-request":
      if (core.role === "leader" && !core.progress.has(envelope.from)) {
        return core.reject(envelope, "it is from no member");
      }
      return handleReadRequest(core, envelope);
    case "commit-notice":
      return handleCommitNotice(core, envelope);
    case "heartbeat-request":
      return handleHeartbeatRequest(core, envelope);
    case "vote-response":
      return handleVoteResponse(core, envelope);
    case "vote-request":
    case "pre-vote-request":
      if (isStranger(core, envelope)) tellRemoved(core, envelope.from);
      if (isLoyal(core, envelope)) return core.reject(envelope, "a leader is alive, or may hold a lease");
      return envelope.type === "vote-request"
        ? handleVoteRequest(core, envelope)
        : handlePreVoteRequest(core, envelope);
    case "pre-vote-response":
      return handlePreVoteResponse(core, envelope);
    case "snapshot-request":
      if (missingSnapshotMethod(core.log) !== null) return core.reject(envelope, "the log takes no snapshots");
      return handleSnapshotRequest(core, envelope);
    case "timeout-now":
      return handleTimeoutNow(core, envelope);
    case "removal-notice":
      return handleRemovalNotice(core, envelope);
    case "read-response":
      return handleReadResponse(core, envelope);
  }
}

/** Handles a follower's answer: only on the leader, and only from a member. */
function handleReply(core: Core, envelope: AppendResponse | HeartbeatResponse | SnapshotResponse): void {
  const follower = core.progress.get(envelope.from);
  if (follower === undefined) {
    return core.reject(envelope, core.role === "leader" ? "it is from no member" : "the node does not lead");
  }
  if (envelope.type !== "snapshot-response" && envelope.round < follower.sinceRound) {
    return core.reject(envelope, "it is from an earlier member of the same number");
  }
  switch (envelope.type) {
    case "append-response":
      return handleAppendResponse(core, follower, envelope);
    case "heartbeat-response":
      return handleHeartbeatResponse(core, follower, envelope);
    case "snapshot-response":
      return handleSnapshotResponse(core, follower, envelope);
  }
}

/**
 * Follows in the term of a message, but raises the term by at most `MAX_TERM_JUMP`; beyond that the message is dropped.
 * Raising a term is always safe, as if the node had seen a message of that term.
 *
 * @returns Whether the node is now in the message's term.
 */
function adoptTerm(core: Core, envelope: Envelope, leader: NodeId | null): boolean {
  const most = core.term + MAX_TERM_JUMP as Term;
  if (envelope.term <= most) {
    becomeFollower(core, envelope.term, leader);
    return true;
  }
  becomeFollower(core, most, null);
  core.reject(envelope, "its term is too far above the node's own");
  return false;
}

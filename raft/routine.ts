/**
 * A fast path for the most frequent messages: appends, heartbeats, their answers and commit notices, if they are of the
 * node's own term and valid.
 *
 * `RaftNode.handle` takes the slow path for all other messages; both have the same effect. The fast path looks at the
 * type first, so each function sees objects of one shape, whose fields the engine reads faster. Without it, the checks
 * of `envelopeFault` would cost a tenth of a command's time (measured by tests/bench/raft.ts).
 *
 * @module
 */
import { handleAppendRequest, handleCommitNotice, handleHeartbeatRequest } from "./append.ts";
import type { Core } from "./core.ts";
import { isLimited, isPlainAppend, isPlainAppendResponse, isPlainEcho, isPlainHeartbeat } from "./envelope_check.ts";
import type {
  AppendRequest,
  AppendResponse,
  CommitNotice,
  Envelope,
  HeartbeatRequest,
  HeartbeatResponse,
} from "./message.ts";
import { handleAppendResponse, handleHeartbeatResponse } from "./replies.ts";
import type { NodeId } from "./types.ts";

/**
 * Handles a message if it qualifies for the fast path.
 *
 * @returns Whether it was handled. If not, nothing has changed.
 */
export function handleRoutine(core: Core, envelope: Envelope): boolean {
  if (typeof envelope !== "object" || envelope === null) return false;
  switch (envelope.type) {
    case "append-request":
      if (!isRoutineAppend(core, envelope)) return false;
      core.tracer?.receive?.(envelope);
      handleAppendRequest(core, envelope);
      return true;
    case "append-response": {
      const follower = core.progress.get(envelope.from);
      if (follower === undefined || !isRoutineResponse(core, envelope)) return false;
      if (envelope.round < follower.sinceRound) return false;
      core.tracer?.receive?.(envelope);
      handleAppendResponse(core, follower, envelope);
      return true;
    }
    case "heartbeat-request":
      if (!isRoutineHeartbeat(core, envelope)) return false;
      core.tracer?.receive?.(envelope);
      handleHeartbeatRequest(core, envelope);
      return true;
    case "heartbeat-response": {
      const follower = core.progress.get(envelope.from);
      if (follower === undefined || !isRoutineEcho(core, envelope)) return false;
      if (envelope.round < follower.sinceRound) return false;
      core.tracer?.receive?.(envelope);
      handleHeartbeatResponse(core, follower, envelope);
      return true;
    }
    case "commit-notice":
      if (!isRoutineNotice(core, envelope)) return false;
      core.tracer?.receive?.(envelope);
      handleCommitNotice(core, envelope);
      return true;
    default:
      return false;
  }
}

function isRoutineAppend(core: Core, request: AppendRequest): boolean {
  const { from, to, term } = request;
  return to === core.id && term === core.term && isLeader(core, from) && isPlainAppend(request);
}

function isRoutineResponse(core: Core, response: AppendResponse): boolean {
  return response.to === core.id && response.term === core.term && isPlainAppendResponse(response);
}

function isRoutineHeartbeat(core: Core, request: HeartbeatRequest): boolean {
  const { from, to, term } = request;
  return to === core.id && term === core.term && isLeader(core, from) && isPlainHeartbeat(request);
}

function isRoutineEcho(core: Core, response: HeartbeatResponse): boolean {
  return response.to === core.id && response.term === core.term && isPlainEcho(response);
}

function isRoutineNotice(core: Core, { from, to, term, commitIndex }: CommitNotice): boolean {
  return to === core.id && term === core.term && isLeader(core, from) &&
    isLimited(commitIndex);
}

/** Whether this node follows the sender. A sender that is missing is nobody's leader. */
function isLeader(core: Core, from: NodeId): boolean {
  return from === core.leader && from !== null && core.role === "follower";
}

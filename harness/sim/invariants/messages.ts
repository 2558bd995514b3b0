/**
 * Messages: what a message says is true of its sender at that moment. A leader's messages go to members and tell of its
 * own log; a candidate's tell of its own last entry; an answer repeats its question, and is right about the log (Raft,
 * figure 2).
 *
 * A false message does harm only in some rare situation. This notices it in every situation.
 *
 * @module
 */
import {
  type AppendRequest,
  type AppendResponse,
  entryBytes,
  type Envelope,
  type LogIndex,
  type NodeId,
  type SnapshotRequest,
} from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/** A node makes a message. */
export function tellsTruth(world: World, id: number, node: Observed, envelope: Envelope): void {
  const wrong = envelope.from !== id || envelope.to === id
    ? "is not from this node to another"
    : wrongTerm(node, envelope) ?? wrongContent(world, node, envelope);
  if (wrong === null) return;
  const { type, to } = envelope;
  world.broken(`messages: node ${id} in term ${node.log.state.term} makes a ${type} to node ${to} that ${wrong}`);
}

/** A message carries its sender's term, except that a pre-vote is about the next one. */
function wrongTerm({ log, received }: Observed, envelope: Envelope): string | null {
  const { term } = log.state;
  switch (envelope.type) {
    case "pre-vote-request":
      return envelope.term === term + 1 ? null : `asks about term ${envelope.term}`;
    case "pre-vote-response": {
      if (received?.type !== "pre-vote-request" || received.from !== envelope.to) return "answers no question";
      const right = envelope.granted ? received.term : term;
      return envelope.term === right ? null : `is of term ${envelope.term}, not ${right}`;
    }
    default:
      return envelope.term === term ? null : `is of term ${envelope.term}`;
  }
}

function wrongContent(world: World, node: Observed, envelope: Envelope): string | null {
  switch (envelope.type) {
    case "append-request":
      return wrongSender(node, envelope.to) ?? wrongAppend(node, envelope) ?? wrongRound(node, envelope) ??
        tooLong(world, envelope);
    case "heartbeat-request":
      if (envelope.round < node.round || envelope.sentAtTick > node.ticks()) return "goes back to an earlier round";
      return wrongSender(node, envelope.to) ?? wrongRound(node, envelope) ?? wrongNotice(node, envelope);
    case "commit-notice":
      return wrongSender(node, envelope.to) ?? wrongNotice(node, envelope);
    case "snapshot-request":
      return wrongSender(node, envelope.to) ?? wrongRound(node, envelope) ?? wrongChunk(world, envelope);
    case "timeout-now":
      return wrongSender(node, envelope.to) ?? (isVoter(node, envelope.to) ? null : "goes to a node without a vote");
    case "vote-request":
    case "pre-vote-request": {
      const { log, role } = node;
      if (role !== (envelope.type === "vote-request" ? "candidate" : "pre-candidate")) return `comes from a ${role}`;
      if (!isVoter(node, envelope.to)) return "goes to a node without a vote";
      return envelope.lastLogIndex === log.lastIndex && envelope.lastLogTerm === log.lastTerm
        ? null
        : `names entry ${envelope.lastLogIndex} of term ${envelope.lastLogTerm} as its last`;
    }
    case "vote-response":
      return node.received?.type === "vote-request" && node.received.from === envelope.to
        ? null
        : "answers no question";
    case "append-response":
      return wrongAnswer(node, envelope);
    case "heartbeat-response": {
      const { received } = node;
      if (received?.type !== "heartbeat-request" || received.from !== envelope.to) return "answers no heartbeat";
      return envelope.round === received.round && envelope.sentAtTick === received.sentAtTick
        ? null
        : "echoes another heartbeat than came";
    }
    default:
      return null;
  }
}

/** Only a leader sends it, and only to members. */
function wrongSender({ role, configuration }: Observed, to: NodeId): string | null {
  if (role !== "leader") return `comes from a ${role}`;
  if (configuration === null) return null;
  // Not `membersOf`: that sorts, for each message.
  const { voters, votersOutgoing, learners } = configuration;
  const isMember = voters.includes(to) || votersOutgoing.includes(to) || learners.includes(to);
  return isMember ? null : "goes to a node that is no member";
}

/** Answers to rounds before a member joined are void: they may be those of an earlier member with its number. */
function wrongRound({ joinedAfter }: Observed, { to, round }: { readonly to: NodeId; readonly round: number }):
  | string
  | null {
  return round > (joinedAfter.get(to) ?? -1) ? null : `is of round ${round}, in which that was no member yet`;
}

function isVoter({ configuration }: Observed, id: NodeId): boolean {
  return configuration === null || configuration.voters.includes(id) || configuration.votersOutgoing.includes(id);
}

function wrongCommit({ commitIndex }: Observed, told: LogIndex): string | null {
  return told === commitIndex ? null : `says that ${told} is committed, but ${commitIndex} is`;
}

/** A notice tells what is committed of that which its receiver has acknowledged. */
function wrongNotice(node: Observed, { to, commitIndex }: { readonly to: NodeId; readonly commitIndex: number }):
  | string
  | null {
  const right = Math.min(node.commitIndex, node.matched.get(to) ?? 0);
  return commitIndex === right ? null : `says that ${commitIndex} is committed, but of what that holds ${right} is`;
}

function wrongAppend(
  node: Observed,
  { prevLogIndex, prevLogTerm, commitIndex, entries }: AppendRequest,
): string | null {
  const { log } = node;
  const term = log.termAt(prevLogIndex);
  if (term !== undefined && term !== prevLogTerm) return `names term ${prevLogTerm} for entry ${prevLogIndex}`;
  const first = entries[0], last = entries.at(-1);
  if (first === undefined || last === undefined) return wrongCommit(node, commitIndex);
  const isInPlace = first.index === prevLogIndex + 1 && last.index === prevLogIndex + entries.length;
  if (!isInPlace || log.termAt(last.index) !== last.term) return "carries other entries than follow in its log";
  return wrongCommit(node, commitIndex);
}

/** An append holds no more bytes than the settings allow, or one entry. */
function tooLong({ settings: { maxAppendBytes } }: World, { entries }: AppendRequest): string | null {
  if (entries.length < 2) return null;
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) bytes += entryBytes(entries[i]!);
  return bytes <= maxAppendBytes ? null : `carries ${bytes} bytes, but ${maxAppendBytes} are the most`;
}

function wrongChunk({ committed }: World, request: SnapshotRequest): string | null {
  const { snapshotIndex, snapshotTerm, offset, totalBytes, chunk } = request;
  const term = committed[snapshotIndex];
  if (term !== undefined && term !== snapshotTerm) return `names term ${snapshotTerm} for entry ${snapshotIndex}`;
  return offset + chunk.length <= totalBytes ? null : "goes beyond the snapshot's end";
}

/** The answer to an append, or to a snapshot that is installed or not needed; or to a message of an earlier term. */
function wrongAnswer(node: Observed, response: AppendResponse): string | null {
  const { received, log } = node;
  switch (received?.type) {
    case "append-request":
    case "heartbeat-request":
    case "snapshot-request":
      break;
    default:
      return "answers no question";
  }
  if (received.from !== response.to || received.round !== response.round) return "answers another question";
  if (received.term < log.state.term) return response.success ? "takes what is of an earlier term" : null;
  if (received.type === "append-request") return wrongAnswerToAppend(node, received, response);
  if (received.type !== "snapshot-request" || !response.success) return "answers another question";
  return response.index === received.snapshotIndex && response.index <= node.commitIndex
    ? null
    : `acknowledges entry ${response.index} for a snapshot at entry ${received.snapshotIndex}`;
}

function wrongAnswerToAppend({ log, commitIndex }: Observed, request: AppendRequest, response: AppendResponse):
  | string
  | null {
  const { prevLogIndex, prevLogTerm, entries } = request;
  const { success, index, hintIndex, hintTerm } = response;
  if (success) {
    if (index !== prevLogIndex + entries.length) return `acknowledges entry ${index}`;
    const term = entries.at(-1)?.term ?? prevLogTerm;
    return index <= commitIndex || log.termAt(index) === term ? null : `acknowledges entry ${index} of another term`;
  }
  if (index !== prevLogIndex) return `refuses entry ${index}`;
  if (index <= commitIndex || log.termAt(index) === prevLogTerm) return `refuses entry ${index}, which it holds`;
  const held = log.termAt(hintIndex);
  return hintIndex <= index && (held === undefined || held === hintTerm)
    ? null
    : `hints at entry ${hintIndex} of term ${hintTerm}`;
}

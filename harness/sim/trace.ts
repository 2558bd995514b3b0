/**
 * A run told an event a line, in the terms of the paper.
 *
 * @module
 */
import { describeConfiguration, describeEnvelope, type Entry, type Envelope, type RaftTracer } from "../../raft/mod.ts";

import { describeCommand } from "../../server/store/command_text.ts";

/** One event inside a node. */
export interface TraceLine {
  /** Nanoseconds since the run began. */
  readonly time: number;
  /** Where it happened. */
  readonly node: number;
  /** `message` for what came in, `sent` for what goes out; the others are changes of the node's state. */
  readonly kind:
    | "message"
    | "sent"
    | "role"
    | "vote"
    | "log"
    | "commit"
    | "configuration"
    | "snapshot"
    | "life"
    | "read";
  /** What happened, in the paper's words. */
  readonly text: string;
  /** Whether a reader of a short story wants to hear of it. */
  readonly matters: boolean;
}

/** Hears every event. */
export type Trace = (line: TraceLine) => void;

/** So many commands of a message are told. */
const COMMANDS_TOLD = 3;

/** A tracer that tells everything about a node. */
export function tellingTracer(node: number, now: () => number, trace: Trace): RaftTracer {
  let isLeader = false;
  const tell = (kind: TraceLine["kind"], text: string, matters: boolean): void =>
    trace({ time: now(), node, kind, text, matters });
  return {
    role: (role, term) => {
      isLeader = role === "leader";
      tell("role", `becomes ${role} in term ${term}`, role === "leader" || role === "candidate");
    },
    vote: (candidate, term, granted, preVote) =>
      tell(
        "vote",
        `${granted ? "votes" : "does not vote"} for ${candidate} in term ${term}${preVote ? " (PreVote)" : ""}`,
        granted && !preVote,
      ),
    campaignLost: (term, how, preVote) =>
      tell("vote", `campaign of term ${term} ${how}${preVote ? " (PreVote)" : ""}`, false),
    append: (entry) => tell("log", `appends ${describeEntry(entry)}`, false),
    truncate: (from, lastIndex) => tell("log", `cuts off ${range(from, lastIndex)}`, true),
    commit: (index, before) => tell("commit", `commits ${range(before + 1, index)}`, isLeader),
    apply: (from, to) => tell("commit", `applies ${range(from, to)}`, false),
    configuration: (configuration, index, cause) =>
      tell("configuration", `${describeConfiguration(configuration)} from entry ${index} on (${cause})`, true),
    snapshot: (event, snapshot, peer) =>
      tell(
        "snapshot",
        `snapshot at entry ${snapshot.index}@${snapshot.term} ${event}${peer === null ? "" : `, peer ${peer}`}`,
        true,
      ),
    transfer: (event, target) => tell("role", `transfer to ${target}: ${event}`, true),
    send: (envelope) => tell("sent", describeMessage(envelope), false),
    receive: (envelope) =>
      trace({
        time: now(),
        node,
        kind: "message",
        text: describeMessage(envelope),
        matters: matters(envelope),
      }),
    staleRejected: (envelope, why) => tell("message", `rejects ${describeMessage(envelope)}: ${why}`, false),
    readConfirmed: (context, index, how) =>
      tell(
        "read",
        `answers read ${context} as of entry ${index}, by ${how === "lease" ? "its lease" : "a quorum"}`,
        true,
      ),
    readRefused: (context, why) => tell("read", `read ${context} refused: ${why}`, false),
    leaseRefused: (context, why) => tell("read", `no lease for read ${context}: ${why}`, false),
    quorumLost: (term) => tell("role", `has heard from no quorum in term ${term}`, true),
  };
}

/** The messages that move the log, or hand over leadership. */
function matters(envelope: Envelope): boolean {
  switch (envelope.type) {
    case "append-request":
      return envelope.entries.some((entry) => entry.kind === "command");
    case "append-response":
      // Without a place it says no more than that its sender is in a later term.
      return !envelope.success && envelope.index > 0;
    case "snapshot-request":
    case "timeout-now":
      return true;
    default:
      return false;
  }
}

/** A message, and what the commands in it ask for. */
function describeMessage(envelope: Envelope): string {
  const text = describeEnvelope(envelope);
  if (envelope.type !== "append-request") return text;
  const commands = envelope.entries.filter(({ kind }) => kind === "command");
  if (commands.length === 0) return text;
  const more = commands.length > COMMANDS_TOLD ? [`${commands.length - COMMANDS_TOLD} more`] : [];
  return `${text}: ${
    [...commands.slice(0, COMMANDS_TOLD).map(({ data }) => describeCommand(data)), ...more].join("; ")
  }`;
}

function describeEntry({ kind, index, term, data }: Entry): string {
  return `${kind} ${index}@${term}${kind === "command" ? `: ${describeCommand(data)}` : ""}`;
}

function range(from: number, to: number): string {
  return from === to ? `entry ${from}` : `entries ${from} to ${to}`;
}

/** Two tracers as one. */
export function bothTracers(a: RaftTracer, b: RaftTracer): RaftTracer {
  const both: Record<string, unknown> = { ...a };
  for (const [name, second] of Object.entries(b) as [string, (...args: unknown[]) => void][]) {
    const first = both[name] as ((...args: unknown[]) => void) | undefined;
    both[name] = first === undefined ? second : (...args: unknown[]): void => {
      first(...args);
      second(...args);
    };
  }
  return both as RaftTracer;
}

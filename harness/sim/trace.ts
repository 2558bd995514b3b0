/**
 * A run told an event a line, in the terms of the paper.
 *
 * @module
 */
import { describeConfiguration, describeEnvelope, type Entry, type Envelope, type RaftTracer } from "../../raft/mod.ts";

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

/** A tracer that tells everything about a node. */
export function tellingTracer(node: number, now: () => number, trace: Trace): RaftTracer {
  const tell = (kind: TraceLine["kind"], text: string, matters: boolean): void =>
    trace({ time: now(), node, kind, text, matters });
  return {
    role: (role, term) => tell("role", `becomes ${role} in term ${term}`, role === "leader" || role === "candidate"),
    vote: (candidate, term, granted, preVote) =>
      tell(
        "vote",
        `${granted ? "votes" : "does not vote"} for ${candidate} in term ${term}${preVote ? " (PreVote)" : ""}`,
        granted && !preVote,
      ),
    campaignLost: (term, how, preVote) =>
      tell("vote", `campaign of term ${term} ${how}${preVote ? " (PreVote)" : ""}`, false),
    append: (entry) => tell("log", `appends ${describeEntry(entry)}`, false),
    truncate: (from, lastIndex) => tell("log", `cuts off entries ${from} to ${lastIndex}`, true),
    commit: (index, before) => tell("commit", `commits entries ${before + 1} to ${index}`, false),
    apply: (from, to) => tell("commit", `applies entries ${from} to ${to}`, false),
    configuration: (configuration, index, cause) =>
      tell("configuration", `${describeConfiguration(configuration)} from entry ${index} on (${cause})`, true),
    snapshot: (event, snapshot, peer) =>
      tell(
        "snapshot",
        `snapshot at entry ${snapshot.index}@${snapshot.term} ${event}${peer === null ? "" : `, peer ${peer}`}`,
        true,
      ),
    transfer: (event, target) => tell("role", `transfer to ${target}: ${event}`, true),
    send: (envelope) => tell("sent", describeEnvelope(envelope), false),
    receive: (envelope) => tell("message", describeEnvelope(envelope), matters(envelope)),
    staleRejected: (envelope, why) => tell("message", `rejects ${describeEnvelope(envelope)}: ${why}`, false),
    readConfirmed: (context, index, how) => tell("read", `read ${context} at entry ${index}, by ${how}`, false),
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
      return !envelope.success;
    case "snapshot-request":
    case "timeout-now":
      return true;
    default:
      return false;
  }
}

function describeEntry(entry: Entry): string {
  return `${entry.kind} ${entry.index}@${entry.term}`;
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

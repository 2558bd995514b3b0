/**
 * Tells the events of a run, one a line, in the terms of the paper.
 *
 * @module
 */
import {
  describeConfiguration,
  describeEnvelope,
  type Entry,
  type Envelope,
  type LogIndex,
  type RaftLog,
  type RaftTracer,
} from "../../raft/mod.ts";
import type { Packet } from "../../server/mod.ts";
import type { Moment, NodeChange } from "../moment.ts";
import { describeCommand } from "../../server/store/command_text.ts";

/** Called with every event. */
export type Trace = (moment: Moment) => void;

/** How many commands of a message are shown. */
const COMMANDS_TOLD = 3;

/** The node that a tracer reports on. */
interface Told {
  readonly id: number;
  /** Nanoseconds since the run began. */
  readonly now: () => number;
  readonly durableIndex: () => number;
}

/** The state of a node when it starts. */
export function startOf(log: RaftLog): NodeChange {
  const { snapshotIndex, lastIndex, durableIndex, state } = log;
  const terms: number[] = [];
  for (let index = snapshotIndex + 1; index <= lastIndex; index++) terms.push(log.termAt(index as LogIndex) ?? 0);
  return {
    life: "running",
    role: "follower",
    term: state.term,
    vote: state.votedFor ?? 0,
    commit: snapshotIndex,
    applied: snapshotIndex,
    durable: durableIndex,
    snapshot: snapshotIndex,
    log: { from: snapshotIndex + 1, terms },
  };
}

/** A tracer that reports everything about a node. */
export function tellingTracer({ id: node, now, durableIndex }: Told, trace: Trace): RaftTracer {
  let isLeader = false;
  let durable = -1;
  /** Reports a sent message, with the durable index of the log if that has changed. */
  const sent = (text: string): void => {
    const isNew = durableIndex() !== durable;
    durable = durableIndex();
    tell("sent", text, false, isNew ? { durable } : undefined);
  };
  const tell = (kind: string, text: string, matters: boolean, change?: NodeChange): void =>
    trace({ time: now(), node, kind, text, matters, ...(change === undefined ? {} : { change }) });
  return {
    term: (term) => tell("term", `is in term ${term}`, false, { term, vote: 0 }),
    role: (role, term) => {
      isLeader = role === "leader";
      tell("role", `becomes ${role} in term ${term}`, role === "leader" || role === "candidate", { role, term });
    },
    vote: (candidate, term, granted, preVote) =>
      tell(
        "vote",
        `${granted ? "votes" : "does not vote"} for ${candidate} in term ${term}${preVote ? " (PreVote)" : ""}`,
        granted && !preVote,
        granted && !preVote ? { vote: candidate } : undefined,
      ),
    campaignLost: (term, how, preVote) =>
      tell("vote", `campaign of term ${term} ${how}${preVote ? " (PreVote)" : ""}`, false),
    append: (entry) =>
      tell("log", `appends ${describeEntry(entry)}`, false, { log: { from: entry.index, terms: [entry.term] } }),
    truncate: (from, lastIndex) =>
      tell("log", `cuts off ${range(from, lastIndex)}`, true, { log: { from, terms: [] } }),
    commit: (index, before) => tell("commit", `commits ${range(before + 1, index)}`, isLeader, { commit: index }),
    apply: (from, to) => tell("commit", `applies ${range(from, to)}`, false, { applied: to }),
    configuration: (configuration, index, cause) =>
      tell("configuration", `${describeConfiguration(configuration)} from entry ${index} on (${cause})`, true, {
        members: describeConfiguration(configuration),
      }),
    snapshot: (event, snapshot, peer) =>
      tell(
        "snapshot",
        `snapshot at entry ${snapshot.index}@${snapshot.term} ${event}${peer === null ? "" : `, peer ${peer}`}`,
        true,
      ),
    transfer: (event, target) => tell("role", `transfer to ${target}: ${event}`, true),
    send: (envelope) => sent(describeMessage(envelope)),
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

/** A packet under way, as a moment at its sender. */
export function wayOf(from: number, to: number, packet: Packet, sent: number, arrives: number | null): Moment {
  const told = packet.kind === "raft"
    ? { type: packet.envelope.type, text: describeMessage(packet.envelope), matters: matters(packet.envelope) }
    : { type: packet.kind, text: packet.kind, matters: false };
  const { type, text } = told;
  return { time: sent, node: from, kind: "way", text, matters: told.matters, way: { to, arrives, type } };
}

/** Whether a message changes the log or hands over leadership. */
function matters(envelope: Envelope): boolean {
  switch (envelope.type) {
    case "append-request":
      return envelope.entries.some((entry) => entry.kind === "command");
    case "append-response":
      // A refusal without an index only says that its sender is in a later term.
      return !envelope.success && envelope.index > 0;
    case "snapshot-request":
    case "timeout-now":
      return true;
    default:
      return false;
  }
}

/** A message, with the commands in it. */
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

/** Combines two tracers. */
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

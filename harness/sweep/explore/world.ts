/**
 * A small cluster at one moment: real nodes, their logs, and the messages under way. A world is never changed: a step
 * makes another one, which shares everything except the node that moved.
 *
 * Time stands still. A timeout is an action that may come at any moment; leases and quorum checks are off.
 *
 * @module
 */
import {
  describeEnvelope,
  type Envelope,
  type NodeId,
  nodeId,
  type RaftConfig,
  RaftNode,
  type RaftTracer,
  type ReadResult,
} from "../../../raft/mod.ts";
import { type Fingerprint, fingerprintOf, fingerprintOfAll } from "./fingerprint.ts";
import { SyncedLog } from "./synced_log.ts";

/** The bounds of the exploration; each keeps the number of states finite. */
export interface Bounds {
  /** Voters, 2 or 3. */
  readonly nodes: number;
  /** No node campaigns beyond this term. */
  readonly terms: number;
  /** No log grows beyond this index. */
  readonly entries: number;
  /** At most this many messages are under way. If there are more, some are lost, in every possible way. */
  readonly messages: number;
  /** How many commands are proposed. */
  readonly commands: number;
  /** How many crashes happen, each with a restart. */
  readonly crashes: number;
  /** How many messages are delivered twice. */
  readonly duplicates: number;
  /** How many heartbeat rounds leaders begin. */
  readonly heartbeats: number;
  /** How many reads are requested, of any node. */
  readonly reads: number;
  /** Whether a sync is a separate step; otherwise everything is durable at once. */
  readonly syncs: boolean;
  /** Whether nodes ask for pre-votes. */
  readonly preVote: boolean;
  /** Whether messages that can no longer have an effect are left out. */
  readonly reduces: boolean;
}

/** A step: the action, and the node, or the position of the message in `World.network`. */
export interface Action {
  /** `"repeat"` delivers a message and keeps it under way. */
  readonly type: "timeout" | "heartbeat" | "propose" | "read" | "sync" | "crash" | "deliver" | "repeat";
  /** The node's number from 1, or the message's position from 0. */
  readonly at: number;
}

/** One node, its log, and its envelopes that wait for a sync. */
export interface Host {
  readonly node: RaftNode;
  readonly log: SyncedLog;
  readonly held: readonly Message[];
  /** Equal for hosts that behave alike. */
  readonly text: string;
  /** The fingerprint of the text. */
  readonly fingerprint: Fingerprint;
}

/** A message under way. */
interface Message {
  readonly envelope: Envelope;
  /** Equal for messages with the same effect. */
  readonly text: string;
  /** The fingerprint of the text. */
  readonly fingerprint: Fingerprint;
}

/** How much of the bounds is used up. */
interface Used {
  readonly commands: number;
  readonly crashes: number;
  readonly duplicates: number;
  readonly heartbeats: number;
  readonly reads: number;
}

/** A cluster at one moment. */
export interface World {
  readonly hosts: readonly Host[];
  /** The messages under way, in the order of their texts. */
  readonly network: readonly Message[];
  readonly used: Used;
}

/** The result of a step: a world, before messages are lost, and the node that has moved. */
export interface Moved {
  readonly world: World;
  readonly node: NodeId;
  /** The reads that were decided. */
  readonly reads: readonly ReadResult[];
}

/** The cluster before anything has happened. */
export function firstWorld(bounds: Bounds, tracerOf?: (id: NodeId) => RaftTracer): World {
  const ids = Array.from({ length: bounds.nodes }, (_, i) => nodeId(i + 1));
  const hosts = ids.map((id): Host => {
    const log = new SyncedLog();
    const tracer = tracerOf?.(id);
    return hostOf(start(id, bounds, log, tracer), log, []);
  });
  return { hosts, network: [], used: { commands: 0, crashes: 0, duplicates: 0, heartbeats: 0, reads: 0 } };
}

function start(id: NodeId, bounds: Bounds, log: SyncedLog, tracer: RaftTracer | undefined): RaftNode {
  const peers = Array.from({ length: bounds.nodes }, (_, i) => nodeId(i + 1)).filter((peer) => peer !== id);
  const config: RaftConfig = {
    id,
    peers,
    seed: 1,
    // So long that no leader's round ends one.
    electionTimeoutTicks: 1_000_000,
    heartbeatIntervalTicks: 1,
    checkQuorum: false,
    preVote: bounds.preVote,
    // An append holds one entry, so that acknowledgements come in between.
    maxAppendBytes: 1,
  };
  return new RaftNode(tracer === undefined ? config : { ...config, tracer }, log);
}

function hostOf(node: RaftNode, log: SyncedLog, held: readonly Message[]): Host {
  const text = `${node.state()}|${log.text()}|${held.map(({ text }) => text).join(",")}`;
  return { node, log, held, text, fingerprint: fingerprintOf(text) };
}

/** The possible actions, in a fixed order. */
export function actionsOf(world: World, bounds: Bounds): Action[] {
  const { hosts, network, used } = world;
  const actions: Action[] = [];
  network.forEach((message, at) => {
    // Equal messages have the same effect.
    if (at > 0 && network[at - 1]!.text === message.text) return;
    actions.push({ type: "deliver", at });
    if (used.duplicates < bounds.duplicates) actions.push({ type: "repeat", at });
  });
  for (const { node, log, held } of hosts) {
    const at = node.id;
    if (bounds.syncs && (!log.isDurable || held.length > 0)) actions.push({ type: "sync", at });
    if (node.role !== "leader" && node.term < bounds.terms) actions.push({ type: "timeout", at });
    if (node.role === "leader") {
      const hasRoom = log.lastIndex < bounds.entries;
      if (hasRoom && used.commands < bounds.commands) actions.push({ type: "propose", at });
      if (used.heartbeats < bounds.heartbeats) actions.push({ type: "heartbeat", at });
    }
    if (used.reads < bounds.reads) actions.push({ type: "read", at });
    if (used.crashes < bounds.crashes) actions.push({ type: "crash", at });
  }
  return actions;
}

/**
 * Takes a step.
 *
 * @throws Whatever the node throws: that is a violation.
 */
export function step(world: World, action: Action, bounds: Bounds, tracerOf?: (id: NodeId) => RaftTracer): Moved {
  const message = action.type === "deliver" || action.type === "repeat" ? world.network[action.at]! : null;
  const id = message === null ? action.at as NodeId : message.envelope.to;
  const before = world.hosts[id - 1]!;
  const network = action.type === "deliver" ? world.network.filter((_, at) => at !== action.at) : [...world.network];
  if (action.type === "crash") {
    const log = before.log.crashed();
    const host = hostOf(start(id, bounds, log, tracerOf?.(id)), log, []);
    return { world: next(world, host, network, count(world.used, "crashes"), bounds), node: id, reads: [] };
  }
  const log = before.log.copy();
  const node = before.node.copy(log);
  let held: readonly Message[] = before.held;
  const take = (envelopes: readonly Envelope[]): void => {
    for (const envelope of envelopes) {
      const sent = messageOf(envelope);
      if (envelope.afterSync && (held.length > 0 || !log.isDurable)) held = [...held, sent];
      else network.push(sent);
    }
  };
  const used = act(node, action, message, take, world.used);
  take(node.broadcast());
  for (let isSynced = action.type !== "sync" && bounds.syncs; !isSynced && (!log.isDurable || held.length > 0);) {
    log.sync();
    network.push(...held);
    held = [];
    take(node.persisted());
    take(node.broadcast());
    // A separate sync covers only what was written before it.
    isSynced = bounds.syncs;
  }
  node.drainApplied();
  node.drainLost();
  return { world: next(world, hostOf(node, log, held), network, used, bounds), node: id, reads: node.drainReads() };
}

function act(
  node: RaftNode,
  action: Action,
  message: Message | null,
  take: (envelopes: readonly Envelope[]) => void,
  used: Used,
): Used {
  switch (action.type) {
    case "deliver":
      take(node.handle(message!.envelope));
      return used;
    case "repeat":
      take(node.handle(message!.envelope));
      return count(used, "duplicates");
    case "timeout":
      take(node.campaign());
      return used;
    case "heartbeat":
      take(node.tick());
      return count(used, "heartbeats");
    case "propose":
      node.propose(new Uint8Array([used.commands + 1]));
      return count(used, "commands");
    case "read":
      take(node.readIndex(used.reads + 1));
      return count(used, "reads");
    default:
      return used;
  }
}

function count(used: Used, name: keyof Used): Used {
  return { ...used, [name]: used[name] + 1 };
}

function next(world: World, host: Host, network: readonly Message[], used: Used, { reduces }: Bounds): World {
  const hosts = world.hosts.map((other) => other.node.id === host.node.id ? host : other);
  const left = network.filter((message) => !reduces || !isVoid(message.envelope, hosts));
  return { hosts, network: left.sort((a, b) => a.text < b.text ? -1 : a.text > b.text ? 1 : 0), used };
}

/**
 * Whether a message can never have an effect again: an answer or a notice of a term that its receiver has left for
 * good.
 */
function isVoid(envelope: Envelope, hosts: readonly Host[]): boolean {
  switch (envelope.type) {
    case "append-response":
    case "heartbeat-response":
    case "vote-response":
    case "commit-notice":
      return envelope.term < hosts[envelope.to - 1]!.log.durableState.term;
    default:
      return false;
  }
}

function messageOf(envelope: Envelope): Message {
  const text = textOf(envelope);
  return { envelope, text, fingerprint: fingerprintOf(text) };
}

/** The content of an envelope, except for the time of a heartbeat, which only leases use. */
function textOf(envelope: Envelope): string {
  let text = "";
  for (const [name, value] of Object.entries(envelope)) {
    if (name === "sentAtTick" || name === "afterSync") continue;
    text += `${describeValue(value)} `;
  }
  return text;
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(describeValue).join(",");
  if (value instanceof Uint8Array) return value.join(".");
  return typeof value === "object" && value !== null ? Object.values(value).map(describeValue).join("/") : `${value}`;
}

/** All ways in which at most `most` of a world's messages stay under way and the others are lost. */
export function* afterLosses(world: World, most: number): Generator<{ world: World; kept: number }> {
  const { network } = world;
  if (network.length <= most) {
    yield { world, kept: (1 << network.length) - 1 };
    return;
  }
  for (let kept = 0; kept < 1 << network.length; kept++) {
    if (bitsOf(kept) !== most) continue;
    yield { world: keep(world, kept), kept };
  }
}

/** The world with only those messages under way that a set of bits selects. */
export function keep(world: World, kept: number): World {
  return { ...world, network: world.network.filter((_, at) => (kept >> at & 1) === 1) };
}

function bitsOf(set: number): number {
  let count = 0;
  for (let rest = set; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

/**
 * The fingerprint of a world. It is equal for worlds that behave alike, and, apart from collisions, differs for all
 * others.
 */
export function worldFingerprint({ hosts, network, used }: World): Fingerprint {
  const { commands, crashes, duplicates, heartbeats, reads } = used;
  const counts = { high: commands << 16 | crashes << 8 | reads, low: duplicates << 16 | heartbeats };
  const size = { high: network.length, low: hosts.length };
  return fingerprintOfAll([...hosts.map(({ fingerprint }) => fingerprint), counts, size, ...network.map(printOf)]);
}

function printOf({ fingerprint }: Message): Fingerprint {
  return fingerprint;
}

/** An action as text. */
export function sayAction({ type, at }: Action, world: World): string {
  switch (type) {
    case "timeout":
      return `node ${at} hears nobody for too long`;
    case "heartbeat":
      return `node ${at} begins a heartbeat round`;
    case "propose":
      return `node ${at} takes a command`;
    case "read":
      return `node ${at} is asked for a read`;
    case "sync":
      return `node ${at}'s disk has synced`;
    case "crash":
      return `node ${at} crashes, and restarts from its disk`;
    case "deliver":
      return `node ${world.network[at]!.envelope.to} gets ${describeEnvelope(world.network[at]!.envelope)}`;
    case "repeat":
      return `node ${world.network[at]!.envelope.to} gets, and will get again, ${
        describeEnvelope(world.network[at]!.envelope)
      }`;
  }
}

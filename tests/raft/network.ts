// A network of nodes in one process, for tests: what is sent waits in one queue, and the test decides what becomes of
// it.
import assert from "node:assert/strict";
import {
  type AppendRequest,
  type Entry,
  type Envelope,
  logIndex,
  MemLog,
  type NodeId,
  nodeId,
  type RaftApplyCommand,
  type RaftConfig,
  type RaftLog,
  RaftNode,
  type Term,
} from "../../raft/mod.ts";

/** What a network is made of. */
export interface NetworkOptions {
  /** How many voters there are at first; they are numbered from 1. Default 3. */
  readonly nodes?: number;
  /** Settings of every node, beside its id and peers. */
  readonly config?: Partial<RaftConfig>;
  /** The log of a node. Default: a `MemLog`. */
  readonly log?: (id: NodeId) => RaftLog;
}

/** Nodes, the messages between them, and what each node has applied. */
export class Network {
  readonly nodes: Map<NodeId, RaftNode> = new Map();
  readonly logs: Map<NodeId, RaftLog> = new Map();
  readonly applied: Map<NodeId, RaftApplyCommand[]> = new Map();
  /** What was sent and neither delivered nor dropped, in the order of sending. */
  queue: Envelope[] = [];
  /** Everything that was ever sent. */
  readonly sent: Envelope[] = [];
  /** What this says no to is dropped as it is sent. */
  passes: (envelope: Envelope) => boolean = () => true;
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions = {}) {
    this.#options = options;
    const ids = Array.from({ length: options.nodes ?? 3 }, (_, i) => nodeId(i + 1));
    for (const id of ids) {
      this.start(id, ids.filter((peer) => peer !== id), options.log?.(id) ?? new MemLog());
    }
  }

  /** Starts a node, or restarts it over the log that is given. */
  start(id: number, peers: readonly NodeId[], log: RaftLog, config: Partial<RaftConfig> = {}): RaftNode {
    const node = new RaftNode({ id: nodeId(id), peers, ...this.#options.config, ...config }, log);
    this.nodes.set(nodeId(id), node);
    this.logs.set(nodeId(id), log);
    if (!this.applied.has(nodeId(id))) this.applied.set(nodeId(id), []);
    return node;
  }

  /** Restarts a node from its log. What it had applied is forgotten, and will be applied again. */
  restart(id: number, config: Partial<RaftConfig> = {}): RaftNode {
    const peers = Array.from({ length: this.#options.nodes ?? 3 }, (_, i) => nodeId(i + 1)).filter((peer) =>
      peer !== id
    );
    this.applied.set(nodeId(id), []);
    const node = this.start(id, config.join === true ? [] : peers, this.log(id), config);
    node.drainRestored();
    return node;
  }

  node(id: number): RaftNode {
    const node = this.nodes.get(nodeId(id));
    assert(node !== undefined, `there is no node ${id}`);
    return node;
  }

  log(id: number): RaftLog {
    return this.logs.get(nodeId(id))!;
  }

  /** Puts what a node returned into the queue. */
  send(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      this.sent.push(envelope);
      if (this.passes(envelope)) this.queue.push(envelope);
    }
  }

  /** Delivers one message, and queues what comes of it. */
  deliver(envelope: Envelope): void {
    const node = this.nodes.get(envelope.to);
    if (node === undefined) return;
    this.send(node.handle(envelope));
    this.drain(node);
  }

  /** Delivers until nothing is left. Leaders broadcast once the queue is empty, as a host does after a batch. */
  settle(): void {
    for (let deliveries = 0; deliveries < 100_000; deliveries++) {
      if (this.queue.length === 0) { for (const node of this.nodes.values()) this.send(node.broadcast()); }
      const envelope = this.queue.shift();
      for (const node of this.nodes.values()) this.drain(node);
      if (envelope === undefined) return;
      this.deliver(envelope);
    }
    assert.fail("the network does not come to rest");
  }

  /** Applies what a node has committed. */
  drain(node: RaftNode): void {
    const restored = node.drainRestored();
    if (restored !== null) this.applied.set(node.id, []);
    this.applied.get(node.id)!.push(...node.drainApplied());
  }

  /** One tick of one node, or of all. */
  tick(...ids: number[]): void {
    for (const id of ids.length > 0 ? ids : this.nodes.keys()) this.send(this.node(id).tick());
  }

  /** Ticks all, and lets the network settle after each tick. */
  run(ticks: number): void {
    for (let i = 0; i < ticks; i++) {
      this.tick();
      this.settle();
    }
  }

  /** Lets a node campaign until it leads. */
  elect(id: number): RaftNode {
    this.send(this.node(id).campaign());
    this.settle();
    assert.equal(this.node(id).role, "leader", `node ${id} did not win its election`);
    return this.node(id);
  }

  /** Lets a node propose commands of one byte, and the network settle. */
  propose(id: number, ...bytes: number[]): void {
    for (const byte of bytes) this.node(id).propose(new Uint8Array([byte]));
    this.settle();
  }

  /** Drops what goes between the node and all others, both ways. */
  isolate(...ids: number[]): void {
    this.passes = (envelope) => !ids.includes(envelope.from) && !ids.includes(envelope.to);
  }

  /** Drops nothing any more. */
  heal(): void {
    this.passes = () => true;
  }

  /** The bytes of the commands that a node applied. */
  appliedBytes(id: number): number[] {
    return this.applied.get(nodeId(id))!.map((applied) => applied.command[0]!);
  }

  /** The nodes that believe to lead. */
  leaders(): RaftNode[] {
    return [...this.nodes.values()].filter((node) => node.role === "leader");
  }
}

/** A node's log as `term:kind` words, for comparing. */
export function logOf(log: RaftLog): string {
  const words: string[] = [];
  for (let index: number = log.firstIndex; index <= log.lastIndex; index++) {
    const entry = log.entryAt(logIndex(index))!;
    words.push(`${entry.term}${entry.kind === "noop" ? "" : entry.kind === "command" ? `:${entry.data[0]}` : ":conf"}`);
  }
  return words.join(" ");
}

/** A log whose entries have these terms, each with its index as its one byte, and whose node is in the term given. */
export function logOfTerms(terms: readonly number[], nodeTerm: number = terms.at(-1) ?? 0): MemLog {
  const log = new MemLog();
  log.setState({ term: nodeTerm as Term, votedFor: null });
  log.append(entriesOf(1, ...terms));
  return log;
}

/** Commands from an index on, with these terms. */
export function entriesOf(first: number, ...terms: number[]): Entry[] {
  return terms.map((term, i) => ({
    index: logIndex(first + i),
    term: term as Term,
    kind: "command",
    data: new Uint8Array([first + i]),
  }));
}

/** Each message of a kind, without its header's `afterSync`: what tests say of it by hand. */
export function append(
  from: number,
  to: number,
  term: number,
  prev: readonly [index: number, term: number],
  entries: readonly Entry[],
  commitIndex: number = 0,
): AppendRequest {
  const [prevLogIndex, prevLogTerm] = [logIndex(prev[0]), prev[1] as Term];
  return {
    type: "append-request",
    ...header(from, to, term),
    prevLogIndex,
    prevLogTerm,
    entries,
    commitIndex: logIndex(commitIndex),
    round: 1,
  };
}

export function heartbeat(
  from: number,
  to: number,
  term: number,
  commitIndex: number = 0,
  round: number = 1,
): Envelope {
  return {
    type: "heartbeat-request",
    ...header(from, to, term),
    round,
    sentAtTick: 1,
    commitIndex: logIndex(commitIndex),
  };
}

export function voteRequest(
  from: number,
  to: number,
  term: number,
  last: readonly [index: number, term: number],
  transfer = false,
): Envelope {
  const [lastLogIndex, lastLogTerm] = [logIndex(last[0]), last[1] as Term];
  return { type: "vote-request", ...header(from, to, term), lastLogIndex, lastLogTerm, leadershipTransfer: transfer };
}

export function voteResponse(from: number, to: number, term: number, granted: boolean): Envelope {
  return { type: "vote-response", ...header(from, to, term), granted };
}

export function preVoteRequest(
  from: number,
  to: number,
  term: number,
  last: readonly [index: number, term: number],
): Envelope {
  return {
    type: "pre-vote-request",
    ...header(from, to, term),
    lastLogIndex: logIndex(last[0]),
    lastLogTerm: last[1] as Term,
  };
}

export function header(
  from: number,
  to: number,
  term: number,
): { from: NodeId; to: NodeId; term: Term; afterSync: boolean } {
  return { from: nodeId(from), to: nodeId(to), term: term as Term, afterSync: false };
}

/** The one message of a type among those that a node returned. */
export function only<T extends Envelope["type"]>(
  envelopes: readonly Envelope[],
  type: T,
): Extract<Envelope, { type: T }> {
  const found = envelopes.filter((envelope) => envelope.type === type);
  assert.equal(
    found.length,
    1,
    `${found.length} of type ${type} among ${envelopes.map((envelope) => envelope.type).join(", ") || "none"}`,
  );
  return found[0] as Extract<Envelope, { type: T }>;
}

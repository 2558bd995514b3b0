/**
 * A cluster in one thread: replicas over a virtual clock, network and disks, all from one seed.
 *
 * @module
 */
import type { RaftConfig } from "../../raft/mod.ts";
import type { Clock } from "../../server/clock.ts";
import type { View } from "../nemesis/kind.ts";
import type { ClientReply, ReadMode } from "../../server/replica/client.ts";
import type { ClientRequest } from "../../server/store/client.ts";
import type { Packet } from "../../server/replica/packet.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Invariants } from "./invariants/invariants.ts";
import { hashSeed, mix } from "./hash.ts";
import { SimLinks } from "./links.ts";
import { MemberChanges } from "./member_changes.ts";
import { Network } from "./network.ts";
import { SimNode } from "./node.ts";
import { type AllSuffers, suffersOf } from "./suffering.ts";
import { type Trace, wayOf } from "./trace.ts";

/** How a simulated cluster is made. */
export interface SimClusterOptions {
  readonly queue: EventQueue;
  readonly seed: number;
  /** How many nodes there are at first: 1 to `nodes`. */
  readonly nodes: number;
  readonly reads: ReadMode;
  /** A node's clock ticks this often, in nanoseconds. */
  readonly tickLength: number;
  /** Whether all nodes tick at the same instants. */
  readonly alignedTicks: boolean;
  /** The core's options. */
  readonly raft: Partial<RaftConfig>;
  /** A replica compacts its log after this many bytes of commands. */
  readonly compactionBytes: number;
  /** A store writes this many bytes of its snapshot in one step, at least. */
  readonly snapshotStepBytes: number;
  /** A replica waits so many ticks for the answer to what it has forwarded. */
  readonly forwardTimeoutTicks: number;
  /** Whether nodes write for their clients under sessions of their own, as live nodes do. */
  readonly hasFront: boolean;
  /** How many sessions are remembered. */
  readonly maxSessions: number;
  /** Looks at everything that happens. */
  readonly invariants: Invariants;
  /** Hears every event inside the nodes. */
  readonly trace?: Trace;
}

/** All clients are one end of the network. */
const CLIENTS = 0;
const CONNECTION_REFUSED: ClientReply = { type: "fail", error: "connection refused" };

/** A simulated cluster. */
export class SimCluster {
  readonly tickLength: number;
  readonly network: Network;
  /** How it suffers each kind of fault. */
  readonly suffers: AllSuffers;
  readonly #options: SimClusterOptions;
  readonly #queue: EventQueue;
  readonly #nodes = new Map<number, SimNode>();
  readonly #links: SimLinks;

  constructor(options: SimClusterOptions) {
    this.#options = options;
    this.#queue = options.queue;
    this.tickLength = options.tickLength;
    this.network = new Network(options.queue, options.seed);
    const { trace } = options;
    if (trace !== undefined) {
      this.network.watch = (from, to, message, sent, arrives) => {
        if (from !== CLIENTS && to !== CLIENTS) trace(wayOf(from, to, message as Packet, sent, arrives));
      };
    }
    this.#links = new SimLinks(this.network);
    const nodes = this.#nodes;
    const changes = new MemberChanges({
      queue: options.queue,
      tickLength: options.tickLength,
      nodes,
      join: (id) => this.#addNode(id, [], true).start(),
    });
    this.suffers = suffersOf({ nodes, links: this.#links, changes });
  }

  /** The nodes themselves, for whoever looks closer than a client can. */
  get members(): ReadonlyMap<number, SimNode> {
    return this.#nodes;
  }

  get clock(): Clock {
    return this.#queue;
  }

  start(done: (error: Error | null) => void): void {
    const ids = Array.from({ length: this.#options.nodes }, (_, i) => i + 1);
    for (const id of ids) this.#addNode(id, ids.filter((other) => other !== id), false).start();
    done(null);
  }

  #addNode(id: number, peers: readonly number[], joins: boolean): SimNode {
    const { queue, seed, reads, tickLength, alignedTicks, raft, invariants, trace } = this.#options;
    const { compactionBytes, snapshotStepBytes, forwardTimeoutTicks, hasFront, maxSessions } = this.#options;
    const node = new SimNode({
      id,
      peers,
      queue,
      seed: mix(hashSeed(seed, "node"), id),
      diskSeed: seed,
      reads,
      tickLength,
      alignedTicks,
      raft: { ...raft, ...(joins ? { join: true } : {}) },
      compactionBytes,
      snapshotStepBytes,
      forwardTimeoutTicks,
      hasFront,
      maxSessions,
      invariants,
      ...(trace === undefined ? {} : { trace }),
      send: (to, packet) => this.#send(id, to, packet),
    });
    this.#nodes.set(id, node);
    return node;
  }

  #send(from: number, to: number, packet: Packet): void {
    const target = this.#nodes.get(to);
    if (target === undefined) return;
    this.network.send(from, to, target.receive, packet);
  }

  nodes(): readonly number[] {
    const ids: number[] = [];
    for (const node of this.#nodes.values()) if (!node.isRemoved && !node.isRefused) ids.push(node.id);
    return ids;
  }

  ask(id: number, _process: number, request: ClientRequest, reply: (reply: ClientReply) => void): void {
    const node = this.#nodes.get(id);
    const answer = (result: ClientReply): void => this.network.send(id, CLIENTS, reply, result);
    const receive = (received: ClientRequest): void => {
      if (node === undefined || !node.request(received, answer)) answer(CONNECTION_REFUSED);
    };
    this.network.send(CLIENTS, id, receive, request);
  }

  /**
   * Undoes every fault of these nodes and of the links among them, and leaves all else as it is.
   * Nodes that were refused or removed stay so. With all nodes, nothing is wrong any more.
   */
  restore(nodes: readonly number[], done: () => void): void {
    this.#links.restore(([from, to]) => nodes.includes(from) && nodes.includes(to));
    for (const id of nodes) this.#nodes.get(id)?.restore();
    done();
  }

  look(done: (view: View) => void): void {
    done([...this.#nodes.values()].map((node) => node.view()));
  }

  stop(done: () => void): void {
    for (const node of this.#nodes.values()) node.stop();
    done();
  }
}

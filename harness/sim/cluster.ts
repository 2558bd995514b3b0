/**
 * A cluster in one thread: replicas on a virtual clock, network and disks, all from one seed.
 *
 * ```text
 *   event_queue.ts   the virtual clock
 *   network.ts       the links: latency, cuts, lost and doubled messages
 *   node.ts          one node through all its lives, with its faults and its clock
 *   host.ts          one life of a node: what a live process runs between its sockets and its disk
 *   disk.ts          what a node writes, and what survives a crash
 *   suffering.ts     how the cluster suffers each fault
 *   invariants/      what must hold at each step
 *   settling.ts      the end of a run: the cluster must come to rest
 * ```
 *
 * @module
 */
import { type ClientReply, type Clock, decodePacket, MILLISECOND } from "../../server/mod.ts";
import { CLIENTS, type View } from "../nemesis/kind.ts";
import type { CommandRequest } from "../../server/replica/client.ts";
import type { EventQueue } from "./event_queue.ts";
import type { HostSettings } from "./host.ts";
import type { Invariants } from "./invariants/invariants.ts";
import { hashSeed, mix } from "./hash.ts";
import { SimLinks } from "./links.ts";
import { MemberChanges } from "./member_changes.ts";
import { Network } from "./network.ts";
import { SimNode } from "./node.ts";
import type { PeerMessage } from "./peer_message.ts";
import { settle } from "./settling.ts";
import { type AllSuffers, suffersOf } from "./suffering.ts";
import { type Trace, wayOf } from "./trace.ts";

/** The options of a simulated cluster. */
interface SimClusterOptions {
  readonly queue: EventQueue;
  readonly seed: number;
  /** How many nodes there are at first: 1 to `nodes`. */
  readonly nodes: number;
  /** How often a node's clock ticks, in nanoseconds. */
  readonly tickLength: number;
  /** Whether all nodes tick at the same instants. */
  readonly alignedTicks: boolean;
  /** Inputs that come within this many nanoseconds are one batch; 0: each input is a batch of its own. */
  readonly batchTime: number;
  readonly settings: HostSettings;
  /** Checks everything that happens. */
  readonly invariants: Invariants;
  /**
   * Makes write number `number` of a flood, of `bytes` bytes; no workload sees it. `null` where the state machine is
   * not known.
   */
  readonly bulk: ((bytes: number, number: number) => Uint8Array) | null;
  /** Called with every event inside the nodes. */
  readonly trace?: Trace;
}

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
  /** How many faults were injected or healed. */
  #strikes = 0;
  /** Whether every node was restored: no fault comes after that. */
  #isHealed = false;

  constructor(options: SimClusterOptions) {
    this.#options = options;
    this.#queue = options.queue;
    this.tickLength = options.tickLength;
    this.network = new Network(options.queue, options.seed);
    const { trace } = options;
    if (trace !== undefined) {
      this.network.watch = (from, to, message, sent, arrives) => {
        const bytes = (message as Partial<PeerMessage> | null)?.bytes;
        if (bytes !== undefined) trace(wayOf(from, to, decodePacket(bytes), sent, arrives));
      };
    }
    this.#links = new SimLinks(this.network);
    const nodes = this.#nodes;
    const calmSince = (): number | null => this.#isWrong() ? null : this.#strikes;
    const isLed = (): boolean => [...nodes.values()].some((node) => node.replica?.node.role === "leader");
    options.invariants.leaderlessSince = () => isLed() ? null : calmSince();
    const changes = new MemberChanges({
      queue: options.queue,
      tickLength: options.tickLength,
      nodes,
      join: (id) => this.#addNode(id, [], true).start(),
      invariants: options.invariants,
      calm: { since: calmSince },
      losesTimeoutNow: options.settings.losesTimeoutNow,
    });
    this.suffers = suffersOf({
      nodes,
      links: this.#links,
      changes,
      bulk: options.bulk,
      onStrike: () => void this.#strikes++,
    });
  }

  /** Whether any fault affects a link or a node. */
  #isWrong(): boolean {
    return this.#links.isFaulty || [...this.#nodes.values()].some((node) => node.isHeld);
  }

  /** The nodes themselves, for observers that need more than a client sees. */
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
    const isReused = this.#nodes.has(id);
    const { queue, seed, tickLength, alignedTicks, batchTime, settings, invariants, trace } = this.#options;
    const node = new SimNode({
      ...{ id, peers, joins, isReused, queue, tickLength, alignedTicks, batchTime, settings, invariants },
      seed: mix(hashSeed(seed, "node"), id),
      diskSeed: seed,
      ...(trace === undefined ? {} : { trace }),
      send: (to, message) => {
        const target = this.#nodes.get(to);
        if (target !== undefined) this.network.send(id, to, target.receive, message);
        return !settings.noticesLoss || (target !== undefined && !this.network.isCut(id, to));
      },
      onEnd: () => {
        if (settings.noticesLoss) queue.at(queue.now() + MILLISECOND, () => this.#loses(id));
      },
      refuse: (to) => {
        const target = this.#nodes.get(to);
        if (target !== undefined) this.network.send(id, to, target.refusedBy, id);
      },
    });
    if (isReused) invariants.forgets(id);
    this.#nodes.set(id, node);
    return node;
  }

  /** The connections to a node that has ended are closed. */
  #loses(id: number): void {
    for (const node of this.#nodes.values()) {
      if (node.id !== id && !node.isPaused) node.replica?.lostConnection(id);
    }
  }

  nodes(): readonly number[] {
    const ids: number[] = [];
    for (const node of this.#nodes.values()) if (!node.isRemoved && !node.isRefused) ids.push(node.id);
    return ids;
  }

  /** The highest index that a running node knows to be committed. */
  knownIndex(): number {
    let known = 0;
    for (const { replica } of this.#nodes.values()) known = Math.max(known, replica?.node.commitIndex ?? 0);
    return known;
  }

  ask(id: number, _process: number, request: CommandRequest, reply: (reply: ClientReply) => void): void {
    const node = this.#nodes.get(id);
    const answer = (result: ClientReply): void => this.network.send(id, CLIENTS, reply, result);
    let isTaken = false;
    const receive = (received: CommandRequest): void => {
      // Clients use a connection, which may lose or delay requests, but never doubles them.
      if (isTaken) return;
      isTaken = true;
      if (node === undefined || !node.request(received, answer)) answer(CONNECTION_REFUSED);
    };
    this.network.send(CLIENTS, id, receive, request);
  }

  /**
   * Heals all faults of these nodes and of the links among them, and leaves everything else as it is. Nodes that were
   * refused or removed stay so. With all nodes, no fault is left.
   */
  restore(nodes: readonly number[], done: () => void): void {
    const isInside = (end: number): boolean => end === CLIENTS || nodes.includes(end);
    this.#links.restore(([from, to]) => isInside(from) && isInside(to));
    for (const id of nodes) this.#nodes.get(id)?.restore();
    this.#isHealed = this.nodes().every((id) => nodes.includes(id));
    done();
  }

  look(done: (view: View) => void): void {
    done([...this.#nodes.values()].map((node) => node.view()));
  }

  /** Ends the run. If all is healed, the cluster must first come to rest. */
  stop(done: () => void): void {
    const end = (): void => {
      for (const node of this.#nodes.values()) node.stop();
      done();
    };
    if (!this.#isHealed) return end();
    const { queue, tickLength, settings, invariants } = this.#options;
    const electionTimeoutTicks = settings.raft.electionTimeoutTicks ?? 10;
    const nodes = (): readonly SimNode[] => [...this.#nodes.values()];
    settle({ queue, tickLength, electionTimeoutTicks, invariants, nodes }, end);
  }
}

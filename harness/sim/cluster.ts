/**
 * A cluster in one thread: replicas over a virtual clock, network and disks, all from one seed.
 *
 * @module
 */
import { type ConfigurationChange, nodeId, type RaftConfig } from "../../raft/mod.ts";
import { type Clock, MILLISECOND } from "../../server/clock.ts";
import type { Cluster } from "../run/cluster.ts";
import type { DiskFault } from "../nemesis/disk.ts";
import { type Fault, FAULT_KINDS, type FaultKind, typeOf } from "../nemesis/faults.ts";
import type { Link, Strike, View } from "../nemesis/kind.ts";
import type { Member } from "../nemesis/member.ts";
import type { Packets } from "../nemesis/packets.ts";
import type { ClientReply, ReadMode } from "../../server/replica/client.ts";
import type { ClientRequest } from "../../server/store/client.ts";
import type { Packet } from "../../server/replica/packet.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Invariants } from "./invariants.ts";
import { hashSeed, mix } from "./hash.ts";
import { Network } from "./network.ts";
import { SimNode } from "./node.ts";
import type { Trace } from "./trace.ts";

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
/** A member that was removed goes on for this many ticks, as one would that nobody has told. */
const REMOVED_RUNS_TICKS = 200;
/** How long the nemesis waits for a change of the members. */
const CHANGE_TIMEOUT = 5_000 * MILLISECOND;

/** A simulated cluster. */
export class SimCluster implements Cluster {
  readonly faults: ReadonlySet<FaultKind> = new Set(FAULT_KINDS);
  readonly tickLength: number;
  readonly network: Network;
  readonly #options: SimClusterOptions;
  readonly #queue: EventQueue;
  readonly #nodes = new Map<number, SimNode>();
  /** The links that each partition still cuts, and those that each packet fault still lies on. */
  readonly #partitions = new Map<Fault, Link[]>();
  readonly #packets = new Map<Packets, Packets>();

  constructor(options: SimClusterOptions) {
    this.#options = options;
    this.#queue = options.queue;
    this.tickLength = options.tickLength;
    this.network = new Network(options.queue, options.seed);
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

  invoke(id: number, _process: number, request: ClientRequest, reply: (reply: ClientReply) => void): void {
    const node = this.#nodes.get(id);
    const answer = (result: ClientReply): void => this.network.send(id, CLIENTS, reply, result);
    const receive = (received: ClientRequest): void => {
      if (node === undefined || !node.request(received, answer)) answer(CONNECTION_REFUSED);
    };
    this.network.send(CLIENTS, id, receive, request);
  }

  inject(fault: Fault, done: (strike: Strike) => void): void {
    switch (fault.kind) {
      case "partition":
        this.network.cut(fault.cut);
        this.#partitions.set(fault, [...fault.cut]);
        return done({ struck: fault.cut.length > 0, detail: typeOf(fault).say(fault) });
      case "kill":
        return done(this.#each(fault.nodes, "kill", (node) => node.kill(fault)));
      case "pause":
        return done(this.#each(fault.nodes, "pause", (node) => node.pause(fault)));
      case "packets":
        this.network.disturb(fault, fault.links);
        this.#packets.set(fault, fault);
        return done({ struck: fault.links.length > 0, detail: typeOf(fault).say(fault) });
      case "clock":
        return done(this.#each(fault.nodes, typeOf(fault).say(fault), (node) => node.bendClock(fault)));
      case "disk":
        return this.#injectDisk(fault, done);
      case "member":
        return this.#injectMember(fault, done);
      case "compact":
        return done(this.#each(fault.nodes, "compact", (node) => node.compact()));
    }
  }

  heal(fault: Fault, done: (strike: Strike) => void): void {
    switch (fault.kind) {
      case "partition": {
        const links = this.#partitions.get(fault) ?? [];
        this.#partitions.delete(fault);
        this.network.mend(links);
        return done({ struck: links.length > 0, detail: fault.shape });
      }
      case "packets":
        this.#packets.delete(fault);
        this.network.calm(fault, fault.links);
        return done({ struck: true, detail: typeOf(fault).say(fault) });
      case "kill":
      case "pause":
      case "clock":
      case "disk":
        return done(this.#each(fault.nodes, "", (node) => node.heal(fault)));
      case "member":
      case "compact":
        return done({ struck: false, detail: "there is no healing" });
    }
  }

  restore(nodes: readonly number[], done: () => void): void {
    const isInside = ([from, to]: Link): boolean => nodes.includes(from) && nodes.includes(to);
    for (const [fault, links] of this.#partitions) {
      this.network.mend(links.filter(isInside));
      this.#partitions.set(fault, links.filter((link) => !isInside(link)));
    }
    for (const fault of this.#packets.keys()) this.network.calm(fault, fault.links.filter(isInside));
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

  /** Does something to each node, and says to which it was done. */
  #each(ids: readonly number[], what: string, act: (node: SimNode) => boolean | string): Strike {
    const struck: string[] = [];
    for (const id of ids) {
      const node = this.#nodes.get(id);
      const result = node === undefined ? false : act(node);
      if (result !== false) struck.push(result === true ? `${id}` : `${id} (${result})`);
    }
    const whom = struck.length > 0 ? struck.join(" ") : "nobody";
    return { struck: struck.length > 0, detail: what === "" ? whom : `${what} ${whom}` };
  }

  #injectDisk(fault: DiskFault, done: (strike: Strike) => void): void {
    switch (fault.effect) {
      case "slow":
        return done(this.#each(fault.nodes, typeOf(fault).say(fault), (node) => node.slowDisk(fault)));
      case "full":
        return done(this.#each(fault.nodes, "full", (node) => node.fillDisk(fault)));
      case "tear":
        return done(this.#each(fault.nodes, "tear", (node) => node.tear(fault)));
      case "flip":
        return done(this.#each(fault.nodes, "flip", (node) => node.flip()));
    }
  }

  #injectMember(fault: Member, done: (strike: Strike) => void): void {
    const leader = this.#leader();
    const target = this.#nodes.get(fault.node);
    const { change, node: id } = fault;
    const name = typeOf(fault).say(fault);
    if (leader === null) return done({ struck: false, detail: `${name}: nobody leads` });
    const joins = change === "add" || change === "replace";
    if (joins === (target !== undefined)) {
      return done({ struck: false, detail: `${name}: ${joins ? "there is such a node" : "there is no such node"}` });
    }
    if (joins) this.#addNode(id, [], true).start();
    let open = true;
    const end = (reply: ClientReply): void => {
      if (!open) return;
      open = false;
      this.#afterChange(fault, reply);
      done({ struck: reply.type !== "fail", detail: reply.type === "ok" ? name : `${name}: ${reply.error}` });
    };
    this.#queue.after(CHANGE_TIMEOUT, () => end({ type: "info", error: "no answer in time" }));
    if (change === "transfer") leader.replica!.transferLeadership(id, end);
    else leader.replica!.changeMembers(changeOf(fault), end);
  }

  #afterChange(fault: Member, reply: ClientReply): void {
    const { change, node, old } = fault;
    if (reply.type === "fail" && (change === "add" || change === "replace")) this.#nodes.get(node)!.remove();
    if (reply.type !== "ok") return;
    const gone = change === "remove" ? node : change === "replace" ? old : undefined;
    if (gone === undefined) return;
    const leaving = this.#nodes.get(gone);
    if (leaving !== undefined) this.#takeAway(leaving);
  }

  /** Takes a member away once it may go: a joint configuration, in which the change was answered, still counts on it until it is left. */
  #takeAway(member: SimNode): void {
    const now = this.#queue.now();
    if (this.#isCountedOn(member.id)) return this.#queue.at(now + this.tickLength, () => this.#takeAway(member));
    member.isRemoved = true;
    this.#queue.at(now + REMOVED_RUNS_TICKS * this.tickLength, () => member.remove());
  }

  /** Whether a node is a member by the leader's configuration, or may be again, as the last change is not committed, or nobody leads. */
  #isCountedOn(id: number): boolean {
    const status = this.#leader()?.replica?.node.status();
    if (status === undefined || status.configurationIndex > status.commitIndex) return true;
    const { voters, votersOutgoing, learners } = status.configuration;
    return [...voters, ...votersOutgoing, ...learners].includes(nodeId(id));
  }

  /** The running node that leads with the highest term. */
  #leader(): SimNode | null {
    let leader: SimNode | null = null;
    for (const node of this.#nodes.values()) {
      if (node.replica?.node.role !== "leader" || node.isPaused) continue;
      if (leader === null || node.replica.node.term > leader.replica!.node.term) leader = node;
    }
    return leader;
  }
}

const CONNECTION_REFUSED: ClientReply = { type: "fail", error: "connection refused" };

/** The change that the leader is asked for. A replacement takes both majorities' consent. */
function changeOf({ change, node, old }: Member): ConfigurationChange {
  const id = nodeId(node);
  switch (change) {
    case "add":
    case "demote":
      return { type: "simple", changes: [{ type: "add-learner", node: id }] };
    case "promote":
      return { type: "simple", changes: [{ type: "add-voter", node: id }] };
    case "remove":
      return { type: "simple", changes: [{ type: "remove", node: id }] };
    case "replace": {
      const changes = [{ type: "add-voter", node: id }, { type: "remove", node: nodeId(old!) }] as const;
      return { type: "enter-joint", changes, autoLeave: true };
    }
    case "transfer":
      throw new TypeError("A transfer is no change of the members");
  }
}

/**
 * A live node: a replica with a real disk, real sockets and a real clock.
 *
 * The inputs of one turn of the event loop are one batch. `setImmediate` ends it, after all sockets with data were
 * read.
 *
 * @module
 */
import { randomBytes, randomInt } from "node:crypto";
import { setImmediate } from "node:timers";
import type { RaftStatus } from "../../raft/mod.ts";
import { type Clock, MILLISECOND, SECOND } from "../clock.ts";
import type { Journal } from "../journal/journal.ts";
import { openJournal } from "../journal/journal_open.ts";
import { readFile } from "../journal/whole_file.ts";
import type { Address } from "../peer/peer_options.ts";
import type { Transport } from "../peer/tcp.ts";
import { type DirectoryMachine, withDirectory } from "../replica/directory.ts";
import { createExactlyOnce, type ExactlyOnce, throughFront } from "../replica/exactly_once.ts";
import type { Respond } from "../replica/forwarding.ts";
import { MembershipKeeper } from "../replica/membership_keeper.ts";
import type { Packet } from "../replica/packet.ts";
import { decodePacket, encodePacket } from "../replica/packet_codec.ts";
import { createReplica, type Replica } from "../replica/replica.ts";
import { type SessionMachine, withSessions } from "../replica/sessions.ts";
import type { CommandRequest } from "../replica/client.ts";
import { type ClientRequest, submitRequest } from "../store/client.ts";
import { createKvStore, type KvStore } from "../store/kv_store.ts";
import { Chores } from "./chores.ts";
import { openDisk } from "./disk.ts";
import { Histogram } from "./histogram.ts";
import type { Log } from "./log_lines.ts";
import { MemberCommands } from "./member_commands.ts";
import { keepFounders, type KnownMember, MEMBERS_FILE, readMembers } from "./node_files.ts";
import { checkOptions, type NodeOptions } from "./node_options.ts";
import { Outage } from "./outage.ts";
import { PatientDisk } from "./patient_disk.ts";
import { PeerBook } from "./peer_book.ts";
import { Quota } from "./quota.ts";
import { SyncWatch } from "./sync_watch.ts";
import { Ticker } from "./ticker.ts";
import { Warnings } from "./warnings.ts";

/**
 * A node whose process was held up makes up for at most this many missed ticks. With leases it makes up for many more,
 * because leases measure time in ticks.
 */
const MISSED_TICKS_MAX = 2;
/** How long a shutdown waits for another member to become leader. */
const HANDOVER_TIME = SECOND;

/**
 * The first byte of a notice between nodes, which is not a packet of a replica. The second byte is 1 if the sender is
 * full, otherwise 0.
 */
const NOTICE = 9;

/** This node was removed from its cluster and has ended. */
export class RemovedError extends Error {
  /** The name of the class. */
  override name = "RemovedError";
}

/** The parts that a node is started with. */
interface NodeParts {
  readonly options: NodeOptions;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Called when the node ends by itself: with a RemovedError if it was removed, otherwise with the failure of its disk
   * or an error in the node.
   */
  readonly onStopped: (error: Error) => void;
}

/** Opens the folder and starts the node. */
export function startNode(parts: NodeParts, done: (error: Error | null, node: LiveNode | null) => void): void {
  const { options } = parts;
  let disk: PatientDisk;
  try {
    checkOptions(options);
    disk = new PatientDisk(openDisk(options.folder), parts.clock, parts.log);
  } catch (error) {
    return done(error as Error, null);
  }
  const giveUp = (error: Error): void => disk.close(() => done(error, null));
  readFolder(options, disk, (error, found) => {
    if (error !== null) return giveUp(error);
    let node: LiveNode;
    try {
      node = new LiveNode(parts, disk, found!);
    } catch (failure) {
      return giveUp(failure as Error);
    }
    node.start((failure) => failure === null ? done(null, node) : giveUp(failure));
  });
}

/** The content of a node's folder. */
interface FolderContent {
  readonly journal: Journal;
  readonly known: ReadonlyMap<number, KnownMember>;
  /** The cluster's first voters; empty if this node joined later. */
  readonly founders: readonly number[];
}

function readFolder(
  options: NodeOptions,
  disk: PatientDisk,
  done: (error: Error | null, found: FolderContent | null) => void,
): void {
  const { clusterId, id: nodeId, acceptsLostTail: forgives } = options;
  const identity = { clusterId, nodeId, forgives, birth: randomInt(1, 2 ** 32) };
  readFile(disk, MEMBERS_FILE, (readError, bytes) => {
    if (readError !== null) return done(readError, null);
    openJournal(disk, identity, (journalError, journal) => {
      if (journalError !== null) return done(journalError, null);
      const given = options.join === null ? [options.id, ...options.peers.keys()] : [];
      keepFounders(disk, given, (error, founders) => {
        if (error !== null) done(error, null);
        else done(null, { journal: journal!, known: readMembers(bytes), founders });
      });
    });
  });
}

/** The size for the quota if there is no store. */
const NO_STORE = { size: 0, bytes: 0 };

/** A live node. */
export class LiveNode {
  readonly replica: Replica<SessionMachine>;
  /** The key-value store; `null` if another state machine replaces it. */
  readonly store: KvStore | null;
  readonly journal: Journal;
  readonly disk: PatientDisk;
  readonly directory: DirectoryMachine;
  /** The administrators' commands about the members. */
  readonly members: MemberCommands;
  readonly #parts: NodeParts;
  readonly #book: PeerBook;
  readonly #front: ExactlyOnce;
  readonly #keeper: MembershipKeeper;
  readonly #chores: Chores;
  readonly #outage: Outage;
  /** Measures the duration of syncs. */
  readonly syncs: SyncWatch;
  /** How long the state machine takes for a command, and how long a write takes until its answer. */
  readonly applySeconds: Histogram = new Histogram();
  readonly commitSeconds: Histogram = new Histogram();
  /** The limits of the node's content, and whether they are reached. */
  readonly quota: Quota;
  readonly #ticker: Ticker;
  #isStopping = false;

  constructor(parts: NodeParts, disk: PatientDisk, { journal, known, founders }: FolderContent) {
    const { options, clock, log } = parts;
    const { id, clusterId, secret } = options;
    const incarnation = randomBytes(4).readUInt32LE();
    this.#parts = parts;
    this.disk = disk;
    this.syncs = new SyncWatch(disk, clock, log);
    this.journal = journal;
    if (journal.doubt !== null) {
      const { lastIndex, term } = journal.doubt;
      log("warn", "in doubt because the end of the log is damaged: no vote until a leader has replicated it", {
        lastIndex,
        term,
      });
    }
    this.store = options.machine === null ? createKvStore() : null;
    const machine = this.store ?? options.machine!();
    this.directory = withDirectory(machine, () => this.#book.onDirectory());
    this.#book = new PeerBook({
      ...{ options, clock, disk, log, known, journal, warnings: new Warnings(log, clock) },
      entries: () => this.directory.entries,
      status: () => this.status(),
      onFrame: (from, frame) => this.#receive(from, frame),
      onLost: (peer) => this.replica?.lostConnection(peer),
      onExcluded: (type, reason) => this.#end(type === "removed" ? new RemovedError(reason) : new Error(reason)),
    });
    this.replica = this.#createReplica(founders, incarnation);
    const { replica, directory } = this;
    this.#front = createExactlyOnce({
      name: `${id}.${incarnation}`,
      submit: (command, reply, session) => replica.submit(command, reply, { session }),
      committedIndex: () => replica.node.commitIndex,
      leaderTerm: () => replica.node.leader === null ? 0 : replica.node.term,
      timeoutTicks: Math.ceil(5_000 / options.tickMs),
      retryTicks: Math.ceil(1_000 / options.tickMs),
    });
    const shared = { replica, directory, front: this.#front };
    this.members = new MemberCommands({ ...shared, id, clusterId, secret, transport: this.transport });
    const onRemoved = (): void => this.#end(new RemovedError("This node was removed from the cluster"));
    this.#chores = new Chores({ replica, options, log, book: this.#book, onRemoved });
    this.#keeper = this.#createKeeper();
    const canReach = (member: number): boolean => this.transport.status().get(member)?.isConnected === true;
    this.#outage = new Outage(() => this.status(), canReach, options.electionTicks);
    this.quota = new Quota({
      ...{ limits: options.quota, store: this.store ?? NO_STORE, folder: options.folder, clock, log },
      onFreeDisk: (bytes) => this.disk.keepBallast(bytes),
      tell: (isFull) => this.#tellAll(Uint8Array.of(NOTICE, isFull ? 1 : 0)),
    });
    this.#ticker = new Ticker(
      clock,
      options.tickMs * MILLISECOND,
      options.reads === "lease" ? 4 * options.electionTicks : MISSED_TICKS_MAX,
      () => this.#tick(),
      () => {
        this.#chores.tick();
        this.syncs.look();
      },
    );
  }

  #createReplica(founders: readonly number[], incarnation: number): Replica<SessionMachine> {
    const { options } = this.#parts;
    const { id } = options;
    // The sizes differ, so the nodes do not take snapshots at the same moment: they share the writes, and often the
    // machine.
    const bytes = Math.ceil(options.compactionBytes * (1 + (id % 4) / 8));
    return createReplica<SessionMachine>({
      id,
      peers: founders.filter((founder) => founder !== id),
      journal: this.journal,
      machine: this.#timed(withSessions(this.directory)),
      incarnation,
      send: (to, packet) => this.transport.send(to, encodePacket(packet)),
      reads: options.reads,
      raft: {
        join: founders.length === 0,
        electionTimeoutTicks: options.electionTicks,
        heartbeatIntervalTicks: Math.max(1, Math.floor(options.electionTicks / 10)),
        keepBytes: 1024 * 1024,
      },
      // As long as a write may take. A lost request shows earlier: its connection breaks, or another leader comes.
      limits: { forwardTimeoutTicks: Math.ceil(5_000 / options.tickMs) },
      compaction: { bytes, relaxedBytes: 16 * bytes },
      defer: (action) =>
        void setImmediate(() => {
          action();
          // Sends in this turn, not after another poll of all sockets.
          this.transport.flush();
        }),
      onStopped: (error) => this.#end(error),
    });
  }

  /** Measures the duration of commands. */
  #timed(machine: SessionMachine): SessionMachine {
    const apply = machine.apply.bind(machine);
    machine.apply = (command, index) => {
      const begin = performance.now();
      const reply = apply(command, index);
      this.applySeconds.add((performance.now() - begin) / 1000);
      return reply;
    };
    return machine;
  }

  #createKeeper(): MembershipKeeper {
    const { log } = this.#parts;
    return new MembershipKeeper({
      ...{ replica: this.replica, front: this.#front, directory: this.directory, met: this.#book.met },
      // The directory gets the address that the operator gave. It does not get this node's route to a member, which may
      // differ from the other nodes' routes.
      known: () => this.#book.given,
      onChore: (about) => log("info", "members change", { about }),
      onEnd: (about, reply) => {
        if (reply.type !== "ok") log("warn", "chore failed", { about, reason: reply.error });
      },
    });
  }

  get options(): NodeOptions {
    return this.#parts.options;
  }

  get transport(): Transport {
    return this.#book.transport;
  }

  /** The cluster's name. */
  get clusterId(): string {
    return this.options.clusterId;
  }

  /** The address at which it listens for members. */
  get address(): Address {
    return this.#book.address;
  }

  /** The address by which members reach it. */
  get advertised(): Address {
    return this.#book.advertised;
  }

  /** How many client requests wait at this node. */
  get waiting(): number {
    return this.replica.waiting + this.#front.open;
  }

  /** Why writes that enlarge the store are refused; `null` if there is room. */
  get fullness(): string | null {
    return this.quota.reason;
  }

  /** What the cluster lacks to serve clients; `null` if nothing. */
  get outage(): string | null {
    return this.#outage.reason;
  }

  /** How many elections this node has seen since it started. */
  get elections(): number {
    return this.#chores.elections;
  }

  status(): RaftStatus {
    return this.replica.node.status();
  }

  /** Begins to listen and to tick. */
  start(done: (error: Error | null) => void): void {
    this.#book.start((error) => {
      if (error === null) {
        this.#ticker.start();
        return this.quota.start(() => done(null));
      }
      this.#isStopping = true;
      this.replica.stop();
      this.#book.close(() => done(error));
    });
  }

  #tick(): void {
    this.replica.tick();
    this.#front.tick();
    this.#keeper.tick();
    this.#book.tick();
    this.#outage.tick(this.replica.node.leader !== null);
  }

  #tellAll(frame: Uint8Array): void {
    for (const peer of this.transport.status().keys()) this.transport.send(peer, frame);
  }

  /** Handles a frame from a peer. It must name the peer as sender and this node as receiver. */
  #receive(from: number, frame: Uint8Array): void {
    this.onInput();
    if (frame[0] === NOTICE) {
      if (this.members.isMember(from)) this.quota.hear(from, frame[1] === 1);
      return;
    }
    const packet = decodePacket(frame);
    const [sender, receiver] = partiesOf(packet, this.options.id);
    if (sender !== from) throw new SyntaxError(`the sender is node ${from}, but its packet names node ${sender}`);
    if (receiver !== this.options.id) throw new SyntaxError(`it sent this node a packet for node ${receiver}`);
    this.replica.receive(packet);
  }

  /** Notes a client's input. With leases, the ticks that are due come first. */
  onInput(): void {
    if (this.options.reads === "lease") this.#ticker.tickWhenDue();
  }

  /** Performs a write (exactly once) or a read of the key-value store. */
  request(request: ClientRequest, reply: Respond): void {
    submitRequest((command, answer, how) => this.submit({ ...how, command }, answer), request, reply);
  }

  /** Performs a write (exactly once) or a read. If it cannot succeed, the answer says so at once. */
  submit(request: CommandRequest, reply: Respond): void {
    const missing = request.reads === "local" ? null : this.#outage.reason;
    if (missing !== null) return reply({ type: "fail", error: missing, isRetryable: true });
    if (this.replica.machine.isRead(request.command)) {
      return throughFront(this.#front, this.replica)(request.command, reply, request);
    }
    const begin = performance.now();
    throughFront(this.#front, this.replica)(request.command, (answer) => {
      this.commitSeconds.add((performance.now() - begin) / 1000);
      reply(answer);
    }, request);
  }

  /** Releases everything. A leader hands over first. */
  stop(done: () => void): void {
    this.#isStopping = true;
    this.#ticker.stop();
    this.quota.stop();
    this.replica.stop();
    this.#book.close(() => this.disk.close(done));
  }

  /** Hands the leadership over, if this node has it. The node goes on serving. */
  handOver(done: () => void): void {
    const leads = !this.replica.isStopped && this.replica.node.role === "leader";
    const target = leads ? this.members.successor() : null;
    if (target === null) return done();
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      done();
    };
    const timer = this.#parts.clock.after(HANDOVER_TIME, over);
    this.replica.transferLeadership(target, over);
  }

  #end(error: Error): void {
    if (this.#isStopping) return;
    if (!(error instanceof RemovedError)) this.#parts.log("error", "stopped", { reason: error.message });
    this.#parts.onStopped(error);
  }
}

/** The sender and the receiver of a packet. */
function partiesOf(packet: Packet, self: number): readonly [sender: number, receiver: number] {
  return packet.kind === "raft" ? [packet.envelope.from, packet.envelope.to] : [packet.from, self];
}

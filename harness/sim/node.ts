/**
 * One node of a simulated cluster: a replica that comes and goes, on a disk that stays, with a clock of its own pace.
 *
 * @module
 */
import type { RaftConfig, RaftTracer } from "../../raft/mod.ts";
import type { ClockFault } from "../nemesis/clock.ts";
import type { DiskFault } from "../nemesis/disk.ts";
import type { Fault } from "../nemesis/faults.ts";
import type { NodeView } from "../nemesis/kind.ts";
import type { ClientReply, ReadMode } from "../../server/replica/client.ts";
import { type ClientRequest, submitRequest } from "../../server/store/client.ts";
import { createExactlyOnce, type ExactlyOnce } from "../../server/replica/exactly_once.ts";
import { type Journal, JOURNAL_FILE, openJournal } from "../../server/journal/journal.ts";
import { JournalDamagedError, JournalIdentityError } from "../../server/journal/journal_format.ts";
import { createKvStore, type KvStore } from "../../server/store/kv_store.ts";
import type { Packet } from "../../server/replica/packet.ts";
import { createReplica, type Replica } from "../../server/replica/replica.ts";
import { type SessionMachine, withSessions } from "../../server/replica/sessions.ts";
import { DiskFullError, SimDisk } from "./disk.ts";
import type { EventQueue } from "./event_queue.ts";
import { finish, mixTime } from "./hash.ts";
import type { Invariants } from "./invariants/invariants.ts";
import { raftView } from "./raft_view.ts";
import type { NodeChange } from "../moment.ts";
import { bothTracers, startOf, tellingTracer, type Trace } from "./trace.ts";

/** What a simulated node is made of. */
export interface SimNodeOptions {
  readonly id: number;
  /** The other voters at the first start; none for a node that joins. */
  readonly peers: readonly number[];
  readonly queue: EventQueue;
  /** For what the node itself draws. */
  readonly seed: number;
  /** For its disk. */
  readonly diskSeed: number;
  readonly reads: ReadMode;
  readonly tickLength: number;
  /** Whether all nodes tick at the same instants. */
  readonly alignedTicks: boolean;
  readonly raft: Partial<RaftConfig>;
  readonly compactionBytes: number;
  readonly snapshotStepBytes: number;
  readonly forwardTimeoutTicks: number;
  /** Whether the node writes for its clients under a session of its own, as live nodes do. */
  readonly hasFront: boolean;
  /** How many sessions are remembered. */
  readonly maxSessions: number;
  readonly invariants: Invariants;
  /** Hears every event inside the node. */
  readonly trace?: Trace;
  readonly send: (to: number, packet: Packet) => void;
}

type SlowDisk = DiskFault & { readonly effect: "slow" };

/** What a fault may wait for, so that it strikes in its middle. */
type WaitsFor = "nothing" | "write" | "replacement";
/** What a kill waits for, in eighths. */
const KILL_WAITS_FOR: readonly WaitsFor[] = [
  ...["nothing", "nothing", "nothing", "nothing"] as const,
  ...["write", "write", "write", "replacement"] as const,
];
/** It waits no longer than this, in nanoseconds. */
const WITHIN: Readonly<Record<WaitsFor, number>> = { nothing: 0, write: 1_000_000_000, replacement: 4_000_000_000 };
/** All simulated nodes are of one cluster. */
const CLUSTER_ID = "sim";

/** A node of a simulated cluster. */
export class SimNode {
  readonly id: number;
  readonly disk: SimDisk;
  readonly #options: SimNodeOptions;
  readonly #queue: EventQueue;
  readonly #invariants: Invariants;
  /** The replica while the node runs. */
  replica: Replica<SessionMachine> | null = null;
  /** The store of the replica. */
  store: KvStore | null = null;
  /** The journal as it was opened last: after an end of the node, what it knew. */
  journal: Journal | null = null;
  /** Writes for clients, where the nodes do so. */
  #front: ExactlyOnce | null = null;
  /** It was taken out of the cluster. */
  isRemoved = false;
  /** Its journal is damaged: it never runs again. */
  isRefused = false;
  /** It was taken away for good. */
  #isGone = false;
  /** A bit of its journal was flipped. */
  #isDamaged = false;
  #starts = 0;
  /** Ticks since the last start. */
  #ticks = 0;
  #isUp = false;
  readonly #downBy = new Set<Fault>();
  /** Faults that will end the node in the middle of its next write. */
  readonly #armedBy = new Set<Fault>();
  readonly #pausedBy = new Set<Fault>();
  readonly #clockFaults: ClockFault[] = [];
  readonly #slowBy: SlowDisk[] = [];
  readonly #fullBy = new Set<Fault>();
  /** What has arrived while the node is paused. */
  #inbox: (() => void)[] = [];
  #lastView: NodeView;

  constructor(options: SimNodeOptions) {
    this.#options = options;
    this.id = options.id;
    this.#queue = options.queue;
    this.#invariants = options.invariants;
    this.disk = new SimDisk(options.queue, options.diskSeed, options.id);
    const voters = options.peers.length > 0 ? [options.id, ...options.peers].sort((a, b) => a - b) : [];
    this.#lastView = raftView(options.id, "down", {
      ...{ role: "follower", term: 0, commitIndex: 0 },
      ...{ voters, votersOutgoing: [], learners: [] },
    });
  }

  get isPaused(): boolean {
    return this.#pausedBy.size > 0;
  }

  /** Starts the node from what its disk holds. */
  start(): void {
    if (this.#isUp || this.isRefused || this.#downBy.size > 0) return;
    this.#isUp = true;
    const start = ++this.#starts;
    // By the time, and not by the number of the start: a restart taken out of a run leaves the later ones as they were.
    const salt = finish(mixTime(this.#options.seed, this.#queue.now()));
    openJournal(this.disk.open(), { clusterId: CLUSTER_ID, nodeId: this.id }, (error, journal) => {
      if (start !== this.#starts || !this.#isUp) return;
      if (error !== null || journal === null) return this.#refuse(error!);
      this.#run(journal, salt);
    }, salt);
  }

  #refuse(error: Error): void {
    this.#isUp = false;
    this.#tell(error.message, { life: "refused" });
    // A bit of the header may make it look like another program's.
    const isRefusal = error instanceof JournalDamagedError ||
      (this.#isDamaged && error instanceof JournalIdentityError);
    if (isRefusal) {
      this.isRefused = true;
      this.#invariants.journalOpened(this.id, true, this.#isDamaged);
    } else if (!(error instanceof DiskFullError)) {
      this.#invariants.broken(`node ${this.id} cannot start: ${error.message}`);
    }
  }

  #run(journal: Journal, incarnation: number): void {
    const { id, peers, raft, reads, compactionBytes, snapshotStepBytes, send } = this.#options;
    const { forwardTimeoutTicks, hasFront, maxSessions } = this.#options;
    this.#invariants.journalOpened(id, false, this.#isDamaged);
    this.journal = journal;
    this.store = createKvStore(snapshotStepBytes);
    this.#ticks = 0;
    this.#invariants.starts(id, journal, () => this.#ticks);
    if (this.#options.trace !== undefined) {
      this.#tell(`starts in term ${journal.state.term} with entries up to ${journal.lastIndex}`, startOf(journal));
    }
    try {
      this.replica = createReplica({
        id,
        peers,
        journal,
        machine: withSessions(this.store, maxSessions),
        incarnation,
        send: (to, packet) => {
          if (packet.kind === "raft") this.#invariants.leaves(id, packet.envelope, journal);
          send(to, packet);
        },
        reads,
        raft: { ...raft, seed: incarnation, tracer: this.#tracer() },
        limits: { forwardTimeoutTicks },
        compaction: { bytes: compactionBytes },
        onStopped: (error) => this.#stopped(error),
      });
    } catch (error) {
      this.#invariants.broken(`node ${id} cannot start: ${(error as Error).message}`);
      return this.#end();
    }
    const { replica } = this;
    const hasLease = (): boolean => replica === this.replica && replica.node.status().hasLease;
    this.#invariants.holds(id, replica.node.status().configuration, hasLease);
    if (hasFront) this.#front = createFront(replica, `${id}.${incarnation}`);
    this.#queue.at(this.#queue.now() + this.#firstTickIn(), this.#onTick, this.#starts);
  }

  #tracer(): RaftTracer {
    const { id, trace } = this.#options;
    const watching = this.#invariants.tracer(id);
    if (trace === undefined) return watching;
    return bothTracers(
      watching,
      tellingTracer({ id, now: () => this.#queue.now(), durableIndex: () => this.journal!.durableIndex }, trace),
    );
  }

  /** Tells of a turn in the node's life. */
  #tell(text: string, change: NodeChange = {}): void {
    this.#options.trace?.({ time: this.#queue.now(), node: this.id, kind: "life", text, matters: true, change });
  }

  /** The replica has ended by itself: for want of space, or because it found an error in itself, which is one. */
  #stopped(error: Error): void {
    if (!(error instanceof DiskFullError)) {
      this.#invariants.broken(`node ${this.id} stopped: ${error.message}`);
    }
    // The replica is in the middle of something: its end comes after that.
    this.#queue.at(this.#queue.now(), () => {
      this.#end();
      // Space may have come back while the failure was on its way.
      this.#startIfWell();
    });
  }

  /** `keepsWritten`: only the process has ended, and what it wrote without a sync can still be read. */
  #end(keepsWritten: boolean = false): void {
    if (!this.#isUp) return;
    if (this.replica !== null) {
      this.#lastView = this.#viewOf(this.replica);
      const { durableIndex, lastIndex } = this.journal!;
      this.#tell(`ends with entries up to ${lastIndex}, of which those up to ${durableIndex} are durable`, {
        life: "down",
      });
    }
    this.replica?.stop();
    this.replica = null;
    this.#front = null;
    this.store = null;
    this.#isUp = false;
    this.#inbox = [];
    this.disk.crash(keepsWritten);
    if (this.isPaused) this.disk.held = [];
  }

  /** Nodes tick apart from each other, unless their clocks are set alike. */
  #firstTickIn(): number {
    const { tickLength, alignedTicks, seed } = this.#options;
    return alignedTicks ? tickLength - this.#queue.now() % tickLength : finish(seed) % tickLength;
  }

  /** The tick of the life that began with `start`, and on to the next one. */
  readonly #onTick = (start: number): void => {
    if (start !== this.#starts || this.replica === null) return;
    const fault = this.#clockFaults.at(-1);
    const { tickLength } = this.#options;
    if (fault?.effect !== "stall" && !this.isPaused) this.#tick();
    const next = fault?.effect === "rate" ? Math.floor(tickLength * fault.factor) : tickLength;
    this.#queue.at(this.#queue.now() + next, this.#onTick, start);
  };

  #tick(): void {
    this.#ticks++;
    this.replica?.tick();
    this.#front?.tick();
  }

  /** Takes a packet in, now or when it goes on. One function for all packets: it goes through the network as it is. */
  readonly receive: (packet: Packet) => void = (packet) => {
    if (this.replica === null) return;
    if (this.isPaused) this.#inbox.push(() => this.replica?.receive(packet));
    else this.replica.receive(packet);
  };

  /** Takes a client's request in. Returns false if nobody listens. */
  request(request: ClientRequest, reply: (reply: ClientReply) => void): boolean {
    if (this.replica === null) return false;
    if (this.isPaused) this.#inbox.push(() => this.#ask(request, reply));
    else this.#ask(request, reply);
    return true;
  }

  #ask(request: ClientRequest, reply: (reply: ClientReply) => void): void {
    const { replica } = this;
    const front = request.session === undefined ? this.#front : null;
    if (replica === null) return;
    submitRequest(
      (command, answer, how) => {
        if (front === null) replica.submit(command, answer, how);
        else if (replica.machine.isRead(command)) front.ask((asked) => replica.submit(command, asked, how), answer);
        else front.submit(command, answer);
      },
      request,
      reply,
    );
  }

  /**
   * The node ends at once, in the middle of its next write, or while it next puts a whole file in place, as with a snapshot; what it had not synced is
   * lost, or stays for another loss where only the process ends.
   * Returns whether there was anything to end.
   */
  kill(fault: Fault): boolean {
    if (!this.#isUp) return false;
    const drawn = finish(mixTime(this.#options.seed, this.#queue.now()));
    const waitsFor = KILL_WAITS_FOR[drawn % KILL_WAITS_FOR.length]!;
    this.#strikeInWrite(fault, waitsFor, () => (drawn & 24) === 0);
    return true;
  }

  /** The node ends in the middle of a write, of which a part stays. */
  tear(fault: Fault): boolean {
    if (!this.#isUp) return false;
    this.#strikeInWrite(fault, "write", () => {
      const { stayed, of } = this.disk.tear(JOURNAL_FILE);
      this.#tell(`is torn: ${stayed} of ${of} bytes that were under way stay`);
      return false;
    });
    return true;
  }

  /** Ends the node by a fault: now, or, if it is to wait for that, when a write is under way, which a node that is asked for nothing may take a while to begin. */
  #strikeInWrite(fault: Fault, waitsFor: WaitsFor, keepsWritten: () => boolean): void {
    const strike = (): void => {
      if (!this.#armedBy.delete(fault) || !this.#isUp) return;
      this.#downBy.add(fault);
      this.#end(keepsWritten());
    };
    this.#armedBy.add(fault);
    const { disk } = this;
    const isDue = waitsFor === "nothing" || this.isPaused ||
      (waitsFor === "write" ? disk.isWriting : disk.isReplacing);
    if (isDue) return strike();
    disk.armed = strike;
    disk.waitsForReplacement = waitsFor === "replacement";
    this.#queue.at(this.#queue.now() + WITHIN[waitsFor], strike);
  }

  /** The node ends, a bit of its journal flips, and it tries to start again. */
  flip(): boolean | string {
    if (this.replica === null || this.isPaused) return false;
    this.#end();
    const position = this.disk.flip(JOURNAL_FILE);
    this.#isDamaged = position !== null;
    this.start();
    return position === null ? false : `a bit of byte ${position}`;
  }

  pause(fault: Fault): boolean {
    if (this.replica === null) return false;
    this.#pausedBy.add(fault);
    this.#tell("is paused", { life: "paused" });
    this.disk.held ??= [];
    return true;
  }

  #goOn(): void {
    if (this.isPaused) return;
    if (this.#isUp && this.disk.held !== null) this.#tell("goes on", { life: "running" });
    const done = this.disk.held ?? [];
    const arrived = this.#inbox;
    this.disk.held = null;
    this.#inbox = [];
    for (const call of done) if (this.#isUp) call();
    for (const call of arrived) call();
  }

  bendClock(fault: ClockFault): boolean {
    if (fault.effect !== "jump") {
      this.#clockFaults.push(fault);
      return true;
    }
    if (this.replica === null || this.isPaused) return false;
    for (let i = 0; i < fault.ticks; i++) this.#tick();
    return true;
  }

  slowDisk(fault: SlowDisk): boolean {
    this.#slowBy.push(fault);
    this.disk.slowness = fault.factor;
    return true;
  }

  fillDisk(fault: Fault): boolean {
    this.#fullBy.add(fault);
    this.disk.isFull = true;
    return true;
  }

  /** Begins a snapshot, if there is anything to compact. */
  compact(): boolean {
    return this.replica !== null && !this.isPaused && this.replica.compact();
  }

  /** Undoes one fault. Returns whether it still held the node. */
  heal(fault: Fault): boolean {
    let held = false;
    for (const set of [this.#downBy, this.#armedBy, this.#pausedBy, this.#fullBy] as Set<Fault>[]) {
      held = set.delete(fault) || held;
    }
    for (const list of [this.#clockFaults, this.#slowBy] as Fault[][]) {
      const at = list.indexOf(fault);
      if (at >= 0) list.splice(at, 1);
      held ||= at >= 0;
    }
    if (held) this.#afterHealing();
    return held;
  }

  /** Undoes every fault. */
  restore(): void {
    this.#downBy.clear();
    this.#armedBy.clear();
    this.#pausedBy.clear();
    this.#fullBy.clear();
    this.#clockFaults.length = 0;
    this.#slowBy.length = 0;
    this.#afterHealing();
  }

  #afterHealing(): void {
    this.disk.isFull = this.#fullBy.size > 0;
    this.disk.slowness = this.#slowBy.at(-1)?.factor ?? 1;
    this.#goOn();
    this.#startIfWell();
  }

  #startIfWell(): void {
    if (!this.disk.isFull && !this.#isGone) this.start();
  }

  /** The node is taken away for good. */
  remove(): void {
    this.isRemoved = true;
    this.#isGone = true;
    this.#end();
  }

  /** The run is over. */
  stop(): void {
    this.replica?.stop();
  }

  view(): NodeView {
    const view = this.replica === null ? this.#lastView : this.#viewOf(this.replica);
    const state = this.isRemoved
      ? "removed"
      // What is damaged is lost, though the node finds it out only when it has read its journal.
      : this.isRefused || (this.#isDamaged && this.replica === null)
      ? "refused"
      : this.replica === null
      ? "down"
      : this.isPaused
      ? "paused"
      : "running";
    return { ...view, state };
  }

  #viewOf({ node }: Replica<SessionMachine>): NodeView {
    const { role, term, commitIndex } = node;
    return raftView(this.id, "running", { role, term, commitIndex, ...node.status().configuration });
  }
}

/** A client waits for a second, which are forty ticks, and a front tries again a few times meanwhile. */
function createFront(replica: Replica<SessionMachine>, name: string): ExactlyOnce {
  return createExactlyOnce({
    name,
    submit: (command, reply, session) => replica.submit(command, reply, { session }),
    committedIndex: () => replica.node.commitIndex,
    timeoutTicks: 40,
    retryTicks: 10,
  });
}

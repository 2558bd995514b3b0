/**
 * One node of a simulated cluster: lives that come and go, on a disk that stays, with a clock of its own pace.
 *
 * @module
 */
import { type LogIndex, membersOf, type RaftTracer } from "../../raft/mod.ts";
import type { Journal } from "../../server/journal/journal.ts";
import { openJournal } from "../../server/journal/journal_open.ts";
import { readFile } from "../../server/journal/whole_file.ts";
import { JournalDamagedError, JournalIdentityError } from "../../server/journal/journal_format.ts";
import type { ClientReply, CommandRequest } from "../../server/replica/client.ts";
import type { Packet } from "../../server/replica/packet.ts";
import type { Replica } from "../../server/replica/replica.ts";
import type { SessionMachine } from "../../server/replica/sessions.ts";
import type { ClockFault } from "../nemesis/clock.ts";
import type { Decay } from "../nemesis/damage.ts";
import type { Fault } from "../nemesis/faults.ts";
import type { NodeView } from "../nemesis/kind.ts";
import { damage, isSegment } from "./decay.ts";
import { DiskFaultError, SimDisk } from "./disk.ts";
import type { EventQueue } from "./event_queue.ts";
import { finish, mixTime } from "./hash.ts";
import { HeldFaults, type SlowDisk } from "./held_faults.ts";
import { type HostParts, type HostSettings, MEMBERS_FILE, readBirths, SimHost } from "./host.ts";
import type { Holding } from "./invariants/bounds.ts";
import type { Invariants } from "./invariants/invariants.ts";
import { raftView } from "./raft_view.ts";
import type { NodeChange } from "../moment.ts";
import { bothTracers, startOf, tellingTracer, type Trace } from "./trace.ts";

/** What a simulated node is made of. */
interface SimNodeOptions {
  readonly id: number;
  /** The other voters at the first start; none for a node that joins. */
  readonly peers: readonly number[];
  /** Whether it is no founder. */
  readonly joins: boolean;
  /** Whether a member had its number before, and was removed. */
  readonly isReused: boolean;
  readonly queue: EventQueue;
  /** For what the node itself draws. */
  readonly seed: number;
  /** For its disk. */
  readonly diskSeed: number;
  readonly tickLength: number;
  /** Whether all nodes tick at the same instants. */
  readonly alignedTicks: boolean;
  /** Inputs that come within so many nanoseconds are one batch; 0: each input is a batch of its own. */
  readonly batchTime: number;
  readonly settings: HostSettings;
  readonly invariants: Invariants;
  /** Hears every event inside the node. */
  readonly trace?: Trace;
  readonly send: (to: number, message: PeerMessage) => void;
  /** Tells a node that it is known by another journal than the one it has. */
  readonly refuse: (to: number) => void;
}

/** What goes from node to node: the bytes of a packet, and what both ends have shown each other when they connected. */
export interface PeerMessage {
  readonly from: number;
  /** The birth of the sender's journal. */
  readonly birth: number;
  /** The birth of the journal by which the sender knows the receiver; 0 if it knows none. */
  readonly expected: number;
  /** Whether the sender has lost its journal: what nobody but the simulator knows. */
  readonly isLost: boolean;
  readonly bytes: Uint8Array;
}

/** What a fault may wait for, so that it strikes in its middle. */
type WaitsFor = "nothing" | "write" | "replacement";
/** What a kill waits for, in eighths. */
const KILL_WAITS_FOR: readonly WaitsFor[] = [
  ...["nothing", "nothing", "nothing", "nothing"] as const,
  ...["write", "write", "write", "replacement"] as const,
];
/** It waits no longer than this, in nanoseconds. */
const WITHIN: Readonly<Record<WaitsFor, number>> = { nothing: 0, write: 1_000_000_000, replacement: 4_000_000_000 };
/** A node is looked at, for the coverage, after so many ticks. */
const TICKS_A_LOOK = 7;
/** All simulated nodes are of one cluster. */
const CLUSTER_ID = "sim";
/** Segments of a few batches, so that they come and go. */
const SEGMENT_BYTES = 16_384;

/** A node of a simulated cluster. */
export class SimNode {
  readonly id: number;
  readonly disk: SimDisk;
  readonly #options: SimNodeOptions;
  readonly #queue: EventQueue;
  readonly #invariants: Invariants;
  /** The life of the node, while it runs. */
  #host: SimHost | null = null;
  /** The journal as it was opened last: after an end of the node, what it knew. */
  journal: Journal | null = null;
  /** It was taken out of the cluster. */
  isRemoved = false;
  /** Its journal is damaged: it never runs again. */
  isRefused = false;
  /** It was taken away for good. */
  isGone = false;
  /** Its files were damaged. */
  #isDamaged = false;
  /** It may be in doubt when it starts. */
  #isSuspect = false;
  /** Its folder was emptied: it has forgotten what it promised, and the others must refuse it. */
  #isLost = false;
  /** It has come back under the number of a member that was removed. */
  readonly #isReused: boolean;
  #starts = 0;
  /** Ticks since the last start. */
  #ticks = 0;
  #isUp = false;
  readonly #held = new HeldFaults();
  /** What has arrived while the node is paused. */
  #inbox: (() => void)[] = [];
  #lastView: NodeView;

  constructor(options: SimNodeOptions) {
    this.#options = options;
    this.id = options.id;
    this.#isReused = options.isReused;
    this.#queue = options.queue;
    this.#invariants = options.invariants;
    this.disk = new SimDisk(options.queue, options.diskSeed, options.id);
    const voters = options.joins ? [] : [options.id, ...options.peers].sort((a, b) => a - b);
    this.#lastView = raftView(options.id, "down", {
      ...{ role: "follower", term: 0, commitIndex: 0 },
      ...{ voters, votersOutgoing: [], learners: [] },
    });
  }

  get isPaused(): boolean {
    return this.#held.paused.size > 0;
  }

  /** Whether the node does not run, or a fault holds it. */
  get isHeld(): boolean {
    return !this.isRemoved && (this.#host === null || this.#held.any || this.disk.slowness > 1);
  }

  /** The replica while the node runs. */
  get replica(): Replica<SessionMachine> | null {
    return this.#host?.replica ?? null;
  }

  /** The life of the node, while it runs. */
  get host(): SimHost | null {
    return this.#host;
  }

  /** Starts the node from what its disk holds. */
  start(): void {
    if (this.#isUp || this.isRefused || this.#held.down.size > 0) return;
    this.#isUp = true;
    const start = ++this.#starts;
    // By the time, and not by the number of the start: a restart taken out of a run leaves the later ones as they were.
    const salt = finish(mixTime(this.#options.seed, this.#queue.now()));
    const isOver = (): boolean => start !== this.#starts || !this.#isUp;
    const disk = this.disk.open();
    readFile(disk, MEMBERS_FILE, (readError, members) => {
      if (isOver()) return;
      if (readError !== null) return this.#refuse(readError);
      openJournal(
        disk,
        { clusterId: CLUSTER_ID, nodeId: this.id, birth: salt, segmentBytes: SEGMENT_BYTES },
        (error, journal) => {
          if (isOver()) return;
          if (error !== null || journal === null) return this.#refuse(error!);
          this.#run({ disk, journal, incarnation: salt, births: readBirths(members) });
        },
      );
    });
  }

  #refuse(error: Error): void {
    this.#isUp = false;
    this.#tell(error.message, { life: "refused" });
    // A bit of the header may make it look like another program's.
    const isRefusal = error instanceof JournalDamagedError ||
      (this.#isDamaged && error instanceof JournalIdentityError);
    if (isRefusal) {
      this.isRefused = true;
      this.#invariants.journalRefused(this.id, this.#isDamaged);
    } else if (error instanceof DiskFaultError) {
      this.#queue.at(this.#queue.now() + this.#options.tickLength, () => this.#startIfWell());
    } else {
      this.#invariants.broken(`node ${this.id} cannot start: ${error.message}`);
    }
  }

  #run(found: Pick<HostParts, "disk" | "journal" | "incarnation" | "births">): void {
    const { id, peers, joins, settings, batchTime } = this.#options;
    const { journal, incarnation } = found;
    this.journal = journal;
    this.#ticks = 0;
    if (journal.snapshotIndex > 0) this.#invariants.coverage.marks.hit("started from a snapshot");
    else if (journal.lastIndex === 0) this.#invariants.coverage.marks.hit("started from an empty journal");
    if (!this.#isLost) this.#invariants.starts(id, journal, () => this.#ticks);
    // What was damaged was of no use any more, and is removed by now.
    this.#isDamaged = this.#isSuspect = false;
    if (this.#options.trace !== undefined) {
      this.#tell(`starts in term ${journal.state.term} with entries up to ${journal.lastIndex}`, startOf(journal));
    }
    try {
      this.#host = new SimHost({
        ...found,
        ...{ id, peers, settings },
        raft: { seed: incarnation, tracer: this.#tracer(), ...(joins ? { join: true } : {}) },
        watch: (packet) => this.#leaves(packet),
        invariants: this.#invariants,
        send: (to, bytes) => this.#send(to, bytes),
        defer: batchTime === 0 ? undefined : (action) => this.#queue.at(this.#queue.now() + batchTime, action),
        onStopped: (error) => this.#stopped(error),
      });
    } catch (error) {
      this.#invariants.broken(`node ${id} cannot start: ${(error as Error).message}`);
      return this.#end();
    }
    const { replica } = this.#host;
    const hasLease = (): boolean => replica === this.replica && replica.node.status().hasLease;
    const isProbed = (follower: number): boolean =>
      replica === this.replica &&
      replica.node.status().followers.some((one) => one.id === follower && one.state === "probe");
    if (!this.#isLost) this.#invariants.holds(id, replica.node.status().configuration, { hasLease, isProbed });
    this.#queue.at(this.#queue.now() + this.#firstTickIn(), this.#onTick, this.#starts);
  }

  #leaves(packet: Packet): void {
    this.#invariants.coverage.marks.packet(packet);
    if (packet.kind === "raft" && !this.#isLost) this.#invariants.leaves(this.id, packet.envelope, this.journal!);
  }

  #send(to: number, bytes: Uint8Array): void {
    const { id } = this;
    const expected = this.#host?.births.of(to) ?? 0;
    this.#options.send(to, { from: id, birth: this.journal!.birth, expected, isLost: this.#isLost, bytes });
  }

  #tracer(): RaftTracer {
    const { id, trace } = this.#options;
    const watching = this.#isLost ? {} : this.#invariants.tracer(id);
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
    if (!(error instanceof DiskFaultError)) {
      this.#invariants.broken(`node ${this.id} stopped: ${error.message}`);
    }
    // The replica is in the middle of something: its end comes after that.
    this.#queue.at(this.#queue.now(), () => {
      // The machine goes on: what was written, and not made durable, can often still be read.
      this.#end((finish(mixTime(this.#options.seed, this.#queue.now())) & 1) === 0);
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
    this.#host = null;
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
    const fault = this.#held.clock.at(-1);
    const { tickLength } = this.#options;
    if (fault?.effect !== "stall" && !this.isPaused) this.#tick();
    const next = fault?.effect === "rate" ? Math.floor(tickLength * fault.factor) : tickLength;
    this.#queue.at(this.#queue.now() + next, this.#onTick, start);
  };

  #tick(): void {
    this.#ticks++;
    this.#host?.tick();
    if (this.#ticks % TICKS_A_LOOK === 0 && this.replica !== null) {
      this.#invariants.coverage.marks.status(this.replica.node.status());
    }
  }

  /**
   * Takes a message in, now or when the node goes on. One function for all messages: it goes through the network as
   * it is.
   */
  readonly receive: (message: PeerMessage) => void = (message) => {
    if (this.#host === null) return;
    if (this.isPaused) this.#inbox.push(() => this.#take(message));
    else this.#take(message);
  };

  /** As two live nodes do when they connect, each end looks whether the other is known by the journal that it has. */
  #take({ from, birth, expected, isLost, bytes }: PeerMessage): void {
    const host = this.#host;
    if (host === null) return;
    if (host.births.isLost(from, birth)) return this.#options.refuse(from);
    if (expected !== 0 && expected !== this.journal!.birth) return;
    if (isLost && !this.#isLost && !this.isRemoved && isMember(host, from)) {
      this.#invariants.broken(`births: node ${this.id} hears node ${from}, which has lost its journal`);
    }
    host.receive(from, birth, bytes);
  }

  /**
   * Another node knows this one by another journal: unless this very journal was added anew, the node ends for good.
   */
  readonly refusedBy: (other: number) => void = (other) => {
    if (this.#host === null || this.#host.births.of(this.id) === this.journal!.birth) return;
    this.#tell(`is refused by node ${other}, which knows another journal of it`);
    // Who has not heard of the removal yet is right to refuse who comes after it.
    if (!this.#isLost && !this.#isReused) {
      this.#invariants.broken(`births: node ${this.id} is refused by node ${other}, but has lost nothing`);
    }
    this.#invariants.coverage.marks.hit("refused for a lost journal");
    this.isRefused = true;
    this.#end();
  };

  /** Takes a client's request in. Returns false if nobody listens. */
  request(request: CommandRequest, reply: (reply: ClientReply) => void): boolean {
    if (this.#host === null) return false;
    if (this.isPaused) this.#inbox.push(() => this.#host?.ask(request, reply));
    else this.#host.ask(request, reply);
    return true;
  }

  /**
   * The node ends at once, in the middle of its next write, or while it next puts a whole file in place, as with a
   * snapshot; what it had not synced is lost, or stays for another loss where only the process ends. Returns whether
   * there was anything to end.
   */
  kill(fault: Fault): boolean {
    if (!this.#isUp) return false;
    const drawn = finish(mixTime(this.#options.seed, this.#queue.now()));
    const waitsFor = KILL_WAITS_FOR[drawn % KILL_WAITS_FOR.length]!;
    this.#strikeInWrite(fault, waitsFor, () => (drawn & 24) === 0);
    return true;
  }

  /** The node ends in the middle of a write, of which a part stays. */
  tear(fault: Fault, by: "prefix" | "sectors"): boolean {
    if (!this.#isUp) return false;
    this.#strikeInWrite(fault, "write", () => {
      const { stayed, of } = this.disk.tear(isSegment, by);
      this.#isSuspect = by === "sectors" && stayed > 0;
      this.#tell(`is torn: ${stayed} of ${of} bytes that were under way stay`);
      return false;
    });
    return true;
  }

  /**
   * Ends the node by a fault: now, or, if it is to wait for that, when a write is under way, which a node that is
   * asked for nothing may take a while to begin.
   */
  #strikeInWrite(fault: Fault, waitsFor: WaitsFor, keepsWritten: () => boolean): void {
    const strike = (): void => {
      if (!this.#held.armed.delete(fault) || !this.#isUp) return;
      this.#held.down.add(fault);
      this.#end(keepsWritten());
    };
    this.#held.armed.add(fault);
    const { disk } = this;
    const isDue = waitsFor === "nothing" || this.isPaused ||
      (waitsFor === "write" ? disk.isWriting : disk.isReplacing);
    if (isDue) return strike();
    disk.armed = strike;
    disk.waitsForReplacement = waitsFor === "replacement";
    this.#queue.at(this.#queue.now() + WITHIN[waitsFor], strike);
  }

  /** The node ends, its files are damaged, and it tries to start again. */
  damage(how: Decay | "flip"): boolean | string {
    if (this.replica === null || this.isPaused) return false;
    this.#end();
    const done = damage(this.disk, how, finish(mixTime(this.#options.diskSeed, this.#queue.now())));
    this.#isDamaged = done !== null;
    this.#isSuspect = this.#isDamaged && (how === "last" || how === "fresh");
    this.start();
    return done ?? false;
  }

  /** The node ends, its folder is emptied, and it tries to start again under its number. */
  lose(): boolean {
    if (this.replica === null || this.isPaused) return false;
    this.#end();
    this.disk.empty();
    this.#isLost = true;
    this.start();
    return true;
  }

  /** Whether this node will know, also after a restart, by which journal another is known. */
  knowsBirthOf(id: number): boolean {
    return readBirths(this.disk.content(MEMBERS_FILE)).has(id);
  }

  pause(fault: Fault): boolean {
    if (this.replica === null) return false;
    this.#held.paused.add(fault);
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
      this.#held.clock.push(fault);
      return true;
    }
    if (this.replica === null || this.isPaused) return false;
    for (let i = 0; i < fault.ticks; i++) this.#tick();
    return true;
  }

  slowDisk(fault: SlowDisk): boolean {
    this.#held.slow.push(fault);
    this.disk.slowness = fault.factor;
    return true;
  }

  /** The next sync fails, which ends the node; it starts again at once, as a supervisor would do it. */
  failSync(): boolean {
    if (this.replica === null || this.isPaused) return false;
    this.disk.failsNextSync = true;
    return true;
  }

  /** The node ends, and cannot read its disk when it starts. */
  makeUnreadable(fault: Fault): boolean {
    if (!this.#isUp) return false;
    this.#held.unreadable.add(fault);
    this.disk.isUnreadable = true;
    this.#end();
    this.start();
    return true;
  }

  fillDisk(fault: Fault): boolean {
    this.#held.full.add(fault);
    this.disk.isFull = true;
    return true;
  }

  /** Begins a snapshot, if there is anything to compact. */
  compact(): boolean {
    return this.replica !== null && !this.isPaused && this.replica.compact();
  }

  /** Undoes one fault. Returns whether it still held the node. */
  heal(fault: Fault): boolean {
    const held = this.#held.heal(fault);
    if (held) this.#afterHealing();
    return held;
  }

  /** Undoes every fault. */
  restore(): void {
    this.#held.clear();
    this.#afterHealing();
  }

  #afterHealing(): void {
    this.disk.isFull = this.#held.full.size > 0;
    this.disk.isUnreadable = this.#held.unreadable.size > 0;
    if (!this.#held.any) this.disk.failsNextSync = false;
    this.disk.slowness = this.#held.slow.at(-1)?.factor ?? 1;
    this.#goOn();
    this.#startIfWell();
  }

  #startIfWell(): void {
    if (!this.disk.isFull && !this.disk.isUnreadable && !this.isGone) this.start();
  }

  /** The node is taken away for good. */
  remove(): void {
    this.isRemoved = true;
    this.isGone = true;
    this.#end();
  }

  /** The run is over. */
  stop(): void {
    this.replica?.stop();
  }

  /** What it holds, and how it is set; `null` while it does not run. */
  get holding(): Holding | null {
    const { replica, journal } = this;
    if (replica === null || journal === null) return null;
    const { raft, maxSessions, compactionBytes } = this.#options.settings;
    const { keepBytes = 0, maxKeepBytes = 0 } = raft;
    const entries = journal.slice(journal.firstIndex, journal.lastIndex + 1 as LogIndex).map(({ data }) => data.length);
    return {
      ...{ id: this.id, sessions: replica.machine.sessionCount, maxSessions, compactionBytes },
      entries: entries.length,
      entryBytes: entries.reduce((sum, bytes) => sum + bytes, 0),
      longestEntry: entries.reduce((most, bytes) => Math.max(most, bytes), 0),
      snapshotBytes: journal.snapshot?.bytes ?? 0,
      keptBytes: Math.max(keepBytes, maxKeepBytes),
      journalBytes: journal.bytes,
      segmentBytes: SEGMENT_BYTES,
    };
  }

  view(): NodeView {
    const view = this.replica === null ? this.#lastView : this.#viewOf(this.replica);
    const state = this.isRemoved
      ? "removed"
      // What is damaged is lost, though the node finds it out only when it has read its journal.
      : this.isRefused || this.#isLost || (this.#isDamaged && !this.#isSuspect && this.replica === null)
      ? "refused"
      : this.replica === null
      ? "down"
      : this.isPaused
      ? "paused"
      : "running";
    const isDoubtful = this.replica === null ? this.#isSuspect : (this.journal?.doubt ?? null) !== null;
    return isDoubtful ? { ...view, state, isDoubtful } : { ...view, state };
  }

  #viewOf({ node }: Replica<SessionMachine>): NodeView {
    const { role, term, commitIndex } = node;
    return raftView(this.id, "running", { role, term, commitIndex, ...node.status().configuration });
  }
}

/**
 * Whether a node is a member as a host holds the members. One that was removed may come back as one that never
 * promised anything.
 */
function isMember(host: SimHost, id: number): boolean {
  return membersOf(host.replica.node.status().configuration).some((member) => member === id);
}

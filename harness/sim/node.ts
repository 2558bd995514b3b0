/**
 * One node of a simulated cluster: several lives on one disk, with a clock of its own speed.
 *
 * @module
 */
import { type LogIndex, membersOf, type RaftTracer } from "../../raft/mod.ts";
import {
  type ClientReply,
  type Disk,
  type Journal,
  JournalDamagedError,
  JournalIdentityError,
  openJournal,
  type Packet,
  type SessionMachine,
} from "../../server/mod.ts";
import { readFile } from "../../server/journal/whole_file.ts";
import type { CommandRequest } from "../../server/replica/client.ts";
import type { Replica } from "../../server/replica/replica.ts";
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
import { Flushes } from "./invariants/flushes.ts";
import { openLeft } from "./left_disk.ts";
import type { Invariants } from "./invariants/invariants.ts";
import type { PeerMessage } from "./peer_message.ts";
import { Repeats } from "./repeats.ts";
import { raftView } from "./raft_view.ts";
import type { NodeChange } from "../moment.ts";
import { bothTracers, startOf, tellingTracer, type Trace } from "./trace.ts";

/** The parts of a simulated node. */
interface SimNodeOptions {
  readonly id: number;
  /** The other voters at the first start; empty for a node that joins. */
  readonly peers: readonly number[];
  /** Whether it joins later, rather than being a founder. */
  readonly joins: boolean;
  /** Whether a member had its number before, and was removed. */
  readonly isReused: boolean;
  readonly queue: EventQueue;
  /** The seed of the node's own draws. */
  readonly seed: number;
  /** The seed of its disk. */
  readonly diskSeed: number;
  readonly tickLength: number;
  /** Whether all nodes tick at the same instants. */
  readonly alignedTicks: boolean;
  /** Inputs that come within this many nanoseconds are one batch; 0: each input is a batch of its own. */
  readonly batchTime: number;
  readonly settings: HostSettings;
  readonly invariants: Invariants;
  /** Called with every event inside the node. */
  readonly trace?: Trace;
  readonly send: (to: number, message: PeerMessage) => boolean;
  /** Called when the node ends. */
  readonly onEnd: () => void;
  /** Tells a node that it is known by another journal than it has. */
  readonly refuse: (to: number) => void;
}

/** The event that a fault may wait for, to strike in its middle. */
type WaitsFor = "nothing" | "write" | "replacement";
/** The events that a kill waits for, each with the chance of an eighth. */
const KILL_WAITS_FOR: readonly WaitsFor[] = [
  ...["nothing", "nothing", "nothing", "nothing"] as const,
  ...["write", "write", "write", "replacement"] as const,
];
/** How long a fault waits, in nanoseconds. */
const WITHIN: Readonly<Record<WaitsFor, number>> = { nothing: 0, write: 1_000_000_000, replacement: 4_000_000_000 };
/** After how many ticks a node is observed for the coverage. */
const TICKS_A_LOOK = 7;
/** After how many ticks it is asked what a crash would leave, while its log is short; else more seldom. */
const TICKS_A_CRASH = 128, SHORT_LOG_BYTES = 16_384;
/**
 * The same is asked after so many flushes once entries were cut off, or a snapshot has replaced the log. The first of
 * them may have been under way before.
 */
const SYNCS_A_CHANGE = 2;
/** The same is asked for one in so many segments that are removed, while the log is short; else for fewer of them. */
const REMOVALS_A_CRASH = 3;
/** A segment ends with a whole batch, which may have this many bytes. */
const BATCH_BYTES = 16_384;
/** The cluster of all simulated nodes. */
const CLUSTER_ID = "sim";

/** A node of a simulated cluster. */
export class SimNode {
  readonly id: number;
  readonly disk: SimDisk;
  readonly #options: SimNodeOptions;
  readonly #queue: EventQueue;
  readonly #invariants: Invariants;
  /** The current life of the node; `null` while it does not run. */
  #host: SimHost | null = null;
  /** The journal that was opened last. After the node's end, it tells what the node knew. */
  journal: Journal | null = null;
  /** Whether it was removed from the cluster. */
  isRemoved = false;
  /** Whether its journal is damaged, so that it never runs again. */
  isRefused = false;
  /** Whether it was taken away for good. */
  isGone = false;
  /** Whether its files were damaged. */
  #isDamaged = false;
  /** How far the log of the present life is durable. */
  #flushes: Flushes | null = null;
  /** After how many more flushes it is asked what a crash would leave. */
  #syncsToLook = 0;
  /** How many removals of segments pass before the next question after a crash. */
  #removalsToSkip = REMOVALS_A_CRASH - 1;
  /** How many times the next question after a crash is left out. */
  #crashesToSkip = 0;
  /** Whether its files were damaged at any time: then what a crash would leave shows nothing. */
  #wasDamaged = false;
  /** Whether it may be in doubt when it starts. */
  #isSuspect = false;
  /** Whether its present life began in doubt. */
  #beganInDoubt = false;
  /** Whether its folder was emptied. It has then lost what it acknowledged, and the others must refuse it. */
  #isLost = false;
  /** It has come back under the number of a member that was removed. */
  readonly #isReused: boolean;
  #starts = 0;
  /** Ticks since the last start. */
  #ticks = 0;
  #isUp = false;
  readonly #held = new HeldFaults();
  /** The messages that arrived while the node is paused. */
  #inbox: (() => void)[] = [];
  readonly #repeats = new Repeats();
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

  /** Whether the node does not run, or a fault affects it. */
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

  /** Starts the node from the content of its disk. */
  start(): void {
    if (this.#isUp || this.isRefused || this.#held.down.size > 0) return;
    this.#isUp = true;
    const start = ++this.#starts;
    // Depends on the time, not on the number of the start: if a restart is left out of a run, later ones stay the same.
    const salt = finish(mixTime(this.#options.seed, this.#queue.now()));
    const isOver = (): boolean => start !== this.#starts || !this.#isUp;
    this.#flushes = null;
    const disk = this.#watchedDisk();
    readFile(disk, MEMBERS_FILE, (readError, members) => {
      if (isOver()) return;
      if (readError !== null) return this.#refuse(readError);
      openJournal(
        disk,
        { clusterId: CLUSTER_ID, nodeId: this.id, birth: salt, segmentBytes: this.#options.settings.segmentBytes },
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
    // A flipped bit in the header may make it look like another program's file.
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
    this.#beganInDoubt = journal.doubt !== null;
    this.#flushes = new Flushes(
      id,
      journal.durableIndex,
      (what) => this.#invariants.broken(what),
      journal.durableState,
    );
    this.#ticks = 0;
    if (journal.snapshotIndex > 0) this.#invariants.coverage.marks.hit("started from a snapshot");
    else if (journal.lastIndex === 0) this.#invariants.coverage.marks.hit("started from an empty journal");
    if (!this.#isLost) this.#invariants.starts(id, journal, () => this.#ticks);
    // The damaged part was no longer needed, and is removed by now.
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

  /** The disk of one life, with a watch on the flushes of its journal. */
  #watchedDisk(): Disk {
    const disk = this.disk.open();
    return {
      ...disk,
      write: (name, position, bytes, done) => {
        const flushes = isSegment(name) ? this.#flushes : null;
        if (flushes === null) return disk.write(name, position, bytes, done);
        flushes.wrote(this.journal!.lastIndex, this.journal!.state);
        disk.write(name, position, bytes, (error) => {
          if (error !== null) flushes.failed();
          done(error);
        });
      },
      sync: (name, done) => {
        const flushes = isSegment(name) ? this.#flushes : null;
        if (flushes === null) return disk.sync(name, done);
        disk.sync(name, (error) => {
          if (error === null) flushes.synced();
          done(error);
          if (error !== null || this.#syncsToLook === 0) return;
          this.#syncsToLook--;
          this.#imagineCrash();
        });
      },
      // What a snapshot covers may go only when that is durable.
      remove: (name, done) => {
        disk.remove(name, (error) => {
          if (isSegment(name) && --this.#removalsToSkip < 0) {
            this.#removalsToSkip = REMOVALS_A_CRASH - 1 + this.#logsOfShortLength();
            this.#imagineCrash();
          }
          done(error);
        });
      },
    };
  }

  #leaves(packet: Packet): void {
    this.#flushes!.leaves(this.journal!.durableIndex, this.journal!.durableState);
    this.#invariants.coverage.marks.packet(packet);
    if (packet.kind === "raft" && !this.#isLost) this.#invariants.leaves(this.id, packet.envelope, this.journal!);
  }

  #send(to: number, bytes: Uint8Array): boolean {
    const { id } = this;
    const expected = this.#host?.births.of(to) ?? 0;
    return this.#options.send(to, { from: id, birth: this.journal!.birth, expected, isLost: this.#isLost, bytes });
  }

  #tracer(): RaftTracer {
    const { id, trace } = this.#options;
    const flushes = this.#flushes!;
    const watching = bothTracers(this.#isLost ? {} : this.#invariants.tracer(id), {
      truncate: (from) => {
        flushes.cutTo(from - 1);
        this.#syncsToLook = SYNCS_A_CHANGE;
      },
      snapshot: (event, { index }) => {
        if (event !== "installed") return;
        flushes.cutTo(index);
        this.#syncsToLook = SYNCS_A_CHANGE;
      },
    });
    if (trace === undefined) return watching;
    return bothTracers(
      watching,
      tellingTracer({ id, now: () => this.#queue.now(), durableIndex: () => this.journal!.durableIndex }, trace),
    );
  }

  /** Reports an event in the node's life. */
  #tell(text: string, change: NodeChange = {}): void {
    this.#options.trace?.({ time: this.#queue.now(), node: this.id, kind: "life", text, matters: true, change });
  }

  /**
   * Handles a replica that ended by itself, for lack of space or because of an error in itself. The latter is a breach.
   */
  #stopped(error: Error): void {
    if (!(error instanceof DiskFaultError)) {
      this.#invariants.broken(`node ${this.id} stopped: ${error.message}`);
    }
    // The replica is still in the middle of something, so its life ends afterwards.
    this.#queue.at(this.#queue.now(), () => {
      // The machine goes on running, so unsynced writes can often still be read.
      this.#end((finish(mixTime(this.#options.seed, this.#queue.now())) & 1) === 0);
      // There may be space again by now.
      this.#startIfWell();
    });
  }

  /** `keepsWritten`: only the process has ended, and its unsynced writes can still be read. */
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
    this.#repeats.ended(this.journal?.birth ?? 0);
    this.disk.crash(keepsWritten);
    this.#options.onEnd();
    if (this.isPaused) this.disk.held = [];
  }

  /** The ticks of different nodes are at different instants, unless their clocks are aligned. */
  #firstTickIn(): number {
    const { tickLength, alignedTicks, seed } = this.#options;
    return alignedTicks ? tickLength - this.#queue.now() % tickLength : finish(seed) % tickLength;
  }

  /** Makes a tick of the life that began with `start`, and schedules the next one. */
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
    const repeated = this.#repeats.due(this.#ticks, this.journal!.birth);
    if (repeated !== null) this.#take(repeated);
    if (this.#ticks % TICKS_A_LOOK === 0 && this.replica !== null) {
      const status = this.replica.node.status();
      this.#invariants.coverage.marks.status(status);
      if (!this.#isLost) this.#invariants.looks(status, this.#options.settings.bounds);
    }
    if ((this.#ticks + 37 * this.id) % TICKS_A_CRASH === 0 && --this.#crashesToSkip < 0) {
      this.#crashesToSkip = this.#logsOfShortLength();
      this.#imagineCrash();
    }
  }

  /** How many times longer than a short log the journal is: the longer, the more its opening costs. */
  #logsOfShortLength(): number {
    return Math.floor((this.journal?.bytes ?? 0) / SHORT_LOG_BYTES);
  }

  /** What would a crash leave? */
  #imagineCrash(): void {
    const { journal } = this;
    if (this.replica === null || journal === null || this.#isLost || this.#wasDamaged) return;
    const { settings: { segmentBytes } } = this.#options;
    const options = { clusterId: CLUSTER_ID, nodeId: this.id, segmentBytes };
    const left = openLeft(this.disk.leftByCrash(), options);
    this.#invariants.wouldRecover(this.id, journal, left, this.#beganInDoubt);
  }

  /**
   * Receives a message now, or when the node is resumed. One function serves all messages, because the network passes
   * it on as it is.
   */
  readonly receive: (message: PeerMessage) => void = (message) => {
    if (this.#host === null) return;
    if (this.isPaused) this.#inbox.push(() => this.#take(message));
    else this.#take(message);
  };

  /** As two live nodes do when they connect, each end checks that the other has the journal by which it is known. */
  #take(message: PeerMessage): void {
    const { from, birth, expected, isLost, bytes } = message;
    const host = this.#host;
    if (host === null) return;
    if (host.births.isLost(from, birth)) return this.#options.refuse(from);
    if (expected !== 0 && expected !== this.journal!.birth) return;
    if (isLost && !this.#isLost && !this.isRemoved && isMember(host, from)) {
      this.#invariants.broken(`births: node ${this.id} hears node ${from}, which has lost its journal`);
    }
    const { seed, settings: { cutAppends, repeatsAcrossStarts } } = this.#options;
    const drawn = cutAppends === 0 ? 0 : finish(mixTime(seed, this.#queue.now()));
    const type = host.receive(from, birth, bytes, drawn);
    if (repeatsAcrossStarts) this.#repeats.received(type, message);
  }

  /**
   * Another node knows this one by another journal. Unless this very journal was added again, this node ends for good.
   */
  readonly refusedBy: (other: number) => void = (other) => {
    if (this.#host === null || this.#host.births.of(this.id) === this.journal!.birth) return;
    this.#tell(`is refused by node ${other}, which knows another journal of it`);
    // A node that has not heard of the removal yet is right to refuse the one that comes back under the same number.
    if (!this.#isLost && !this.#isReused) {
      this.#invariants.broken(`births: node ${this.id} is refused by node ${other}, but has lost nothing`);
    }
    this.#invariants.coverage.marks.hit("refused for a lost journal");
    this.isRefused = true;
    this.#end();
  };

  /** Takes a client's request. Returns `false` if the node does not serve. */
  request(request: CommandRequest, reply: (reply: ClientReply) => void): boolean {
    if (this.#host === null) return false;
    if (this.isPaused) this.#inbox.push(() => this.#host?.ask(request, reply));
    else this.#host.ask(request, reply);
    return true;
  }

  /**
   * Ends the node at once, or in the middle of its next write, or during its next replacement of a whole file, such as
   * a snapshot. Unsynced data is lost; if only the process ends, it is lost at the next loss of power. Returns whether
   * the node was running.
   */
  kill(fault: Fault): boolean {
    if (!this.#isUp) return false;
    const drawn = finish(mixTime(this.#options.seed, this.#queue.now()));
    const waitsFor = KILL_WAITS_FOR[drawn % KILL_WAITS_FOR.length]!;
    this.#strikeInWrite(fault, waitsFor, () => (drawn & 24) === 0);
    return true;
  }

  /** Ends the node in the middle of a write, of which a part stays. */
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
   * Ends the node for a fault: now, or, if the fault waits for a write, during the next write. A node without requests
   * may take a while to write.
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

  /** Ends the node, damages its files, and tries to start it again. */
  damage(how: Decay | "flip"): boolean | string {
    if (this.replica === null || this.isPaused) return false;
    this.#end();
    const done = damage(this.disk, how, finish(mixTime(this.#options.diskSeed, this.#queue.now())));
    this.#isDamaged = done !== null;
    this.#wasDamaged ||= this.#isDamaged;
    this.#isSuspect = this.#isDamaged && (how === "last" || how === "fresh");
    this.start();
    return done ?? false;
  }

  /** Ends the node, empties its folder, and tries to start it again under its number. */
  lose(): boolean {
    if (this.replica === null || this.isPaused) return false;
    this.#end();
    this.disk.empty();
    this.#isLost = true;
    this.start();
    return true;
  }

  /** Whether this node, even after a restart, knows the birth of another node's journal. */
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

  /** Its disk takes so many times as long as usual, for a time, as on a machine that has other work at first. */
  isSlowAtFirst(factor: number, duration: number): void {
    this.disk.slowness = factor;
    this.#queue.at(this.#queue.now() + duration, () => {
      this.disk.slowness = this.#held.slow.at(-1)?.factor ?? 1;
    });
  }

  slowDisk(fault: SlowDisk): boolean {
    this.#held.slow.push(fault);
    this.disk.slowness = fault.factor;
    return true;
  }

  /** Makes the next sync fail, which ends the node. It starts again at once, as a supervisor would do it. */
  failSync(): boolean {
    if (this.replica === null || this.isPaused) return false;
    this.disk.failsNextSync = true;
    return true;
  }

  /** Ends the node, and makes its disk unreadable at the next start. */
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

  /** Gets many writes at one instant. Nobody waits for their answers. Returns whether it runs. */
  flood(writes: number, write: (number: number) => Uint8Array): boolean {
    if (this.replica === null) return false;
    for (let number = 0; number < writes; number++) this.request({ command: write(number) }, () => {});
    return true;
  }

  /** Begins a snapshot, if there is anything to compact. */
  compact(): boolean {
    return this.#host !== null && !this.isPaused && this.#host.compact();
  }

  /** Undoes one fault. Returns whether it still affected the node. */
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

  /** Takes the node away for good. */
  remove(): void {
    this.isRemoved = true;
    this.isGone = true;
    this.#end();
  }

  /** Ends the run. */
  stop(): void {
    this.replica?.stop();
  }

  /** How many founders the cluster had, if this node is one of them; else 0. */
  get founders(): number {
    return this.#options.joins ? 0 : this.#options.peers.length + 1;
  }

  /** Whether its folder was emptied. */
  get hasLostFolder(): boolean {
    return this.#isLost;
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
      entryBytes: entries.reduce((sum, bytes) => sum + bytes, 0),
      longestEntry: entries.reduce((most, bytes) => Math.max(most, bytes), 0),
      snapshotBytes: journal.snapshot?.bytes ?? 0,
      keptBytes: Math.max(keepBytes, maxKeepBytes),
      isSnapshotting: journal.isSnapshotting,
      idleSegments: journal.idleSegments,
      segmentBytes: Math.max(BATCH_BYTES, this.#options.settings.segmentBytes),
    };
  }

  view(): NodeView {
    const view = this.replica === null ? this.#lastView : this.#viewOf(this.replica);
    const state = this.isRemoved
      ? "removed"
      // A damaged node counts as lost, though it notices the damage only when it has read its journal.
      : this.isRefused || this.#isLost || (this.#isDamaged && !this.#isSuspect && this.replica === null)
      ? "refused"
      : this.replica === null
      ? "down"
      : this.isPaused
      ? "paused"
      : "running";
    const isDoubtful = this.replica === null ? this.#isSuspect : (this.journal?.doubt ?? null) !== null;
    return isDoubtful ? { ...view, state, isDoubtful, says: `${view.says}, in doubt` } : { ...view, state };
  }

  #viewOf({ node }: Replica<SessionMachine>): NodeView {
    const { role, term, commitIndex } = node;
    return raftView(this.id, "running", { role, term, commitIndex, ...node.status().configuration });
  }
}

/**
 * Whether a node is a member according to a host. A removed node may come back as one that has acknowledged nothing.
 */
function isMember(host: SimHost, id: number): boolean {
  return membersOf(host.replica.node.status().configuration).some((member) => member === id);
}

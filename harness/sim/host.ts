/**
 * One life of a simulated node: everything that a live process runs between its sockets and its disk. This is a replica
 * with its front, the directory of the members, the membership keeper, and the births by which a node that has lost its
 * journal is refused.
 *
 * @module
 */
import { type LogIndex, logIndex, nodeId, type RaftConfig } from "../../raft/mod.ts";
import {
  ByteWriter,
  type ClientReply,
  createExactlyOnce,
  createReplica,
  decodePacket,
  type Disk,
  encodePacket,
  type ExactlyOnce,
  type Journal,
  type Packet,
  type ReadMode,
  replaceFile,
  type SessionMachine,
  type StateMachine,
  withSessions,
} from "../../server/mod.ts";
import { Births } from "../../server/replica/births.ts";
import type { CommandRequest } from "../../server/replica/client.ts";
import { type DirectoryMachine, encodeEntry, withDirectory } from "../../server/replica/directory.ts";
import { throughFront } from "../../server/replica/exactly_once.ts";
import { MembershipKeeper } from "../../server/replica/membership_keeper.ts";
import type { Replica } from "../../server/replica/replica.ts";
import { sessionOf } from "../../server/replica/sessions.ts";
import type { Submit } from "../../server/store/client.ts";
import type { Invariants } from "./invariants/invariants.ts";
import type { FollowerBounds } from "./invariants/followers.ts";
import { sameBytes } from "./invariants/world.ts";

/** The settings of every node in a simulated cluster. */
export interface HostSettings {
  readonly reads: ReadMode;
  /** The core's options. */
  readonly raft: Partial<RaftConfig>;
  /** How many bytes a segment of the journal has before another begins. */
  readonly segmentBytes: number;
  /** One append in this many arrives with a part of its entries; 0: none. */
  readonly cutAppends: number;
  /** After how many bytes of commands a replica compacts its log. */
  readonly compactionBytes: number;
  /** Makes the state machine of a life. */
  readonly machine: () => StateMachine;
  /** How many ticks a replica waits for the answer to a forwarded request. */
  readonly forwardTimeoutTicks: number;
  /** How many sessions are remembered. */
  readonly maxSessions: number;
  /** The bounds of what a leader has open. */
  readonly bounds: FollowerBounds;
  /** The longest command in bytes. */
  readonly maxCommandBytes: number;
  /** How many requests of a kind may wait at a node. */
  readonly maxWaiting: number;
  /** After how many ticks without an answer a node's own session retries a write, */
  readonly retryTicks: number;
  /** and after how many it gives the write up. */
  readonly frontTimeoutTicks: number;
}

/** The parts of one life. */
export interface HostParts {
  readonly id: number;
  /** The other founders; none for a node that joins. */
  readonly peers: readonly number[];
  readonly settings: HostSettings;
  /** The core's options of this life: seed, tracer, whether it joins. */
  readonly raft: Partial<RaftConfig>;
  readonly disk: Disk;
  readonly journal: Journal;
  /** A number that differs in each life. */
  readonly incarnation: number;
  /** The births of the members' journals, from the members' file. */
  readonly births: ReadonlyMap<number, number>;
  /** Called with each packet that leaves, before it is encoded. */
  readonly watch: (packet: Packet) => void;
  /** Compares the replies to clients with the applied writes. */
  readonly invariants: Pick<Invariants, "broken" | "replies" | "forwards" | "keepsBirth" | "coverage">;
  readonly send: (to: number, bytes: Uint8Array) => void;
  readonly defer: ((action: () => void) => void) | undefined;
  readonly onStopped: (error: Error) => void;
}

/** The file with the births of the members' journals, for the time until the node has its directory again. */
export const MEMBERS_FILE = "members";

/** A node as it runs. */
export class SimHost {
  readonly replica: Replica<SessionMachine>;
  readonly directory: DirectoryMachine;
  readonly front: ExactlyOnce;
  readonly births: Births;
  readonly #parts: HostParts;
  readonly #keeper: MembershipKeeper;
  /** The births of the journals of the nodes that this life has met, and of its own. */
  readonly #met: Map<number, number>;
  readonly #submit: Submit;
  /** The sessions and numbers with which open writes were tried. */
  readonly #triedAs = new Map<Uint8Array, string[]>();
  /** The attempts of writes that have no answer, with the term of the leader that was asked. */
  readonly #asked = new WeakMap<Uint8Array, { readonly term: number }>();
  /** The version of the births in the file. */
  #savedVersion = 0;
  #isFileBusy = false;
  /** The last entry that its machine has applied. */
  #applied = 0;
  /** The births are saved when the log is durable up to this index. */
  #saveFrom = 0;

  /** @throws If the core cannot start from the journal. */
  constructor(parts: HostParts) {
    this.#parts = parts;
    const { id, peers, settings, journal, incarnation, watch, send } = parts;
    this.births = new Births(parts.births);
    this.#met = new Map([[id, journal.birth]]);
    this.directory = withDirectory(settings.machine(), () => this.#onDirectory());
    this.replica = createReplica({
      ...{ id, peers, journal, incarnation, reads: settings.reads, onStopped: parts.onStopped },
      machine: this.#watched(settings.maxSessions),
      send: (to, packet) => {
        watch(packet);
        if (packet.kind === "answer") parts.invariants.forwards.answered(parts, { ...packet, from: to });
        send(to, encodePacket(packet));
      },
      raft: { ...settings.raft, ...parts.raft },
      limits: {
        forwardTimeoutTicks: settings.forwardTimeoutTicks,
        maxCommandBytes: settings.maxCommandBytes,
        maxWaiting: settings.maxWaiting,
      },
      compaction: { bytes: settings.compactionBytes },
      ...(parts.defer === undefined ? {} : { defer: parts.defer }),
    });
    const { replica } = this;
    this.front = createExactlyOnce({
      name: `${id}.${incarnation}`,
      submit: (command, reply, session) => {
        this.#triedAs.get(command)?.push(`${session.client}/${session.sequence}`);
        replica.submit(command, this.#watchAttempt(command, reply), { session });
      },
      committedIndex: () => replica.node.commitIndex,
      leaderTerm: () => replica.node.leader === null ? 0 : replica.node.term,
      timeoutTicks: settings.frontTimeoutTicks,
      retryTicks: settings.retryTicks,
    });
    this.#submit = this.#watchReplies(throughFront(this.front, replica));
    const known = new Map([id, ...peers].map((one) => [one, addressOf(one)]));
    const { front, directory } = this;
    this.#keeper = new MembershipKeeper({ replica, front, directory, known: () => known, met: this.#met });
  }

  /**
   * Adds a new node that asks to become a voter, as a live node does: it gets a directory entry and becomes a learner;
   * the keeper does the rest.
   *
   * @param birth The birth of its journal, if it has proven that; 0 until somebody meets it.
   */
  addMember(id: number, reply: (reply: ClientReply) => void, birth: number = 0): void {
    const entry = { id, address: addressOf(id), wish: "voter", replaces: 0, birth } as const;
    this.front.submit(encodeEntry(entry), (entered) => {
      if (entered.type !== "ok") return reply(entered);
      const change = { type: "simple", changes: [{ type: "add-learner", node: nodeId(id) }] } as const;
      this.front.ask((attempted) => this.replica.changeMembers(change, attempted), reply);
    });
  }

  /** One tick of the node's clock. */
  tick(): void {
    this.replica.tick();
    this.front.tick();
    this.#keeper.tick();
    this.#saveBirths();
  }

  /** Handles bytes from a peer that shows this birth. `drawn` decides how much of an append arrives. */
  receive(from: number, birth: number, bytes: Uint8Array, drawn: number): void {
    if (this.#met.get(from) !== birth) this.#met.set(from, birth);
    const packet = cutShort(decodePacket(bytes), this.#parts.settings.cutAppends, drawn);
    const { lastIndex } = this.#parts.journal;
    this.replica.receive(packet);
    if (packet.kind !== "forward") return;
    const appended = this.#parts.journal.entryAt(lastIndex + 1 as LogIndex)?.data;
    if (appended === packet.body) this.#parts.invariants.forwards.appended(this.#parts, packet);
  }

  /** A client's request. */
  ask(request: CommandRequest, reply: (reply: ClientReply) => void): void {
    this.#submit(request.command, reply, request);
  }

  /** The machine, with a check of which write each effective command is. */
  #watched(maxSessions: number): SessionMachine {
    const { replies } = this.#parts.invariants;
    let write: string | null = null;
    const inner: StateMachine = Object.create(this.directory, {
      apply: {
        value: (command: Uint8Array, index: number): ClientReply => {
          const reply = this.directory.apply(command, index);
          if (write !== null) replies.applied(write, index, reply);
          return reply;
        },
      },
    });
    const machine = withSessions(inner, maxSessions);
    return Object.create(machine, {
      snapshotInSteps: {
        value: (writer: ByteWriter): Generator<void, void> => this.#watchSnapshot(machine, writer),
      },
      apply: {
        value: (command: Uint8Array, index: number): ClientReply => {
          write = writeOf(command);
          this.#watchApplied(command, index);
          return machine.apply(command, index);
        },
      },
    });
  }

  /** What a snapshot in steps has written in the end is the state in which it began. */
  *#watchSnapshot(machine: SessionMachine, writer: ByteWriter): Generator<void, void> {
    const { id, invariants } = this.#parts;
    const state = machine.snapshot(), index = this.#applied;
    const written = new ByteWriter(state.length);
    const steps = machine.snapshotInSteps!(writer);
    try {
      for (let isDone = steps.next().done === true;; isDone = steps.next().done === true) {
        if (writer.length > 0) written.bytesWithLength(writer.view());
        if (isDone) break;
        yield;
      }
    } finally {
      steps.return();
    }
    if (sameBytes(written.view(), state)) return;
    invariants.broken(`state machine safety: the snapshot of node ${id} at entry ${index} is not its state then`);
  }

  /** Every command is applied after those before it, and is the one of the log. */
  #watchApplied(command: Uint8Array, index: number): void {
    const { id, journal, invariants } = this.#parts;
    if (index <= this.#applied) {
      invariants.broken(`state machine safety: node ${id} applies entry ${index} after entry ${this.#applied}`);
    }
    this.#applied = index;
    const data = journal.entryAt(logIndex(index))?.data;
    if (data === undefined || data === command || sameBytes(data, command)) return;
    invariants.broken(`state machine safety: node ${id} applies another command than entry ${index} has`);
  }

  /** While a leader has not answered a write, the front does not ask it again: a slow leader would get slower. */
  #watchAttempt(command: Uint8Array, reply: (reply: ClientReply) => void): (reply: ClientReply) => void {
    const { node } = this.replica;
    const asked = { term: node.leader === null ? 0 : node.term };
    if (asked.term > 0 && this.#asked.get(command)?.term === asked.term) {
      this.#parts.invariants.broken(
        `front: node ${this.#parts.id} asks the leader of term ${asked.term} twice at once`,
      );
    }
    this.#asked.set(command, asked);
    return (answer) => {
      if (this.#asked.get(command) === asked) this.#asked.delete(command);
      reply(answer);
    };
  }

  /** Notes how clients' writes without a session end. */
  #watchReplies(submit: Submit): Submit {
    return (command, reply, how) => {
      if (how.session !== undefined) return submit(command, reply, how);
      this.#triedAs.set(command, []);
      submit(command, (ended) => {
        this.#parts.invariants.replies.answered(this.#parts.id, this.#triedAs.get(command) ?? [], ended);
        this.#triedAs.delete(command);
        this.#parts.invariants.coverage.marks.reply(ended);
        reply(ended);
      }, how);
    };
  }

  #onDirectory(): void {
    for (const [member, { birth }] of this.directory.entries) {
      this.#parts.invariants.keepsBirth(this.#parts.id, member, this.births.of(member), birth);
    }
    this.births.follow(this.directory.entries);
    for (const [member, { birth }] of this.directory.entries) {
      if (birth === 0 || this.births.of(member) === birth) continue;
      this.#parts.invariants.broken(`births: node ${this.#parts.id} does not know the journal of node ${member}`);
    }
    this.#saveFrom = this.#parts.journal.lastIndex;
  }

  /**
   * Not before the log with this change is durable here: a node that restarts without the removal of a member must
   * still refuse that member's new journal.
   */
  #saveBirths(): void {
    if (this.#isFileBusy || this.#parts.journal.durableIndex < this.#saveFrom) return;
    const { version } = this.births;
    if (version === this.#savedVersion) return;
    const text = birthsText(this.births.known);
    this.#isFileBusy = true;
    replaceFile(this.#parts.disk, MEMBERS_FILE, new TextEncoder().encode(text), (error) => {
      this.#isFileBusy = false;
      if (error !== null) return;
      this.#savedVersion = version;
    });
  }
}

/**
 * Leaves out the last entries of an append, by chance. A leader with smaller limits could have sent it so; to the one
 * that has, the rest is lost.
 */
function cutShort(packet: Packet, oneIn: number, drawn: number): Packet {
  if (oneIn === 0 || drawn % oneIn !== 0 || packet.kind !== "raft") return packet;
  const { envelope } = packet;
  if (envelope.type !== "append-request" || envelope.entries.length === 0) return packet;
  const entries = envelope.entries.slice(0, (drawn >>> 8) % envelope.entries.length);
  return { kind: "raft", envelope: { ...envelope, entries } };
}

/** The session and number of a command, if it has them. */
function writeOf(command: Uint8Array): string | null {
  const session = sessionOf(command);
  return session === null ? null : `${session.client}/${session.sequence}`;
}

/** The pretended address of a simulated node. */
function addressOf(id: number): string {
  return `sim:${id}`;
}

function birthsText(births: ReadonlyMap<number, number>): string {
  return JSON.stringify([...births].sort(([a], [b]) => a - b));
}

/** The births in a members' file. The file is only a hint, so an unreadable one counts as empty. */
export function readBirths(bytes: Uint8Array | null): Map<number, number> {
  if (bytes === null) return new Map();
  try {
    return new Map(JSON.parse(new TextDecoder().decode(bytes)) as [number, number][]);
  } catch {
    return new Map();
  }
}

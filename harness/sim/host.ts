/**
 * One life of a simulated node: everything that a live process runs between its sockets and its disk. A replica with
 * its front, the directory of the members, the keeper of the members, and the births by which a node that has lost
 * its journal is refused.
 *
 * @module
 */
import { nodeId, type RaftConfig } from "../../raft/mod.ts";
import type { Disk } from "../../server/journal/disk.ts";
import { replaceFile } from "../../server/journal/whole_file.ts";
import type { Journal } from "../../server/journal/journal.ts";
import { Births } from "../../server/replica/births.ts";
import type { ClientReply, CommandRequest, ReadMode } from "../../server/replica/client.ts";
import { type DirectoryMachine, encodeEntry, withDirectory } from "../../server/replica/directory.ts";
import { createExactlyOnce, type ExactlyOnce, throughFront } from "../../server/replica/exactly_once.ts";
import { MembershipKeeper } from "../../server/replica/membership_keeper.ts";
import type { Packet } from "../../server/replica/packet.ts";
import { decodePacket, encodePacket } from "../../server/replica/packet_codec.ts";
import { createReplica, type Replica } from "../../server/replica/replica.ts";
import { type SessionMachine, sessionOf, withSessions } from "../../server/replica/sessions.ts";
import type { StateMachine } from "../../server/replica/state_machine.ts";
import type { Submit } from "../../server/store/client.ts";
import type { Invariants } from "./invariants/invariants.ts";

/** How every node of a simulated cluster is set. */
export interface HostSettings {
  readonly reads: ReadMode;
  /** The core's options. */
  readonly raft: Partial<RaftConfig>;
  /** A replica compacts its log after this many bytes of commands. */
  readonly compactionBytes: number;
  /** Makes the state machine of a life. */
  readonly machine: () => StateMachine;
  /** A replica waits so many ticks for the answer to what it has forwarded. */
  readonly forwardTimeoutTicks: number;
  /** How many sessions are remembered. */
  readonly maxSessions: number;
  /** Longest command in bytes. */
  readonly maxCommandBytes: number;
  /** Most requests of a kind that wait at a node. */
  readonly maxWaiting: number;
  /** A node's own session tries a write again after so many ticks without an answer, */
  readonly retryTicks: number;
  /** and gives it up after so many. */
  readonly frontTimeoutTicks: number;
}

/** What one life is made of. */
export interface HostParts {
  readonly id: number;
  /** The other founders; none for a node that joins. */
  readonly peers: readonly number[];
  readonly settings: HostSettings;
  /** The core's options of this life: seed, tracer, whether it joins. */
  readonly raft: Partial<RaftConfig>;
  readonly disk: Disk;
  readonly journal: Journal;
  /** Differs from one life to the next. */
  readonly incarnation: number;
  /** What the file of members said of their journals' births. */
  readonly births: ReadonlyMap<number, number>;
  /** Looks at what leaves, before it is encoded. */
  readonly watch: (packet: Packet) => void;
  /** Compares what clients are told with what is applied. */
  readonly invariants: Pick<Invariants, "replies" | "keepsBirth" | "coverage">;
  readonly send: (to: number, bytes: Uint8Array) => void;
  readonly defer: ((action: () => void) => void) | undefined;
  readonly onStopped: (error: Error) => void;
}

/**
 * The file in which a node keeps the births of the members' journals, for the time until it has its directory again.
 */
export const MEMBERS_FILE = "members";

/** A node as it runs. */
export class SimHost {
  readonly replica: Replica<SessionMachine>;
  readonly directory: DirectoryMachine;
  readonly front: ExactlyOnce;
  readonly births: Births;
  readonly #parts: HostParts;
  readonly #keeper: MembershipKeeper;
  /** The births of the journals of the nodes that this life has met, and its own. */
  readonly #met: Map<number, number>;
  readonly #submit: Submit;
  /** The sessions and numbers under which open writes were tried. */
  readonly #triedAs = new Map<Uint8Array, string[]>();
  /** The version of the births that the file holds. */
  #savedVersion = 0;
  #isFileBusy = false;
  /** The births are saved when the log is durable up to here. */
  #saveFrom = 0;

  /** @throws If the journal is not one that the core can start from. */
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
        replica.submit(command, reply, { session });
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
   * A new node asks to become a voter, as a live one does: it is entered, becomes a learner, and the keeper does the
   * rest.
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

  /** A peer that shows this birth has sent bytes. */
  receive(from: number, birth: number, bytes: Uint8Array): void {
    this.#met.set(from, birth);
    this.replica.receive(decodePacket(bytes));
  }

  /** A client's request. */
  ask(request: CommandRequest, reply: (reply: ClientReply) => void): void {
    this.#submit(request.command, reply, request);
  }

  /** The machine, with a look at which write each command is that takes effect. */
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
      apply: {
        value: (command: Uint8Array, index: number): ClientReply => {
          write = replies.isNew(index) ? writeOf(command) : null;
          return machine.apply(command, index);
        },
      },
    });
  }

  /** Hears how clients' writes without a session of their own end. */
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
    this.#saveFrom = this.#parts.journal.lastIndex;
  }

  /**
   * Not before the log that says so is durable here: a node that comes back without the removal of a member must
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

/** The session and number of a command that has some. */
function writeOf(command: Uint8Array): string | null {
  const session = sessionOf(command);
  return session === null ? null : `${session.client}/${session.sequence}`;
}

/** Where a simulated node is said to listen. */
function addressOf(id: number): string {
  return `sim:${id}`;
}

function birthsText(births: ReadonlyMap<number, number>): string {
  return JSON.stringify([...births].sort(([a], [b]) => a - b));
}

/** The births that a file of members holds. It is a hint, and one that cannot be read is none. */
export function readBirths(bytes: Uint8Array | null): Map<number, number> {
  if (bytes === null) return new Map();
  try {
    return new Map(JSON.parse(new TextDecoder().decode(bytes)) as [number, number][]);
  } catch {
    return new Map();
  }
}

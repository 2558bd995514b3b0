/**
 * One life of a simulated node: everything that a live process runs between its sockets and its disk. This is a replica
 * with its front, the directory of the members, the membership keeper, and the births by which a node that has lost its
 * journal is refused.
 *
 * @module
 */
import {
  type ConfigurationChange,
  type LogIndex,
  membersOf,
  nodeId,
  type ProposalPosition,
  type RaftConfig,
} from "../../raft/mod.ts";
import {
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
  type Respond,
  type SessionMachine,
  type StateMachine,
} from "../../server/mod.ts";
import { Births } from "../../server/replica/births.ts";
import type { CommandRequest, Submit } from "../../server/replica/client.ts";
import { type DirectoryMachine, encodeEntry, withDirectory } from "../../server/replica/directory.ts";
import { throughFront } from "../../server/replica/exactly_once.ts";
import { MembershipKeeper } from "../../server/replica/membership_keeper.ts";
import type { Replica } from "../../server/replica/replica.ts";
import { reasonToRefuse, told } from "./invariants/changes.ts";
import { NaiveNode, type NaiveSettings } from "./invariants/naive_node.ts";
import { Front } from "./invariants/front.ts";
import type { Invariants } from "./invariants/invariants.ts";
import type { FollowerBounds } from "./invariants/followers.ts";
import { Packets } from "./invariants/packets.ts";
import { bothTracers } from "./trace.ts";
import { takesWrite } from "./invariants/refusals.ts";
import { Writes } from "./invariants/writes.ts";
import { WatchedMachine, type WatchedParts } from "./watched_machine.ts";

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
  /** A new member that lacks no more than this many entries has caught up. */
  readonly caughtUpEntries: number;
  /** The bounds of what a leader has open. */
  readonly bounds: FollowerBounds;
  /** The longest command in bytes. */
  readonly maxCommandBytes: number;
  /** How many requests of a kind may wait at a node. */
  readonly maxWaiting: number;
  /** Whether every TimeoutNow is lost: a leader hands over in vain, and leads on. */
  readonly losesTimeoutNow: boolean;
  /** Whether some messages to an earlier life of a node arrive, once more, in the next. */
  readonly repeatsAcrossStarts: boolean;
  /** How many bytes may wait for a leader's disk. */
  readonly maxUnflushedBytes: number;
  /** Whether a node learns that another has ended, or that a message is lost because its link is cut. */
  readonly noticesLoss: boolean;
  /** After how many ticks without an answer a node's own session retries a write. */
  readonly retryTicks: number;
  /** After how many ticks a node's own session gives a write up. */
  readonly frontTimeoutTicks: number;
}

/** The invariants that a life reports to. */
type HostInvariants =
  & Pick<
    Invariants,
    "broken" | "replies" | "forwards" | "followsBirths" | "coverage" | "changes" | "changed" | "promotes"
  >
  & WatchedParts["invariants"];

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
  readonly invariants: HostInvariants;
  /** Sends bytes; `false`: it is certain that they never arrive. */
  readonly send: (to: number, bytes: Uint8Array) => boolean;
  readonly defer: ((action: () => void) => void) | undefined;
  readonly onStopped: (error: Error) => void;
}

/** The file with the births of the members' journals, for the time until the node has its directory again. */
export const MEMBERS_FILE = "members";

const TIMEOUT_NOW = "timeout-now";

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
  readonly #watchedFront: Front;
  /** The version of the births in the file. */
  #savedVersion = 0;
  #isFileBusy = false;
  readonly #machine: WatchedMachine;
  /** The births are saved when the log is durable up to this index. */
  #saveFrom = 0;
  /** The entry of the change of the members that was proposed last. */
  #changedAt: ProposalPosition | null = null;
  /** The reply to an earlier life that is being received. */
  #foreign: ClientReply | null = null;
  /** Who was in the directory before its last change. */
  #inDirectory: readonly number[] = [];

  /** @throws If the core cannot start from the journal. */
  constructor(parts: HostParts) {
    this.#parts = parts;
    const { id, peers, settings, journal, incarnation, watch, send } = parts;
    this.births = new Births(parts.births);
    this.#met = new Map([[id, journal.birth]]);
    this.directory = withDirectory(settings.machine(), () => this.#onDirectory());
    const { invariants } = parts;
    const broken = (what: string): void => invariants.broken(what);
    this.#watchedFront = new Front(id, broken);
    const packets = new Packets(id, broken);
    this.#machine = new WatchedMachine(
      { id, journal, invariants, maxSessions: settings.maxSessions, dueBytes: settings.compactionBytes },
      this.directory,
    );
    const naive = new NaiveNode(id, journal, naiveSettings(settings), broken);
    this.replica = createReplica({
      ...{ id, peers, journal, incarnation, reads: settings.reads, onStopped: parts.onStopped },
      machine: this.#machine.machine,
      send: (to, packet) => {
        watch(packet);
        if (packet.kind === "raft") naive.departures.left();
        if (packet.kind === "answer") invariants.forwards.answered(parts, { ...packet, from: to });
        const bytes = encodePacket(packet);
        packets.encoded(packet, bytes);
        return send(to, bytes);
      },
      raft: { ...settings.raft, ...parts.raft, tracer: bothTracers(parts.raft.tracer ?? {}, naive.tracer()) },
      limits: {
        forwardTimeoutTicks: settings.forwardTimeoutTicks,
        maxCommandBytes: settings.maxCommandBytes,
        maxWaiting: settings.maxWaiting,
        maxUnflushedBytes: settings.maxUnflushedBytes,
      },
      compaction: { bytes: settings.compactionBytes },
      ...(parts.defer === undefined ? {} : { defer: parts.defer }),
    });
    const { replica } = this;
    naive.watches(replica.node);
    const leaderTerm = (): number => replica.node.leader === null ? 0 : replica.node.term;
    const { frontTimeoutTicks: timeoutTicks, retryTicks } = settings;
    const writes = new Writes(id, { timeoutTicks, retryTicks, leaderTerm }, broken);
    this.front = createExactlyOnce({
      name: `${id}.${incarnation}`,
      submit: (command, reply, session) => {
        this.#triedAs.get(command)?.push(`${session.client}/${session.sequence}`);
        const judged = writes.attempts(command, session, reply);
        takesWrite(replica, settings, this.#watchedFront.asks(leaderTerm(), command, judged), {
          submit: (answered) => replica.submit(command, this.#ownAnswer(answered), { session }),
          broken,
        });
      },
      committedIndex: () => replica.node.commitIndex,
      ...{ leaderTerm, timeoutTicks, retryTicks, maxOpen: settings.maxWaiting },
    });
    writes.watches(this.front);
    this.#submit = this.#watchReplies(throughFront(this.front, replica));
    const known = new Map([id, ...peers].map((one) => [one, addressOf(one)]));
    const { front, directory } = this;
    const { caughtUpEntries } = settings;
    this.#keeper = new MembershipKeeper({
      ...{ replica: this.#watchRoutine(), front, directory, known: () => known, met: this.#met, caughtUpEntries },
    });
    this.#watchChanges();
  }

  /**
   * Adds a new node that asks to become a voter, as a live node does: it gets a directory entry and becomes a learner;
   * the keeper does the rest.
   *
   * @param about The birth of its journal, if it has proven that (0 until somebody meets it), and the member that it
   * replaces.
   */
  addMember(id: number, reply: (reply: ClientReply) => void, about: { birth?: number; replaces?: number } = {}): void {
    const entry = { id, address: addressOf(id), wish: "voter", replaces: 0, birth: 0, ...about } as const;
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

  /**
   * Handles bytes from a peer that shows this birth. `drawn` decides how much of an append arrives.
   *
   * @returns The type of the message.
   */
  receive(from: number, birth: number, bytes: Uint8Array, drawn: number): string {
    if (this.#met.get(from) !== birth) this.#met.set(from, birth);
    const packet = cutShort(decodePacket(bytes, true), this.#parts.settings.cutAppends, drawn);
    const { lastIndex } = this.#parts.journal;
    const isHandedOver = packet.kind === "raft" && packet.envelope.type === TIMEOUT_NOW;
    if (isHandedOver && this.#parts.settings.losesTimeoutNow) return TIMEOUT_NOW;
    const isForeign = packet.kind === "answer" && packet.incarnation !== this.#parts.incarnation;
    this.#foreign = isForeign ? packet.reply : null;
    this.replica.receive(packet);
    this.#foreign = null;
    const type = packet.kind === "raft" ? packet.envelope.type : packet.kind;
    if (packet.kind !== "forward") return type;
    const appended = this.#parts.journal.entryAt(lastIndex + 1 as LogIndex)?.data;
    if (appended === packet.body) this.#parts.invariants.forwards.appended(this.#parts, packet);
    return type;
  }

  /** Begins a snapshot, whether it is due or not. Returns whether it has begun. */
  compact(): boolean {
    return this.#machine.due.asked(() => this.replica.compact());
  }

  /** A client's request. */
  ask(request: CommandRequest, reply: (reply: ClientReply) => void): void {
    this.#submit(request.command, reply, request);
  }

  /** The leader makes the changes of the members that it is asked for. */
  #watchChanges(): void {
    const { id, invariants, journal } = this.#parts;
    const { node } = this.replica;
    const propose = node.proposeChange.bind(node), replica = this.replica, change = replica.changeMembers;
    Object.assign(replica, {
      changeMembers: (asked: ConfigurationChange, reply: Respond) => {
        this.#changedAt = null;
        let position: ProposalPosition | null = null;
        change(asked, (answer) => {
          if (position !== null) invariants.changed(id, position, answer);
          reply(answer);
        });
        position = this.#changedAt;
      },
    });
    node.proposeChange = (change) => {
      const status = node.status();
      const reason = status.role === "leader" ? reasonToRefuse({ status, log: journal }, change) : null;
      let position;
      try {
        position = propose(change);
      } catch (error) {
        const isWrong = reason === null && status.role === "leader" && error instanceof Error;
        if (isWrong) {
          invariants.broken(`changes: node ${id} refuses ${told(change)} without a reason: ${error.message}`);
        }
        throw error;
      }
      if (reason !== null) invariants.broken(`changes: node ${id} makes ${told(change)}, though ${reason}`);
      this.#changedAt = position;
      invariants.changes(id, { from: status.configuration, to: node.status().configuration }, change);
      return position;
    };
  }

  /** The answer to a request of an earlier life must end none of this life. */
  #ownAnswer(reply: Respond): Respond {
    return (answer) => {
      if (answer === this.#foreign) {
        this.#parts.invariants.broken(`forwards: node ${this.#parts.id} takes a foreign answer`);
      }
      reply(answer);
    };
  }

  /** The routine of the leader, with a watch on what it asks for. */
  #watchRoutine(): Pick<Replica<SessionMachine>, "node" | "changeMembers"> {
    const { id, invariants, settings: { caughtUpEntries } } = this.#parts;
    const { replica, directory } = this;
    return {
      node: replica.node,
      changeMembers(change, reply) {
        const { configuration, lastIndex } = replica.node.status();
        const routine = { members: membersOf(configuration), directory: directory.entries, lastIndex, caughtUpEntries };
        invariants.promotes(id, change, routine);
        replica.changeMembers(change, reply);
      },
    };
  }

  /** Judges the state from which clients' reads are answered, and notes how their writes without a session end. */
  #watchReplies(submit: Submit): Submit {
    return (command, reply, how) => {
      const once = this.#watchedFront.takes(reply);
      if (this.replica.machine.isRead(command)) return submit(command, this.#watchRead(once, how.reads), how);
      if (how.session !== undefined) return submit(command, once, how);
      this.#triedAs.set(command, []);
      submit(command, (ended) => {
        this.#parts.invariants.replies.answered(this.#parts.id, this.#triedAs.get(command) ?? [], ended);
        this.#triedAs.delete(command);
        this.#parts.invariants.coverage.marks.reply(ended);
        once(ended);
      }, how);
    };
  }

  /** A read by index or lease is answered from this node's state, one through the log from the leader's. */
  #watchRead(reply: Respond, reads: ReadMode = this.#parts.settings.reads): Respond {
    if (reads === "local" || reads === "log") return reply;
    const judge = this.#parts.invariants.answers.asked(this.#parts.id);
    return (answer) => {
      if (answer.type === "ok") judge(this.#machine.index(this.replica.node.appliedIndex));
      reply(answer);
    };
  }

  #onDirectory(): void {
    const { entries } = this.directory;
    this.#parts.invariants.followsBirths(this.#parts.id, this.births, entries, this.#inDirectory);
    this.#inDirectory = [...entries.keys()];
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

/** The settings of the core that the naive parts beside it need. */
function naiveSettings({ raft, reads }: HostSettings): NaiveSettings {
  const { electionTimeoutTicks = 10, heartbeatIntervalTicks = 1, checkQuorum = true } = raft;
  const { maxUncommittedBytes = Infinity, maxUnsyncedBytes = Infinity, keepBytes = 0, maxKeepBytes = 0 } = raft;
  const leaseReads = reads === "lease";
  return {
    ...{ electionTimeoutTicks, heartbeatIntervalTicks, checkQuorum },
    ...{ leaseReads, maxUncommittedBytes, maxUnsyncedBytes, keepBytes, maxKeepBytes },
  };
}

/** The pretended address of a simulated node. */
export function addressOf(id: number): string {
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

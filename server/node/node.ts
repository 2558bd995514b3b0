/**
 * A live node: a replica with a real disk, real sockets and a real clock.
 *
 * Inputs of one turn of the event loop are one batch: `setImmediate` ends it when every socket that had something to say was heard.
 *
 * @module
 */
import { randomBytes, randomInt } from "node:crypto";
import { setImmediate } from "node:timers";
import { type ConfigurationChange, membersOf, nodeId, type RaftStatus } from "../../raft/mod.ts";
import { type Clock, MILLISECOND } from "../clock.ts";
import type { ClientReply } from "../replica/client.ts";
import { type ClientRequest, submitRequest } from "../store/client.ts";
import { createExactlyOnce, type ExactlyOnce } from "../replica/exactly_once.ts";
import type { Respond } from "../replica/forwarding.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { createKvStore, type KvStore } from "../store/kv_store.ts";
import { decodePacket, encodePacket } from "../replica/packet_codec.ts";
import { createReplica, type Replica } from "../replica/replica.ts";
import { type SessionMachine, withSessions } from "../replica/sessions.ts";
import {
  type DirectoryEntry,
  type DirectoryMachine,
  encodeEntry,
  encodeRemoval,
  withDirectory,
} from "../replica/directory.ts";
import { type LiveDisk, openDisk } from "./disk.ts";
import type { Log, LogFields } from "./log_lines.ts";
import { nextChore } from "../replica/membership_keeper.ts";
import { checkOptions, type NodeOptions } from "./node_options.ts";
import { type Address, formatAddress, parseAddress } from "../peer/peer_options.ts";
import { createTransport, type Transport } from "../peer/tcp.ts";

/**
 * The file in which a node keeps where the members listen, so that a restart finds them before it has heard from anybody, and by which journals they
 * are known, so that one that has lost its own is not listened to in that time either.
 */
const MEMBERS_FILE = "members";
/** The file that says who the voters were when the cluster began: what a log without any change of the members goes by. */
const FOUNDERS_FILE = "founders";
/** Ticks from one look at the leader's chores to the next. */
const CHORE_TICKS = 8;
/** A node that was held up is given at most so many of the ticks it missed; with leases all of them, as they measure time. */
const MISSED_TICKS_MAX = 2;
/** Nobody else is made a peer beyond so many. */
const PEERS_MAX = 64;
/** Of so many peers and strangers it is remembered what was last said of them. */
const SAID_MAX = 256;
/** How long a shutdown waits for another member to take over, in milliseconds. */
const HANDOVER_MS = 1_000;

/** A live node. */
export interface LiveNode {
  readonly replica: Replica<SessionMachine>;
  readonly store: KvStore;
  readonly journal: Journal;
  readonly disk: LiveDisk;
  readonly transport: Transport;
  readonly directory: DirectoryMachine;
  /** The cluster's name. */
  readonly clusterId: string;
  /** Where it listens for members. */
  readonly address: Address;
  /** By what members reach it. */
  readonly advertised: Address;
  /** Hears a client's input: the node is given the ticks that are due first. */
  onInput(): void;
  /** Writes, exactly once, or reads. */
  request(request: ClientRequest, reply: Respond): void;
  /** Adds a member that becomes a voter when it has caught up; in the place of another, if `replaces` says so. `birth` is its journal's, where that is known. */
  addMember(
    id: number,
    address: string,
    more: { readonly replaces?: number; readonly birth?: number },
    reply: Respond,
  ): void;
  removeMember(id: number, reply: Respond): void;
  /** To a member, or to the one that is furthest. */
  transferLeadership(to: number | null, reply: Respond): void;
  status(): RaftStatus;
  /** Hands leadership over, writes what is under way, and lets everything go. */
  stop(done: () => void): void;
}

/**
 * Opens the folder and starts the node.
 *
 * @param onStopped The node has ended by itself: its disk failed, or it found an error.
 */
export function startNode(
  options: NodeOptions,
  clock: Clock,
  log: Log,
  onStopped: (error: Error) => void,
  done: (error: Error | null, node: LiveNode | null) => void,
): void {
  let disk: LiveDisk;
  try {
    checkOptions(options);
    disk = openDisk(options.folder);
  } catch (error) {
    return done(error as Error, null);
  }
  const giveUp = (error: Error): void => disk.close(() => done(error, null));
  const identity = { clusterId: options.clusterId, nodeId: options.id };
  disk.read(MEMBERS_FILE, (readError, bytes) => {
    if (readError !== null) return giveUp(readError);
    openJournal(disk, identity, (error, journal) => {
      if (error !== null) return giveUp(error);
      const addresses = new Map([...options.peers].map(([id, address]) => [id, formatAddress(address)]));
      const births = new Map<number, number>();
      for (const [id, { address, birth }] of readMembers(bytes)) {
        if (id !== options.id) addresses.set(id, address);
        if (birth !== 0) births.set(id, birth);
      }
      for (const [id, address] of options.routes) addresses.set(id, formatAddress(address));
      findFounders(disk, options, (foundersError, founders) => {
        if (foundersError !== null) return giveUp(foundersError);
        host(
          { options, clock, log, onStopped, disk, journal: journal!, addresses, births, founders },
          (failure, node) => {
            if (failure !== null) giveUp(failure);
            else done(null, node);
          },
        );
      });
    }, randomInt(1, 2 ** 32));
  });
}

/** The cluster's first voters: as the flags say at the first start, and from then on as they said then. A node that joins knows none. */
function findFounders(
  disk: LiveDisk,
  options: NodeOptions,
  done: (error: Error | null, founders: readonly number[]) => void,
): void {
  disk.read(FOUNDERS_FILE, (readError, bytes) => {
    if (readError !== null) return done(readError, []);
    if (bytes !== null) {
      const founders = readFounders(bytes);
      const error = new SyntaxError(`Cannot read ${options.folder}/${FOUNDERS_FILE}: a list of members was expected`);
      return founders === null ? done(error, []) : done(null, founders);
    }
    const founders = options.join === null ? [options.id, ...options.peers.keys()] : [];
    const text = new TextEncoder().encode(`${JSON.stringify(founders)}\n`);
    disk.replace(FOUNDERS_FILE, text, (error) => done(error, founders));
  });
}

/** The members that the file lists; `null` if it is no such list. */
function readFounders(bytes: Uint8Array): number[] | null {
  try {
    const founders: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(founders) && founders.every(Number.isSafeInteger) ? founders : null;
  } catch {
    return null;
  }
}

interface HostParts {
  readonly options: NodeOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStopped: (error: Error) => void;
  readonly disk: LiveDisk;
  readonly journal: Journal;
  /** Where the other members listen, for all that is known. */
  readonly addresses: Map<number, string>;
  /** By which journal each member is known to the members, this node among them. */
  readonly births: Map<number, number>;
  /** The cluster's first voters; none if this node joined later. */
  readonly founders: readonly number[];
}

function host(parts: HostParts, done: (error: Error | null, node: LiveNode | null) => void): void {
  const { options, clock, log, disk, journal, addresses, births, founders } = parts;
  const { id } = options;
  const tickLength = options.tickMs * MILLISECOND;
  const missedTicksMax = options.reads === "lease" ? 4 * options.electionTicks : MISSED_TICKS_MAX;
  const incarnation = randomBytes(4).readUInt32LE();
  let isStopping = false;
  let nextTick = 0;
  let ticksToChore = CHORE_TICKS;
  let isMembersFileBusy = false;
  let wasLeading = false;
  let lastLeader: number | null = null;

  const store = createKvStore();
  let transport: Transport | null = null;
  /** The journals of those that this process has met. */
  const met = new Map([[id, journal.birth]]);
  let entered: readonly number[] = [];

  const onDirectory = (): void => {
    // Who was removed may come back under its number, as somebody who never promised anything.
    for (const member of entered) if (!directory.entries.has(member)) births.delete(member);
    entered = [...directory.entries.keys()];
    for (const [member, entry] of directory.entries) {
      if (entry.birth !== 0) births.set(member, entry.birth);
      const reached = options.routes.get(member);
      const at = reached === undefined ? entry.address : formatAddress(reached);
      if (member === id || addresses.get(member) === at) continue;
      addresses.set(member, at);
      connect(member, at);
    }
    saveMembers();
  };

  const connect = (member: number, address: string): void => {
    try {
      transport?.addPeer(member, parseAddress(address));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      log("warn", "bad address", { member, address });
    }
  };

  /**
   * Whether a node that greets is heard though this one does not know it. A member's word is taken, and so is anybody's while there is no leader:
   * a node that was away does not know who came meanwhile, and one of them may lead (Raft dissertation, 4.2.2: a server hears leaders and
   * candidates that are not in its configuration).
   */
  const admit = (stranger: number, listens: string): Address | null => {
    const mayBeNew = replica.node.leader === null && addresses.size < PEERS_MAX;
    if (!mayBeNew && !isMember(stranger)) return null;
    try {
      const reached = options.routes.get(stranger) ?? parseAddress(listens);
      addresses.set(stranger, formatAddress(reached));
      return reached;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  };

  /** Who neither is a member nor becomes one is no peer any more. Without a leader nobody can tell. */
  const dismissStrangers = (): void => {
    const { leader } = replica.node;
    if (leader === null) return;
    for (const peer of [...addresses.keys()]) {
      if (peer === leader || directory.entries.has(peer) || isMember(peer)) continue;
      addresses.delete(peer);
      transport?.removePeer(peer);
      saveMembers();
    }
  };

  const said = new Map<string, string>();
  /** A warning that repeats itself, as while a peer is away, is one of the first time only. */
  const warnOnce = (about: string, event: string, fields: LogFields & { readonly reason: string }): void => {
    const isRepeated = said.get(about) === fields.reason;
    if (said.size >= SAID_MAX) said.clear();
    said.set(about, fields.reason);
    log(isRepeated ? "debug" : "warn", event, fields);
  };

  const membersFile = (): string =>
    membersText(new Map(addresses).set(id, formatAddress(options.advertise ?? options.listen)), births);

  const saveMembers = (): void => {
    if (isMembersFileBusy || isStopping) return;
    isMembersFileBusy = true;
    const written = membersFile();
    disk.replace(MEMBERS_FILE, new TextEncoder().encode(written), (error) => {
      isMembersFileBusy = false;
      if (error !== null) log("warn", "members not saved", { reason: error.message });
      else if (written !== membersFile()) saveMembers();
    });
  };

  const directory: DirectoryMachine = withDirectory(store, onDirectory);
  const fail = (error: Error): void => {
    log("error", "stopped", { reason: error.message });
    if (!isStopping) parts.onStopped(error);
  };
  const replica = createReplica<SessionMachine>({
    id,
    peers: founders.filter((founder) => founder !== id),
    journal,
    machine: withSessions(directory),
    incarnation,
    send: (to, packet) => void transport?.send(to, encodePacket(packet)),
    reads: options.reads,
    raft: {
      join: founders.length === 0,
      electionTimeoutTicks: options.electionTicks,
      heartbeatIntervalTicks: Math.max(1, Math.floor(options.electionTicks / 10)),
      keepEntries: 10_000,
    },
    limits: { forwardTimeoutTicks: Math.ceil(2_000 / options.tickMs) },
    // Not all nodes at the same moment: they share the writes, and often the machine.
    compaction: { bytes: Math.ceil(options.compactionBytes * (1 + (id % 4) / 8)) },
    defer: (action) =>
      void setImmediate(() => {
        action();
        // In this turn still, and not after another look at all sockets.
        transport?.flush();
      }),
    onStopped: fail,
  });
  const front: ExactlyOnce = createExactlyOnce({
    name: `${id}.${incarnation}`,
    submit: (command, reply, session) => replica.submit(command, reply, { session }),
    committedIndex: () => replica.node.commitIndex,
    timeoutTicks: Math.ceil(5_000 / options.tickMs),
    retryTicks: Math.ceil(1_000 / options.tickMs),
  });

  const tickWhenDue = (): void => {
    const now = clock.now();
    if (now < nextTick) return;
    const missed = Math.floor((now - nextTick) / tickLength);
    nextTick += (missed + 1) * tickLength;
    for (let due = Math.min(missed + 1, missedTicksMax); due > 0 && !isStopping; due--) {
      replica.tick();
      front.tick();
    }
    if (--ticksToChore <= 0) doChores();
  };

  const keepTicking = (): void => {
    if (isStopping || replica.isStopped) return;
    tickWhenDue();
    clock.after(Math.max(0, nextTick - clock.now()), keepTicking);
  };

  const doChores = (): void => {
    ticksToChore = CHORE_TICKS;
    const { node } = replica;
    if (node.leader !== lastLeader || (node.role === "leader") !== wasLeading) {
      lastLeader = node.leader;
      wasLeading = node.role === "leader";
      log("info", wasLeading ? "leads" : "follows", { term: node.term, leader: lastLeader });
    }
    dismissStrangers();
    if (node.role !== "leader") return;
    const status = node.status();
    // By which way this node reaches a member need not be everybody's way.
    const known = new Map([...options.peers].map(([peer, at]) => [peer, formatAddress(at)])).set(
      id,
      formatAddress(live.advertised),
    );
    const chore = nextChore(status, directory.entries, known, met);
    const told = (about: string) => (reply: ClientReply): void => {
      if (reply.type !== "ok") log("warn", "chore failed", { about, reason: reply.error });
    };
    if (chore === null) return;
    // What is under way is not begun twice: the next look comes when it had time to end.
    ticksToChore = 4 * CHORE_TICKS;
    if (chore.type === "change") {
      log("info", "members change", { about: chore.about });
      replica.changeMembers(chore.change, told(chore.about));
    } else if (chore.type === "enter") front.submit(encodeEntry(chore.entry), told(`enter ${chore.entry.id}`));
    else front.submit(encodeRemoval(chore.id), told(`forget ${chore.id}`));
  };

  const isMember = (member: number): boolean =>
    membersOf(replica.node.status().configuration).some((one) => one === member);

  let address = options.listen;
  const live: LiveNode = {
    ...{ replica, store, journal, disk, directory, clusterId: options.clusterId },
    get transport() {
      return transport!;
    },
    get address() {
      return address;
    },
    get advertised() {
      return options.advertise ?? address;
    },
    onInput: options.reads === "lease" ? tickWhenDue : () => {},
    request(request, reply) {
      submitRequest(
        (command, answer, how) => {
          if (replica.machine.isRead(command)) front.ask((asked) => replica.submit(command, asked, how), answer);
          else if (how.session !== undefined) replica.submit(command, answer, how);
          else front.submit(command, answer);
        },
        request,
        reply,
      );
    },
    addMember(member, memberAddress, { replaces = 0, birth = 0 }, reply) {
      const before = directory.entries.get(member);
      const known = isMember(member) ? before?.birth ?? 0 : 0;
      if (birth !== 0 && known !== 0 && birth !== known) {
        return reply({ type: "fail", error: `node ${member} is a member that had another journal: remove it first` });
      }
      if (replaces !== 0 && !isMember(replaces)) return reply(noMember(replaces));
      // By a slip of an administrator's, the others would lose a member that is well where it is.
      if (birth === 0 && before !== undefined && before.address !== memberAddress && isMember(member)) {
        const error = `node ${member} is a member at ${before.address}: if it has moved, it says so itself, ` +
          "started with --join and where it listens now";
        return reply({ type: "fail", error });
      }
      const entry: DirectoryEntry = {
        ...{ id: member, address: memberAddress, wish: "voter", birth: birth === 0 ? known : birth },
        // Who replaces another asks itself to be added, too.
        replaces: replaces === 0 ? before?.replaces ?? 0 : replaces,
      };
      front.submit(encodeEntry(entry), (entered) => {
        if (entered.type !== "ok") return reply(entered);
        if (isMember(member)) return reply(entered);
        const change: ConfigurationChange = {
          type: "simple",
          changes: [{ type: "add-learner", node: nodeId(member) }],
        };
        front.ask((attempted) => replica.changeMembers(change, attempted), reply);
      });
    },
    removeMember(member, reply) {
      if (!isMember(member)) return reply(noMember(member));
      const change: ConfigurationChange = { type: "simple", changes: [{ type: "remove", node: nodeId(member) }] };
      front.ask((attempted) => replica.changeMembers(change, attempted), (changed) => {
        if (changed.type !== "ok" || member === id) return reply(changed);
        // It is gone, whatever becomes of its entry; but with that its number is free at once.
        front.submit(encodeRemoval(member), () => reply(changed));
      });
    },
    transferLeadership(to, reply) {
      const { configuration } = replica.node.status();
      if (to !== null && !configuration.voters.includes(nodeId(to))) {
        return reply({ type: "fail", error: `this node knows of no voter ${to}` });
      }
      const target = to ?? furthest(replica.node.status(), transport!);
      if (target !== null) return replica.transferLeadership(target, reply);
      reply({ type: "fail", error: "this node does not lead, and so does not know who is furthest: name a member" });
    },
    status: () => replica.node.status(),
    stop(stopped) {
      const end = (): void => {
        isStopping = true;
        replica.stop();
        transport!.close(() => disk.close(stopped));
      };
      const target = replica.isStopped || replica.node.role !== "leader"
        ? null
        : furthest(replica.node.status(), transport!);
      if (target === null) return end();
      let isOver = false;
      const handedOver = (): void => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        end();
      };
      const timer = clock.after(HANDOVER_MS * MILLISECOND, handedOver);
      replica.transferLeadership(target, handedOver);
    },
  };

  transport = createTransport({
    clusterId: options.clusterId,
    nodeId: id,
    address: options.listen,
    advertise: options.advertise,
    peers: parsedAddresses(addresses),
    admit,
    clock,
    random: (below) => randomInt(below),
    tls: options.tls,
    onFrame(_from, frame) {
      live.onInput();
      replica.receive(decodePacket(frame));
    },
    onState: ({ peer, isConnected, reason }) => {
      if (!isConnected) return warnOnce(`way to ${peer}`, "peer lost", { peer, reason });
      said.delete(`way to ${peer}`);
      log("info", "peer connected", { peer, reason });
    },
    birth: journal.birth,
    birthOf: (peer) => births.get(peer) ?? 0,
    onMet: (peer, birth) => void met.set(peer, birth),
    onRefused({ direction, peer, remote, reason, isLost }) {
      warnOnce(`${direction} ${peer}`, "peer refused", { direction, peer, remote, reason });
      // Who is known by this very journal was added anew, and the peer has yet to hear of it.
      if (isLost && births.get(id) !== journal.birth) fail(new Error(`Node ${peer} refuses this node: ${reason}`));
    },
  });
  transport.start((error, listening) => {
    if (error !== null) {
      isStopping = true;
      replica.stop();
      return transport!.close(() => done(error, null));
    }
    address = listening;
    onDirectory();
    nextTick = clock.now() + tickLength;
    keepTicking();
    done(null, live);
  });
}

function noMember(member: number): ClientReply {
  return { type: "fail", error: `this node knows of no member ${member}` };
}

/** The voter, other than the leader itself, whose log is known to reach furthest, out of those that can be reached. */
function furthest({ followers }: RaftStatus, transport: Transport): number | null {
  const peers = transport.status();
  let best: RaftStatus["followers"][number] | null = null;
  for (const follower of followers) {
    if (follower.isLearner || !follower.isActive || peers.get(follower.id)?.isConnected !== true) continue;
    if (best === null || follower.matchIndex > best.matchIndex) best = follower;
  }
  return best === null ? null : best.id;
}

function membersText(addresses: ReadonlyMap<number, string>, births: ReadonlyMap<number, number>): string {
  const members = [...addresses].map(([id, address]) => [id, { address, birth: births.get(id) ?? 0 }]);
  return `${JSON.stringify(Object.fromEntries(members), null, 2)}\n`;
}

/** The addresses of the members' file. It is a hint, and one that cannot be read is none. */
function readMembers(bytes: Uint8Array | null): [number, { address: string; birth: number }][] {
  try {
    const members = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array(0))) as Record<
      string,
      { address: string; birth: number }
    >;
    return Object.entries(members).map(([id, { address, birth }]) => {
      return [Number(id), { address: formatAddress(parseAddress(address)), birth: Number(birth) >>> 0 }];
    });
  } catch {
    return [];
  }
}

function parsedAddresses(addresses: ReadonlyMap<number, string>): Map<number, Address> {
  return new Map([...addresses].map(([id, address]) => [id, parseAddress(address)]));
}

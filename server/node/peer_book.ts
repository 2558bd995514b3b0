/**
 * Whom this node knows: where each peer listens, by which journal each member is known, and who of those that knock is
 * let in.
 *
 * An address is dialled only if the operator gave it, or a node that has proven the cluster's secret. What a client
 * says with `RAFT ADD` is not enough.
 *
 * @module
 */
import { replaceFile } from "../journal/whole_file.ts";
import { randomBytes, randomInt } from "node:crypto";
import { membersOf, type RaftStatus } from "../../raft/mod.ts";
import type { Clock } from "../clock.ts";
import type { Disk } from "../journal/disk.ts";
import type { Journal } from "../journal/journal.ts";
import type { HandshakeRefusal } from "../peer/handshake.ts";
import { type Address, formatAddress, parseAddress } from "../peer/peer_options.ts";
import { createTransport, type Refusal, type Transport } from "../peer/tcp.ts";
import { Births } from "../replica/births.ts";
import type { DirectoryEntry } from "../replica/directory.ts";
import type { Log } from "./log_lines.ts";
import { type KnownMember, MEMBERS_FILE, membersBytes } from "./node_files.ts";
import type { NodeOptions } from "./node_options.ts";
import type { Warnings } from "./warnings.ts";

/** Nobody else is made a peer beyond so many. */
const PEERS_MAX = 64;

/** What the book needs. */
interface PeerBookOptions {
  readonly options: NodeOptions;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
  readonly warnings: Warnings;
  readonly journal: Journal;
  /** What the members' file said. */
  readonly known: ReadonlyMap<number, KnownMember>;
  /** Who the members are, by the directory. */
  readonly entries: () => ReadonlyMap<number, DirectoryEntry>;
  readonly status: () => RaftStatus;
  readonly onFrame: (from: number, frame: Uint8Array) => void;
  /** The cluster knows this node by another journal, or has removed it. */
  readonly onExcluded: (type: "lost" | "removed", reason: string) => void;
}

/** The peers of one node, and the transport to them. */
export class PeerBook {
  readonly transport: Transport;
  /** The births of the journals of those that this process has met, and its own. */
  readonly met: Map<number, number>;
  readonly #parts: PeerBookOptions;
  readonly #addresses = new Map<number, string>();
  /** By which journal each member is known to the members. */
  readonly #births: Births;
  #isFileBusy = false;
  /** The members' file is to be written once the log is durable up to here; `null` if it is right. */
  #saveAt: number | null = null;
  #isClosed = false;
  #address: Address;

  constructor(parts: PeerBookOptions) {
    this.#parts = parts;
    const { options, clock, known, onFrame } = parts;
    const { birth } = parts.journal;
    this.#address = options.listen;
    this.met = new Map([[options.id, birth]]);
    for (const [id, address] of options.peers) this.#addresses.set(id, formatAddress(address));
    this.#births = new Births(new Map([...known].map(([id, member]) => [id, member.birth])));
    for (const [id, { address }] of known) if (id !== options.id) this.#addresses.set(id, address);
    for (const [id, address] of options.routes) this.#addresses.set(id, formatAddress(address));
    this.transport = createTransport({
      ...{ clusterId: options.clusterId, nodeId: options.id, address: options.listen, advertise: options.advertise },
      peers: new Map([...this.#addresses].map(([id, address]) => [id, parseAddress(address)])),
      ...{ secret: secretOf(options), tls: options.peerTls, clock, birth, onFrame },
      random: (below) => randomInt(below),
      admit: (stranger, listens) => this.#admit(stranger, listens),
      birthOf: (peer) => this.#births.of(peer),
      onMet: (peer, found) => void this.met.set(peer, found),
      onState: ({ peer, isConnected, reason }) => {
        if (!isConnected) return parts.warnings.once(`way to ${peer}`, "peer lost", { peer, reason });
        parts.warnings.over(`way to ${peer}`);
        parts.log("info", "peer connected", { peer, reason });
      },
      onRefused: (refusal) => this.#refused(refusal),
    });
  }

  /** Where this node listens for members. */
  get address(): Address {
    return this.#address;
  }

  /** The addresses that the operator gave, and this node's own. */
  get given(): Map<number, string> {
    const { options } = this.#parts;
    const known = new Map([...options.peers].map(([peer, at]) => [peer, formatAddress(at)]));
    return known.set(options.id, formatAddress(this.advertised));
  }

  /** By what members reach it. */
  get advertised(): Address {
    return this.#parts.options.advertise ?? this.#address;
  }

  /** Begins to listen and to dial. */
  start(done: (error: Error | null) => void): void {
    this.transport.start((error, address) => {
      if (error !== null) return done(error);
      this.#address = address;
      this.onDirectory();
      done(null);
    });
  }

  close(done: () => void): void {
    this.#isClosed = true;
    this.transport.close(done);
  }

  /** Follows the directory: births of all, addresses of those that have proven themselves. */
  onDirectory(): void {
    const { options } = this.#parts;
    const entries = this.#parts.entries();
    this.#births.follow(entries);
    for (const [member, { address, birth }] of entries) {
      if (birth === 0) continue;
      const route = options.routes.get(member);
      const at = route === undefined ? address : formatAddress(route);
      if (member !== options.id && this.#addresses.get(member) !== at) this.#connect(member, at);
    }
    this.#saveMembers();
  }

  /** Forgets peers that neither are members nor become members. Without a leader nobody can tell. */
  dismissStrangers(): void {
    const { leader, configuration } = this.#parts.status();
    if (leader === null) return;
    const members: readonly number[] = membersOf(configuration);
    for (const peer of [...this.#addresses.keys()]) {
      if (peer === leader || this.#parts.entries().has(peer) || members.includes(peer)) continue;
      this.#addresses.delete(peer);
      this.transport.removePeer(peer);
      this.#saveMembers();
    }
  }

  #connect(member: number, address: string): void {
    let at: Address;
    try {
      at = parseAddress(address);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return this.#parts.log("warn", "bad address", { member, address });
    }
    this.#addresses.set(member, address);
    this.transport.addPeer(member, at);
  }

  /**
   * Whether a node is heard that has proven the secret but is no peer yet. A member is, and so is everybody while there
   * is no leader: a node that was away does not know who came meanwhile, and one of them may lead (Raft dissertation,
   * 4.2.2: a server hears leaders and candidates that are not in its configuration).
   */
  #admit(stranger: number, listens: string): Address | HandshakeRefusal {
    const { leader, configuration, configurationIndex, commitIndex } = this.#parts.status();
    const members: readonly number[] = membersOf(configuration);
    const isNewAllowed = leader === null && this.#addresses.size < PEERS_MAX;
    if (!isNewAllowed && !members.includes(stranger)) {
      const index = configurationIndex <= commitIndex ? configurationIndex : 0;
      return { type: "no member", reason: `node ${stranger} is not a member`, index };
    }
    try {
      const reached = this.#parts.options.routes.get(stranger) ?? parseAddress(listens);
      this.#addresses.set(stranger, formatAddress(reached));
      return reached;
    } catch (error) {
      if (error instanceof SyntaxError) return { type: "refused", reason: error.message };
      throw error;
    }
  }

  #refused({ direction, peer, remote, reason, type, index }: Refusal): void {
    const { options, warnings, journal, status, onExcluded } = this.#parts;
    const fields = { direction, peer, remote, reason };
    if (peer === null) warnings.ofStranger("peer refused", fields);
    else warnings.once(`${direction} ${peer}`, "peer refused", fields);
    // A node that is known by this very journal was added anew, and the peer has yet to hear of it.
    if (type === "lost" && this.#births.of(options.id) !== journal.birth) {
      onExcluded("lost", `Node ${peer} refuses this node: ${reason}`);
    }
    if (type !== "no member") return;
    const { configuration, configurationIndex } = status();
    const isMember = membersOf(configuration).some((member) => member === options.id);
    // A node that is not a member by its own log either may be about to join.
    const isRemoved = isMember ? index > configurationIndex : index > 0 && options.join === null;
    if (isRemoved) onExcluded("removed", `Node ${peer} says that this node was removed from the cluster`);
  }

  /** What the members' file should say. */
  #known(): Map<number, KnownMember> {
    const addresses = new Map(this.#addresses).set(this.#parts.options.id, formatAddress(this.advertised));
    return new Map([...addresses].map(([id, address]) => [id, { address, birth: this.#births.of(id) }]));
  }

  /**
   * The file must not be ahead of the log: after a crash, a member whose removal was lost with the log's end would be
   * known by no journal, and could come back with an empty one.
   */
  #saveMembers(): void {
    this.#saveAt = this.#parts.journal.lastIndex;
  }

  /** Writes the members' file when it is due. */
  tick(): void {
    if (this.#saveAt === null || this.#isFileBusy || this.#isClosed) return;
    if (this.#parts.journal.durableIndex < this.#saveAt) return;
    this.#saveAt = null;
    this.#isFileBusy = true;
    const written = membersBytes(this.#known());
    replaceFile(this.#parts.disk, MEMBERS_FILE, written, (error) => {
      this.#isFileBusy = false;
      if (error !== null) this.#parts.log("warn", "members not saved", { reason: error.message });
    });
  }
}

/**
 * Where certificates stand for it, the secret is empty. A node that has neither trusts nobody, and so its secret is one
 * that nobody knows.
 */
function secretOf({ secret, peerTls }: NodeOptions): Uint8Array {
  return secret ?? (peerTls === null ? randomBytes(32) : new Uint8Array(0));
}

/**
 * The peers that this node knows: the address of each peer, the birth of each member's journal, and which nodes that
 * dial in are admitted.
 *
 * The node dials an address only if the operator gave it, or a node that has proven the cluster's secret. An address
 * that a client gives with `RAFT ADD` is not enough.
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

/** The maximum of peers; beyond it no other node becomes one. */
const PEERS_MAX = 64;

/** The parts that the book needs. */
interface PeerBookOptions {
  readonly options: NodeOptions;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
  readonly warnings: Warnings;
  readonly journal: Journal;
  /** The content of the members' file. */
  readonly known: ReadonlyMap<number, KnownMember>;
  /** The entries of the directory. */
  readonly entries: () => ReadonlyMap<number, DirectoryEntry>;
  readonly status: () => RaftStatus;
  readonly onFrame: (from: number, frame: Uint8Array) => void;
  /** Called when the connection to a peer was lost. */
  readonly onLost: (peer: number) => void;
  /** Called when the cluster knows this node by another journal, or has removed it. */
  readonly onExcluded: (type: "lost" | "removed", reason: string) => void;
}

/** The peers of one node, and the transport to them. */
export class PeerBook {
  readonly transport: Transport;
  /** The births of the journals of the nodes that this process has met, and of its own. */
  readonly met: Map<number, number>;
  readonly #parts: PeerBookOptions;
  readonly #addresses = new Map<number, string>();
  /** The birth of each member's journal, as the members know it. */
  readonly #births: Births;
  #isFileBusy = false;
  /** The members' file must be written once the log is durable up to this index; `null` if the file is current. */
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
        if (!isConnected) {
          parts.onLost(peer);
          return parts.warnings.once(`way to ${peer}`, "peer lost", { peer, reason });
        }
        parts.warnings.over(`way to ${peer}`);
        parts.log("info", "peer connected", { peer, reason });
      },
      onRefused: (refusal) => this.#refused(refusal),
    });
  }

  /** The address at which this node listens for members. */
  get address(): Address {
    return this.#address;
  }

  /** The addresses that the operator gave, and this node's own. */
  get given(): Map<number, string> {
    const { options } = this.#parts;
    const known = new Map([...options.peers].map(([peer, at]) => [peer, formatAddress(at)]));
    return known.set(options.id, formatAddress(this.advertised));
  }

  /** The address by which members reach this node. */
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

  /** Takes over the directory: the births of all members, and the addresses of those that have proven the secret. */
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

  /** Forgets peers that are not members and are not becoming members. Without a leader this cannot be decided. */
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
   * Decides whether to admit a node that has proven the secret but is not a peer yet. It admits members, and every node
   * while there is no leader: a node that was away does not know who joined meanwhile, and one of those may lead (Raft
   * dissertation, 4.2.2: a server handles requests of leaders and candidates that are not in its configuration).
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
    // A node with this very journal was added again, and the peer has yet to hear of it.
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

  /** The content that the members' file should have. */
  #known(): Map<number, KnownMember> {
    const addresses = new Map(this.#addresses).set(this.#parts.options.id, formatAddress(this.advertised));
    return new Map([...addresses].map(([id, address]) => [id, { address, birth: this.#births.of(id) }]));
  }

  /**
   * The file must not be ahead of the log. Otherwise, if a crash lost the end of the log with a member's removal, the
   * file would know no journal of that member, and it could come back with an empty one.
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
 * The secret is empty if certificates replace it. A node that has neither trusts nobody: its secret is random, so
 * nobody knows it.
 */
function secretOf({ secret, peerTls }: NodeOptions): Uint8Array {
  return secret ?? (peerTls === null ? randomBytes(32) : new Uint8Array(0));
}

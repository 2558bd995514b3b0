/**
 * The transport between the nodes of a live cluster: frames over TCP, one connection a direction, with mutual TLS if
 * asked for.
 *
 * It promises little, as Raft needs little: a frame arrives whole and once, after those that were sent before it on the
 * same connection, or never. What it does promise is that nothing grows without bound and that nobody is listened to
 * whom the node does not take for a member of its cluster.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { type Claim, type HandshakeRefusal, PEER_VERSIONS, type PeerVersions } from "./handshake.ts";
import { createDialer, type Dialer, type DialerStatus } from "./peer_dialer.ts";
import { createListener } from "./peer_listener.ts";
import {
  type Address,
  formatAddress,
  PEER_LIMITS,
  PEER_TIMES,
  type PeerLimits,
  type PeerTimes,
  type TlsIdentity,
} from "./peer_options.ts";

/** A node's place in the network. */
export interface TransportOptions {
  /** The cluster: at most 255 bytes of UTF-8. */
  readonly clusterId: string;
  /** This node. */
  readonly nodeId: number;
  /** Where it listens. */
  readonly address: Address;
  /** By what the peers reach it, if not by `address`. */
  readonly advertise?: Address | null;
  /** The other members, and where they listen. */
  readonly peers: ReadonlyMap<number, Address>;
  /**
   * A node of this cluster that is no peer has greeted, and says where it listens: by what it is reached as a peer from
   * now on, or why it is refused. Left out, it refuses everybody.
   */
  readonly admit?: (stranger: number, listens: string) => Address | HandshakeRefusal;
  /** What it waits on. */
  readonly clock: Clock;
  /** A random whole number from 0 to below the bound: what keeps nodes from reconnecting in step. */
  readonly random: (below: number) => number;
  /** What the members share: who does not know it is heard by nobody. */
  readonly secret: Uint8Array;
  /** The versions that this node speaks, if not `PEER_VERSIONS`. */
  readonly versions?: PeerVersions;
  /** Certificates; without them everything is in clear. */
  readonly tls?: TlsIdentity | null;
  /** Bounds; each that is left out is `PEER_LIMITS`'s. */
  readonly limits?: Partial<PeerLimits>;
  /** Times; each that is left out is `PEER_TIMES`'s. */
  readonly times?: Partial<PeerTimes>;
  /**
   * A frame of a peer, in the version that was agreed on; the memory is the callee's. A SyntaxError that it throws ends
   * that peer's connection and is told to `onRefused`.
   */
  readonly onFrame: (from: number, frame: Uint8Array, version: number) => void;
  /** The connection to a peer was made or has ended. */
  readonly onState?: (state: PeerState) => void;
  /** The birth of this node's journal; 0 if left out. */
  readonly birth?: number;
  /** The birth of the journal by which a peer is known; 0, as if left out, where none is: then any is right. */
  readonly birthOf?: (peer: number) => number;
  /** A peer has shaken hands: the birth of its journal. */
  readonly onMet?: (peer: number, birth: number) => void;
  /** Somebody was refused, or refused this node. */
  readonly onRefused?: (refusal: Refusal) => void;
}

/** The connection to a peer was made or has ended. */
export interface PeerState {
  /** The peer. */
  readonly peer: number;
  /** Whether frames can leave for it. */
  readonly isConnected: boolean;
  /** What happened, for the log. */
  readonly reason: string;
}

/** Somebody was refused, or refused this node. */
export interface Refusal {
  /** `in`: this node refused; `out`: it was refused. */
  readonly direction: "in" | "out";
  /** The other node; `null` if it did not say. */
  readonly peer: number | null;
  /** Where the other node is, as far as it is known. */
  readonly remote: string;
  /** Why, for the log. */
  readonly reason: string;
  /** `lost`: the peer knows this node by another journal, which it must have lost. */
  readonly type: HandshakeRefusal["type"];
  /** Of `no member`: where the peer's log has the committed configuration without this node. */
  readonly index: number;
}

/** The transport of one node. */
export interface Transport {
  /** Begins to listen, tells the address in use, and begins to connect to the peers. */
  start(done: (error: Error | null, address: Address) => void): void;
  /**
   * Sends a frame to a peer. It is copied, and leaves at the end of this turn of the event loop, or at `flush`.
   *
   * @returns `false` if it surely never arrives: the peer is not known, or out of reach.
   * @throws {RangeError} If it is empty or too long.
   */
  send(to: number, frame: Uint8Array): boolean;
  /** Writes what was sent, at once. */
  flush(): void;
  /** Makes a node a peer, or gives a peer another address. */
  addPeer(id: number, address: Address): void;
  /** Ends the connections with a peer, and refuses further ones. */
  removePeer(id: number): void;
  /** The version of the peers' protocol that was agreed on with a peer; 0 where there was no connection yet. */
  versionOf(peer: number): number;
  /** How the connections are, by peer. */
  status(): Map<number, PeerStatus>;
  /** Ends everything; what was sent is with the system when `done` is called, unless a peer takes nothing. */
  close(done: () => void): void;
}

/** How the connections with a peer are. */
export interface PeerStatus extends DialerStatus {
  /** Where it is dialled. */
  readonly address: Address;
  /** Whether the peer is connected to this node. */
  readonly isConnectedHere: boolean;
}

function notAMember(stranger: number): HandshakeRefusal {
  return { type: "refused", reason: `node ${stranger} is not a member` };
}

/** The highest number of a node. */
const NODE_ID_MAX = 1_048_575;

/** Makes the transport of a node. */
export function createTransport(options: TransportOptions): Transport {
  const limits = { ...PEER_LIMITS, ...options.limits };
  const times = { ...PEER_TIMES, ...options.times };
  const { clusterId, nodeId, secret, clock, random, tls = null, onState = () => {}, onRefused = () => {} } = options;
  const { versions = PEER_VERSIONS } = options;
  const { birth = 0, birthOf = () => 0, onMet = () => {}, admit = notAMember, advertise = null } = options;
  const addresses = new Map(options.peers);
  const dialers = new Map<number, Dialer>();
  let isRunning = false;
  let advertised = formatAddress(advertise ?? options.address);

  const refused = (reason: string): HandshakeRefusal => ({ type: "refused", reason });

  const judge = ({ from, birth: found, address }: Claim): HandshakeRefusal | null => {
    if (from < 1 || from > NODE_ID_MAX) return refused(`a node has a number from 1 to ${NODE_ID_MAX}`);
    if (from === nodeId) return refused(`node ${from} is this node itself`);
    if (addresses.has(from)) return judgeBirth(from, found);
    const reached = admit(from, address);
    if ("reason" in reached) return reached;
    const refusal = judgeBirth(from, found);
    if (refusal === null) addPeer(from, reached);
    return refusal;
  };

  const judgeBirth = (peer: number, found: number): HandshakeRefusal | null => {
    const known = birthOf(peer);
    if (known !== 0 && known !== found) {
      const reason = `node ${peer} has begun its journal anew and may have forgotten what it promised: ` +
        "it can come back only as a new member, once it is removed";
      return { type: "lost", reason };
    }
    onMet(peer, found);
    return null;
  };

  const listener = createListener({
    ...{ address: options.address, tls, limits, times, clock },
    identity: { clusterId, nodeId, birth, secret, versions, judge },
    onFrame: options.onFrame,
    onRefused: (reason, remote, peer) =>
      onRefused({ direction: "in", peer, remote, reason, type: "refused", index: 0 }),
  });

  const dial = (peer: number, address: Address): void => {
    const dialer = createDialer({
      identity: { clusterId, nodeId, birth, advertised, peer, secret, versions },
      ...{ address, tls, limits, times, clock, random },
      judge: (found) => judgeBirth(peer, found),
      onState: (isConnected, reason) => onState({ peer, isConnected, reason }),
      onRefused: ({ type, reason, index = 0 }) =>
        onRefused({ direction: "out", peer, remote: formatAddress(address), reason, type, index }),
    });
    dialers.set(peer, dialer);
  };

  const hangUp = (peer: number, done: () => void = () => {}): void => {
    dialers.get(peer)?.close(done);
    dialers.delete(peer);
  };

  const addPeer = (id: number, address: Address): void => {
    const known = addresses.get(id);
    if (id === nodeId || (known?.host === address.host && known.port === address.port)) return;
    addresses.set(id, address);
    hangUp(id);
    if (isRunning) dial(id, address);
  };

  return {
    start(done) {
      listener.listen((error, address) => {
        if (error === null) {
          advertised = formatAddress(advertise ?? address);
          isRunning = true;
          for (const [peer, peerAddress] of addresses) dial(peer, peerAddress);
        }
        done(error, address);
      });
    },
    send: (to, frame) => dialers.get(to)?.send(frame) ?? false,
    flush() {
      for (const dialer of dialers.values()) dialer.flush();
    },
    addPeer,
    removePeer(id) {
      addresses.delete(id);
      hangUp(id);
      listener.drop(id);
    },
    versionOf: (peer) => dialers.get(peer)?.status().version ?? 0,
    status() {
      const here = new Set(listener.peers());
      const none = { isConnected: false, version: 0, queuedFrames: 0, queuedBytes: 0, dropped: 0, failures: 0 };
      return new Map([...addresses].map(([id, address]) => {
        return [id, { ...(dialers.get(id)?.status() ?? none), address, isConnectedHere: here.has(id) }];
      }));
    },
    close(done) {
      isRunning = false;
      let waits = dialers.size + 1;
      const ended = (): void => {
        if (--waits === 0) done();
      };
      for (const peer of [...dialers.keys()]) hangUp(peer, ended);
      listener.close(ended);
    },
  };
}

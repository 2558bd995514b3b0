/**
 * The transport between the nodes of a live cluster: frames over TCP, one connection for each direction, optionally
 * with mutual TLS.
 *
 * Raft needs little, so the transport guarantees little: a frame arrives complete and once, after those that were sent
 * before it on the same connection, or it never arrives. The transport does guarantee that no queue grows without
 * limit, and that it accepts frames only from nodes that have proven to be members of the cluster.
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

/** A node's identity and options in the network. */
export interface TransportOptions {
  /** The cluster's name: at most 255 bytes of UTF-8. */
  readonly clusterId: string;
  /** This node's number. */
  readonly nodeId: number;
  /** The address at which it listens. */
  readonly address: Address;
  /** The address by which the peers reach it, if not `address`. */
  readonly advertise?: Address | null;
  /** The other members, with their addresses. */
  readonly peers: ReadonlyMap<number, Address>;
  /**
   * Decides on a node of this cluster that dials in and is not a peer. Gets the node's number and the address at which
   * it says that it listens. Returns the address at which to dial it as a peer from now on, or a refusal. If left out,
   * all such nodes are refused.
   */
  readonly admit?: (stranger: number, listens: string) => Address | HandshakeRefusal;
  /** The clock for all waits. */
  readonly clock: Clock;
  /** Draws a random whole number from 0 to below the bound, so that nodes do not all reconnect at the same moment. */
  readonly random: (below: number) => number;
  /** The secret that the members share. A node that does not know it is refused. */
  readonly secret: Uint8Array;
  /** The versions that this node speaks. Default: `PEER_VERSIONS`. */
  readonly versions?: PeerVersions;
  /** Certificates. Without them connections are not encrypted. */
  readonly tls?: TlsIdentity | null;
  /** The limits. Default: those of `PEER_LIMITS`. */
  readonly limits?: Partial<PeerLimits>;
  /** The timeouts. Default: those of `PEER_TIMES`. */
  readonly times?: Partial<PeerTimes>;
  /**
   * Called with a frame of a peer, and the agreed version. The callee may keep the memory. If it throws a SyntaxError,
   * the peer's connection ends, and `onRefused` gets the error.
   */
  readonly onFrame: (from: number, frame: Uint8Array, version: number) => void;
  /** Called when the connection to a peer was made or lost. */
  readonly onState?: (state: PeerState) => void;
  /** The birth of this node's journal; 0 if left out. */
  readonly birth?: number;
  /**
   * The birth of the journal by which a peer is known; 0, or left out, if it is unknown: then any birth is accepted.
   */
  readonly birthOf?: (peer: number) => number;
  /** Called after a handshake with a peer, with the birth of its journal. */
  readonly onMet?: (peer: number, birth: number) => void;
  /** Called when this node refused a node, or was refused by one. */
  readonly onRefused?: (refusal: Refusal) => void;
}

/** A change of the connection to a peer. */
export interface PeerState {
  /** The peer. */
  readonly peer: number;
  /** Whether frames can be sent to it. */
  readonly isConnected: boolean;
  /** What happened, as text for the log. */
  readonly reason: string;
}

/** A refused handshake. */
export interface Refusal {
  /** `in`: this node refused the other; `out`: the other refused this node. */
  readonly direction: "in" | "out";
  /** The other node; `null` if it did not give its number. */
  readonly peer: number | null;
  /** The other node's address, as far as it is known. */
  readonly remote: string;
  /** The reason, as text for the log. */
  readonly reason: string;
  /** The type of the refusal. `lost`: the peer knows this node by another journal, which it must have lost. */
  readonly type: HandshakeRefusal["type"];
  /** For `no member`: the index, in the peer's log, of the committed configuration without this node. */
  readonly index: number;
}

/** The transport of one node. */
export interface Transport {
  /** Begins to listen and to dial the peers. `done` gets the address in use. */
  start(done: (error: Error | null, address: Address) => void): void;
  /**
   * Sends a frame to a peer, at the end of this turn of the event loop or at `flush`. The caller must not change it
   * afterwards: only short frames are copied.
   *
   * @returns `false` if the frame certainly never arrives: the peer is unknown or out of reach.
   * @throws {RangeError} If the frame is empty or too long.
   */
  send(to: number, frame: Uint8Array): boolean;
  /** Writes the sent frames at once. */
  flush(): void;
  /** Makes a node a peer, or gives a peer another address. */
  addPeer(id: number, address: Address): void;
  /** Ends the connections with a peer, and refuses further ones. */
  removePeer(id: number): void;
  /**
   * The protocol version that was agreed on with a peer; 0 while there is no connection. A frame that is sent then must
   * have the form of the oldest version that this program speaks.
   */
  versionOf(peer: number): number;
  /** The state of the connections, by peer. */
  status(): Map<number, PeerStatus>;
  /** Ends everything. Calls `done` once the system has taken all sent frames, unless a peer reads nothing. */
  close(done: () => void): void;
}

/** The state of the connections with a peer. */
export interface PeerStatus extends DialerStatus {
  /** The address at which it is dialled. */
  readonly address: Address;
  /** Whether the peer has a connection to this node. */
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
      const reason = `node ${peer} has begun a new journal and may have lost what it acknowledged: ` +
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

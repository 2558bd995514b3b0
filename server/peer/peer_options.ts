/**
 * What the transport between peers can be told: addresses, times, limits, certificates.
 *
 * @module
 */
import { SECOND } from "../clock.ts";

/** Where a node listens. */
export interface Address {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  /** From 0, any that is free, to 65535. */
  readonly port: number;
}

/**
 * Reads `host:port` or `[::1]:port`.
 *
 * @throws {SyntaxError} If it is neither.
 */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new SyntaxError(`An address is HOST:PORT, but was given ${JSON.stringify(text.slice(0, 100))}`);
  }
  return { host: (match[1] ?? match[2])!, port };
}

/** Writes an address as `parseAddress` reads it. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * Mutual TLS 1.3: each side shows a certificate that an authority has signed, and the one that is dialled one for its
 * host. PEM.
 */
export interface TlsIdentity {
  /** This side's key. */
  readonly key: string | Uint8Array;
  /**
   * This side's certificate. A node's, for other nodes, also has the name `node-N` among its alternative names, N being
   * its number.
   */
  readonly cert: string | Uint8Array;
  /**
   * The authority that signs the certificates of the other side. Nodes and clients have different ones: a client is no
   * node.
   */
  readonly ca: string | Uint8Array;
}

/** Bounds of what a transport holds. */
export interface PeerLimits {
  /** The longest frame, 64 MiB by default. */
  readonly maxFrameBytes: number;
  /** The most frames that wait for one peer, 4096 by default. */
  readonly maxQueuedFrames: number;
  /** The most bytes that wait for one peer, 64 MiB by default; one frame may be longer. */
  readonly maxQueuedBytes: number;
  /** The most connections that have not shaken hands, 64 by default; a further one takes the place of the oldest. */
  readonly maxPendingConnections: number;
}

/** Times in nanoseconds. */
export interface PeerTimes {
  /** How long a connection may take until both have shaken hands, 2 s by default. */
  readonly handshake: number;
  /** From one ping to the next, 1 s by default. */
  readonly ping: number;
  /** How long a connection may be silent before it counts as dead, 4 s by default. */
  readonly silence: number;
  /** The wait after a first failure to connect, 50 ms by default; it doubles with every further one, */
  readonly backoffMin: number;
  /** up to this, 1 s by default. Half of each wait is random. */
  readonly backoffMax: number;
}

/** The limits, where nothing else is asked for. */
export const PEER_LIMITS: PeerLimits = {
  maxFrameBytes: 64 << 20,
  maxQueuedFrames: 4096,
  maxQueuedBytes: 64 << 20,
  maxPendingConnections: 64,
};

/** The times, where nothing else is asked for. */
export const PEER_TIMES: PeerTimes = {
  handshake: 2 * SECOND,
  ping: SECOND,
  silence: 4 * SECOND,
  backoffMin: SECOND / 20,
  backoffMax: SECOND,
};

/** The numbers of the nodes that a certificate is for, by its alternative names as `node:tls` words them. */
export function nodesOf(subjectAltName: string | undefined): number[] {
  const names = (subjectAltName ?? "").split(", ");
  return names.flatMap((name) => /^DNS:node-([1-9]\d{0,6})$/.exec(name)?.slice(1).map(Number) ?? []);
}

/** A key or certificate as text, as every runtime takes it. */
export function pem(value: string | Uint8Array): string {
  return typeof value === "string" ? value : new TextDecoder().decode(value);
}

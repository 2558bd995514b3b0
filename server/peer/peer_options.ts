/**
 * The options of the transport between peers: addresses, timeouts, limits, certificates.
 *
 * @module
 */
import { SECOND } from "../clock.ts";

/** The address of a listening node. */
export interface Address {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  /** From 0, which picks a free port, to 65535. */
  readonly port: number;
}

/**
 * Reads `host:port` or `[::1]:port`.
 *
 * @throws {SyntaxError} If the text is neither.
 */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new SyntaxError(`An address is HOST:PORT, but was given ${JSON.stringify(text.slice(0, 100))}`);
  }
  return { host: (match[1] ?? match[2])!, port };
}

/** Formats an address in the form that `parseAddress` reads. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a socket that listens on this host is reachable only from this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * Mutual TLS 1.3, in PEM: each side shows a certificate that an authority has signed. The dialled side's certificate
 * must also be valid for its host.
 */
export interface TlsIdentity {
  /** This side's key. */
  readonly key: string | Uint8Array;
  /**
   * This side's certificate. A node's certificate for other nodes also has the alternative name `node-N`, where N is
   * the node's number.
   */
  readonly cert: string | Uint8Array;
  /**
   * The authority that signs the other side's certificates. Use different ones for nodes and clients, so a client
   * cannot pass for a node.
   */
  readonly ca: string | Uint8Array;
}

/** The limits of a transport. */
export interface PeerLimits {
  /** The longest frame, 64 MiB by default. */
  readonly maxFrameBytes: number;
  /** The most frames that wait for one peer, 65,536 by default. */
  readonly maxQueuedFrames: number;
  /** The most bytes that wait for one peer, 64 MiB by default; one frame may be longer. */
  readonly maxQueuedBytes: number;
  /** The most connections without a completed handshake, 64 by default; another one replaces the oldest. */
  readonly maxPendingConnections: number;
}

/** The timeouts of a transport, in nanoseconds. */
export interface PeerTimes {
  /** How long a connection may take until its handshake is complete, 2 s by default. */
  readonly handshake: number;
  /** From one ping to the next, 1 s by default. */
  readonly ping: number;
  /** How long a connection may be silent before it counts as dead, 4 s by default. */
  readonly silence: number;
  /** The wait after a first failure to connect, 50 ms by default. It doubles with each further failure. */
  readonly backoffMin: number;
  /** The longest wait after a failure to connect, 1 s by default. Half of each wait is random. */
  readonly backoffMax: number;
}

/** The default limits. */
export const PEER_LIMITS: PeerLimits = {
  maxFrameBytes: 64 << 20,
  maxQueuedFrames: 65_536,
  maxQueuedBytes: 64 << 20,
  maxPendingConnections: 64,
};

/** The default timeouts. */
export const PEER_TIMES: PeerTimes = {
  handshake: 2 * SECOND,
  ping: SECOND,
  silence: 4 * SECOND,
  backoffMin: SECOND / 20,
  backoffMax: SECOND,
};

/** The node numbers in a certificate's alternative names, in the format of `node:tls`. */
export function nodesOf(subjectAltName: string | undefined): number[] {
  const names = (subjectAltName ?? "").split(", ");
  return names.flatMap((name) => /^DNS:node-([1-9]\d{0,6})$/.exec(name)?.slice(1).map(Number) ?? []);
}

/** A key or certificate as text, which every runtime accepts. */
export function pem(value: string | Uint8Array): string {
  return typeof value === "string" ? value : new TextDecoder().decode(value);
}

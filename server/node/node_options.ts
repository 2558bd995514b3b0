/**
 * What a live node is told.
 *
 * @module
 */
import type { ReadMode } from "../replica/client.ts";
import { CLIENT_LIMITS, type ClientLimits } from "../redis/client_listener.ts";
import { type Address, isLoopback, type PeerTls } from "../peer/peer_options.ts";
import { STORE_LIMITS, type StoreLimits } from "../redis/resp_execute.ts";

/** The options of a node; each is a flag of `serve`. */
export interface NodeOptions {
  /** This node, from 1 to 1,048,575. */
  readonly id: number;
  /** The cluster's name. */
  readonly clusterId: string;
  /** The data folder. */
  readonly folder: string;
  /** Where it listens for the other members. */
  readonly listen: Address;
  /** By what the other members reach it, if not by `listen`. */
  readonly advertise: Address | null;
  /** Where it listens for clients. */
  readonly client: Address;
  /** The other members at the cluster's first start, and where they listen. Later the journal knows who they are, and the directory where. */
  readonly peers: ReadonlyMap<number, Address>;
  /** By what this node reaches members, whatever the directory says: through a proxy, or a translated address. */
  readonly routes: ReadonlyMap<number, Address>;
  /** A member's client address: this node asks it to be added. */
  readonly join: Address | null;
  /** How reads are done unless a client asks otherwise. */
  readonly reads: ReadMode;
  /** What clients must know, as a binary string; `null` lets everybody in. */
  readonly password: string | null;
  /** Certificates for members and clients. */
  readonly tls: PeerTls | null;
  /** Listens beyond loopback without certificates. */
  readonly isInsecure: boolean;
  /** A tick of the node's clock in milliseconds. */
  readonly tickMs: number;
  /** A member that hears of no leader for so many ticks, and up to twice as many, campaigns. */
  readonly electionTicks: number;
  /** A snapshot is taken after so many bytes of writes, or as many as the last one had. */
  readonly compactionBytes: number;
  readonly clientLimits: ClientLimits;
  readonly storeLimits: StoreLimits;
}

/** The options that have a default. */
export const NODE_DEFAULTS: Omit<NodeOptions, "id" | "folder" | "listen" | "client"> = {
  clusterId: "kaya",
  advertise: null,
  peers: new Map(),
  routes: new Map(),
  join: null,
  reads: "index",
  password: null,
  tls: null,
  isInsecure: false,
  tickMs: 25,
  electionTicks: 20,
  compactionBytes: 16 << 20,
  clientLimits: CLIENT_LIMITS,
  storeLimits: STORE_LIMITS,
};

/** The longest name of a cluster, in bytes. */
const CLUSTER_ID_MAX = 255;

/**
 * Refuses what no node can be, and to be heard beyond this machine without certificates.
 *
 * @throws {RangeError} That says how to go on.
 */
export function checkOptions({ clusterId, listen, client, advertise, tls, isInsecure }: NodeOptions): void {
  const length = new TextEncoder().encode(clusterId).length;
  if (length === 0 || length > CLUSTER_ID_MAX) {
    throw new RangeError(`A cluster's name has from 1 to ${CLUSTER_ID_MAX} bytes, but this one has ${length}`);
  }
  for (const { host } of tls !== null || isInsecure ? [] : [listen, client]) {
    if (isLoopback(host)) continue;
    throw new RangeError(
      `Cannot listen on ${host}, beyond loopback, without certificates: give --tls-cert, --tls-key and --tls-ca, or --insecure`,
    );
  }
  if (advertise === null && (listen.host === "0.0.0.0" || listen.host === "::")) {
    throw new RangeError(
      `Cannot tell the other members to reach this one at ${listen.host}, which is every address: give --advertise`,
    );
  }
}

/**
 * What a live node is told.
 *
 * @module
 */
import type { ReadMode } from "../replica/client.ts";
import type { StateMachine } from "../replica/state_machine.ts";
import { CLIENT_LIMITS, type ClientLimits } from "../redis/client_limits.ts";
import { type Address, isLoopback, type TlsIdentity } from "../peer/peer_options.ts";
import { SECRET_BYTES_MAX, SECRET_BYTES_MIN } from "../peer/secret.ts";
import { STORE_LIMITS, type StoreLimits } from "../redis/resp_execute.ts";
import { defaultQuota, type QuotaLimits } from "./quota.ts";

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
  /**
   * The other members at the cluster's first start, and where they listen. Later the journal knows who they are, and
   * the directory where.
   */
  readonly peers: ReadonlyMap<number, Address>;
  /** By what this node reaches members, whatever the directory says: through a proxy, or a translated address. */
  readonly routes: ReadonlyMap<number, Address>;
  /** A member's client address: this node asks it to be added. */
  readonly join: Address | null;
  /** Where it tells its metrics; `null` for nowhere. */
  readonly metrics: Address | null;
  /** How reads are done unless a client asks otherwise. */
  readonly reads: ReadMode;
  /** What clients must know, as a binary string; `null` lets everybody in. */
  readonly password: string | null;
  /**
   * What the members share, and nobody else knows; `null` where certificates take its place, or where there are no
   * other members.
   */
  readonly secret: Uint8Array | null;
  /** Certificates among the members: the alternative names of a member's have `node-N`, N being its number. */
  readonly peerTls: TlsIdentity | null;
  /** Certificates for clients, from an authority of their own. */
  readonly tls: TlsIdentity | null;
  /** Listens beyond loopback without certificates. */
  readonly isInsecure: boolean;
  /**
   * An operator says that nothing of a damaged last batch of the log is needed. Acknowledged writes may be lost.
   */
  readonly acceptsLostTail: boolean;
  /** A tick of the node's clock in milliseconds. */
  readonly tickMs: number;
  /** A member that hears of no leader for so many ticks, and up to twice as many, campaigns. */
  readonly electionTicks: number;
  /** A snapshot is taken after so many bytes of writes, or as many as the last one had. */
  readonly compactionBytes: number;
  /** How much it may hold. */
  readonly quota: QuotaLimits;
  /** Makes the state machine; `null` for the key-value store. */
  readonly machine: (() => StateMachine) | null;
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
  metrics: null,
  reads: "index",
  machine: null,
  password: null,
  secret: null,
  peerTls: null,
  tls: null,
  isInsecure: false,
  acceptsLostTail: false,
  tickMs: 25,
  electionTicks: 20,
  compactionBytes: 16 << 20,
  quota: defaultQuota(),
  clientLimits: CLIENT_LIMITS,
  storeLimits: STORE_LIMITS,
};

/** The longest name of a cluster, in bytes. */
const CLUSTER_ID_MAX = 255;

/**
 * Refuses what no node can be, to have members without a secret, and to be heard beyond this machine without
 * certificates.
 *
 * @throws {RangeError} That says how to go on.
 */
export function checkOptions(options: NodeOptions): void {
  const { clusterId, listen, client, advertise, isInsecure } = options;
  const length = new TextEncoder().encode(clusterId).length;
  if (length === 0 || length > CLUSTER_ID_MAX) {
    throw new RangeError(`A cluster's name has from 1 to ${CLUSTER_ID_MAX} bytes, but this one has ${length}`);
  }
  checkTrust(options);
  const isOpen = (host: string): boolean => !isInsecure && !isLoopback(host);
  if (isOpen(listen.host) && options.peerTls === null) {
    throw new RangeError(
      `Cannot listen on ${listen.host}, beyond loopback, without certificates: ` +
        "give --peer-cert, --peer-key and --peer-ca, or --insecure",
    );
  }
  if (isOpen(client.host) && options.tls === null) {
    throw new RangeError(
      `Cannot listen on ${client.host}, beyond loopback, without certificates: ` +
        "give --tls-cert, --tls-key and --tls-ca, or --insecure",
    );
  }
  if (advertise === null && (listen.host === "0.0.0.0" || listen.host === "::")) {
    throw new RangeError(
      `Cannot tell the other members to reach this one at ${listen.host}, which is every address: give --advertise`,
    );
  }
}

function checkTrust({ secret, peerTls, peers, join }: NodeOptions): void {
  if (secret === null && peerTls === null && (peers.size > 0 || join !== null)) {
    throw new RangeError(
      "Cannot trust other members without a secret: give --secret FILE, a file with the same random text for all members, " +
        "or certificates by --peer-cert, --peer-key and --peer-ca",
    );
  }
  if (secret === null || (secret.length >= SECRET_BYTES_MIN && secret.length <= SECRET_BYTES_MAX)) return;
  throw new RangeError(
    `A secret has from ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes, but this one has ${secret.length}`,
  );
}

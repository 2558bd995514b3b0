/**
 * The options of a live node.
 *
 * @module
 */
import type { ReadMode } from "../replica/client.ts";
import type { StateMachine } from "../replica/state_machine.ts";
import { CLIENT_LIMITS, type ClientLimits } from "../redis/client_limits.ts";
import { type Address, isLoopback, type TlsIdentity } from "../peer/peer_options.ts";
import { SECRET_BYTES_MAX, SECRET_BYTES_MIN } from "../peer/secret.ts";
import { STORE_LIMITS, type StoreLimits } from "../redis/resp_translation.ts";
import { defaultQuota, type QuotaLimits } from "./quota.ts";

/** The options of a node; each is a flag of `serve`. */
export interface NodeOptions {
  /** This node's number, from 1 to 1,048,575. */
  readonly id: number;
  /** The cluster's name. */
  readonly clusterId: string;
  /** The data folder. */
  readonly folder: string;
  /** The address at which it listens for the other members. */
  readonly listen: Address;
  /** The address by which the other members reach it, if not `listen`. */
  readonly advertise: Address | null;
  /** The address at which it listens for clients. */
  readonly client: Address;
  /**
   * The other members at the cluster's first start, with their addresses. Later the journal holds the members, and the
   * directory their addresses.
   */
  readonly peers: ReadonlyMap<number, Address>;
  /**
   * Addresses by which this node reaches members, in place of the directory's: for a proxy, or translated addresses.
   */
  readonly routes: ReadonlyMap<number, Address>;
  /** The client address of a member that this node asks to be added. */
  readonly join: Address | null;
  /** The address at which it serves metrics; `null` for none. */
  readonly metrics: Address | null;
  /** How reads are done, unless a client asks otherwise. */
  readonly reads: ReadMode;
  /** The password that clients must give, as a binary string; `null` admits everybody. */
  readonly password: string | null;
  /** The secret that all members share; `null` if certificates replace it, or if there are no other members. */
  readonly secret: Uint8Array | null;
  /** Certificates for connections between members; member N's has the alternative name `node-N`. */
  readonly peerTls: TlsIdentity | null;
  /** Certificates for clients, from a separate authority. */
  readonly tls: TlsIdentity | null;
  /** Whether it may listen beyond loopback without certificates. */
  readonly isInsecure: boolean;
  /**
   * Whether an operator says that nobody needs the content of a damaged last batch of the log. Acknowledged writes may
   * be lost.
   */
  readonly acceptsLostTail: boolean;
  /** The length of a tick in milliseconds. */
  readonly tickMs: number;
  /**
   * The election timeout in ticks: a member that hears from no leader for this long, or up to twice as long, campaigns.
   */
  readonly electionTicks: number;
  /** A snapshot is taken after this many bytes of writes, or as many as the last one had, whichever is more. */
  readonly compactionBytes: number;
  /** The limits of its content. */
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
 * Refuses options that no node can have, members without a secret, and listening beyond this machine without
 * certificates.
 *
 * @throws {RangeError} The message says what to change.
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
      `Cannot give the other members the address ${listen.host}, which stands for every interface: give --advertise`,
    );
  }
}

function checkTrust({ secret, peerTls, peers, join }: NodeOptions): void {
  if (secret === null && peerTls === null && (peers.size > 0 || join !== null)) {
    throw new RangeError(
      "Cannot trust other members without a secret: give --secret FILE, a file with the same random text on all members, " +
        "or certificates by --peer-cert, --peer-key and --peer-ca",
    );
  }
  if (secret === null || (secret.length >= SECRET_BYTES_MIN && secret.length <= SECRET_BYTES_MAX)) return;
  throw new RangeError(
    `A secret has from ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes, but this one has ${secret.length}`,
  );
}

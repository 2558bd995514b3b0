/**
 * How a new node joins a cluster: it asks a member for the addresses of the others, and then to be added.
 *
 * @module
 */
import { type Clock, SECOND } from "../clock.ts";
import { joinProof } from "./member_commands.ts";
import type { NodeOptions } from "./node_options.ts";
import type { StatusObject } from "./node_status.ts";
import { type Address, formatAddress, parseAddress } from "../peer/peer_options.ts";
import { askOnce, ConnectionError } from "../redis/resp_client.ts";

/**
 * The options of a node that joins, with the other members' addresses filled in.
 *
 * @throws {Error} If the member cannot be reached, or belongs to another cluster.
 */
export async function findMembers(options: NodeOptions, member: Address): Promise<NodeOptions> {
  const status = await memberStatus(options, member);
  if (status.cluster !== options.clusterId) {
    throw new Error(
      `Cannot join through ${formatAddress(member)}: it belongs to cluster ${JSON.stringify(status.cluster)}, ` +
        `not to ${JSON.stringify(options.clusterId)} (--cluster names it)`,
    );
  }
  const peers = new Map<number, Address>();
  for (const [id, address] of Object.entries(status.members)) {
    if (Number(id) !== options.id) peers.set(Number(id), parseAddress(address));
  }
  return { ...options, peers };
}

/** How long to keep asking a member that may not have started yet. */
const INSISTS = 30 * SECOND;

/**
 * Repeats a request while the member cannot be reached, for a limited time.
 *
 * @param onWait Called once if it has to wait.
 * @throws {Error} The error of the last attempt, or of the first that reached the member.
 */
export async function insist<T>(ask: () => Promise<T>, clock: Clock, onWait: (reason: Error) => void): Promise<T> {
  const deadline = clock.now() + INSISTS;
  for (let isFirst = true;; isFirst = false) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ConnectionError) || error.wasSent || clock.now() >= deadline) throw error;
      if (isFirst) onWait(error);
    }
    await new Promise<void>((resolve) => clock.after(SECOND, resolve));
  }
}

/** Asks a member for its status. */
export async function memberStatus(
  access: Pick<NodeOptions, "tls" | "password">,
  member: Address,
): Promise<StatusObject> {
  const { tls, password } = access;
  return JSON.parse(String(await askOnce({ address: member, tls, password }, ["RAFT", "STATUS"]))) as StatusObject;
}

/** Asks a member to add this node. The node becomes a voter when it has caught up. */
export async function askToBeAdded(
  options: NodeOptions,
  member: Address,
  advertised: Address,
  birth: number,
): Promise<void> {
  const { tls, password, id, clusterId, secret } = options;
  const address = formatAddress(advertised);
  const proof = secret === null ? [] : [joinProof(secret, clusterId, id, address, birth)];
  await askOnce({ address: member, tls, password }, ["RAFT", "ADD", String(id), address, String(birth), ...proof]);
}

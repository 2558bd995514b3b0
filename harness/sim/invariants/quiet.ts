/**
 * Quiet: after all is healed and all requests have ended, every running member has the same log and the same state,
 * nothing waits at any node, all windows of the leader's flow control are empty, and its directory wishes for nothing.
 *
 * @module
 */
import { isJoint, membersOf, type RaftStatus } from "../../../raft/mod.ts";
import type { DirectoryEntry } from "../../../server/replica/directory.ts";
import { sameBytes } from "./world.ts";

/** The state of a running node, for the check that all is quiet. */
export interface QuietNode {
  readonly id: number;
  readonly status: RaftStatus;
  /** How many requests are waiting at its replica. */
  readonly waiting: number;
  /** How many requests its front has open. */
  readonly open: number;
  /** The entries of its directory. */
  readonly directory: ReadonlyMap<number, Pick<DirectoryEntry, "wish" | "replaces" | "birth" | "address">>;
  /** The birth of its journal, and its address. */
  readonly birth: number;
  readonly address: string;
  /** What its machine counts beside its state. */
  readonly sizes: { readonly sessions: number; readonly replyBytes: number };
  /** The bytes of its machine's state. */
  readonly state: () => Uint8Array;
}

/** What is not quiet yet; `null` if all is. */
export function unrest(nodes: readonly QuietNode[]): string | null {
  const leader = leaderOf(nodes);
  if (leader === null) return "nobody leads";
  const { configuration, configurationIndex, commitIndex, lastIndex, transferTarget } = leader.status;
  if (configurationIndex > commitIndex) return `the configuration at entry ${configurationIndex} is not committed`;
  if (commitIndex < lastIndex) return `leader ${leader.id} has committed ${commitIndex} of ${lastIndex} entries`;
  if (isJoint(configuration) && configuration.autoLeave) {
    return `leader ${leader.id} has not left its joint configuration`;
  }
  if (transferTarget !== null) return `leader ${leader.id} still hands over to node ${transferTarget}`;
  const members: readonly number[] = membersOf(configuration);
  const present = nodes.filter(({ id }) => members.includes(id));
  for (const node of present) {
    const found = unrestOf(node, leader.status) ?? unrestOfFollower(node.id, leader.status);
    if (found !== null) return found;
  }
  return openChore(leader, members, present);
}

/** What the leader's routine has yet to do to the directory and its members; `null` if it has nothing to do. */
function openChore(
  { id: leader, directory }: QuietNode,
  members: readonly number[],
  present: readonly QuietNode[],
): string | null {
  for (const [id, { wish }] of directory) {
    if (wish === "voter" && present.some((node) => node.id === id)) return `node ${id} is to become a voter`;
    if (wish === "as-is" && !members.includes(id)) return `node ${id} is in the directory, and is no member`;
  }
  for (const { id, birth, address } of present) {
    const entry = directory.get(id);
    if (entry === undefined) continue;
    if (entry.birth !== birth) return `node ${id} is in the directory by journal ${entry.birth}, not ${birth}`;
    if (entry.address !== address) return `node ${id} is in the directory at ${entry.address}, not at ${address}`;
  }
  return directory.has(leader) ? null : `leader ${leader} is not in the directory`;
}

function unrestOf({ id, status, waiting, open }: QuietNode, leader: RaftStatus): string | null {
  const { term, lastIndex, lastTerm, commitIndex, appliedIndex, pendingReads, unsyncedBytes } = status;
  if (term !== leader.term) return `node ${id} is in term ${term}, and the leader in term ${leader.term}`;
  if (lastIndex !== leader.lastIndex || lastTerm !== leader.lastTerm) {
    return `the log of node ${id} ends with entry ${lastIndex}, and the leader's with entry ${leader.lastIndex}`;
  }
  if (commitIndex !== lastIndex || appliedIndex !== lastIndex) {
    return `node ${id} has committed ${commitIndex} and applied ${appliedIndex} of ${lastIndex} entries`;
  }
  if (unsyncedBytes > 0) return `node ${id} has ${unsyncedBytes} bytes that are not durable`;
  const count = waiting + open + pendingReads;
  return count > 0 ? `${waiting} requests wait at node ${id}, ${open} at its front, and ${pendingReads} reads` : null;
}

function unrestOfFollower(id: number, leader: RaftStatus): string | null {
  const follower = leader.followers.find((one) => one.id === id);
  if (follower === undefined) return null;
  const { state, matchIndex, inflightAppends, inflightBytes } = follower;
  if (state !== "replicate" || matchIndex !== leader.lastIndex) {
    return `the leader sends to node ${id} as to one in state ${state} that holds ${matchIndex} entries`;
  }
  return inflightAppends > 0 || inflightBytes > 0
    ? `${inflightAppends} appends of ${inflightBytes} bytes to node ${id} are open`
    : null;
}

/** Nodes of the leader's configuration whose state differs from the leader's; `null` if there are none. */
export function differentStates(nodes: readonly QuietNode[]): string | null {
  const leader = leaderOf(nodes);
  if (leader === null) return null;
  const members: readonly number[] = membersOf(leader.status.configuration);
  const state = leader.state(), { sessions, replyBytes } = leader.sizes;
  const other = nodes.find((node) =>
    members.includes(node.id) && node.status.appliedIndex === leader.status.appliedIndex &&
    (!sameBytes(node.state(), state) || node.sizes.sessions !== sessions || node.sizes.replyBytes !== replyBytes)
  );
  return other === undefined
    ? null
    : `nodes ${leader.id} and ${other.id} have applied up to ${leader.status.appliedIndex}, and hold different states`;
}

/** The node that leads in the highest term; `null` if none does. */
export function leaderOf(nodes: readonly QuietNode[]): QuietNode | null {
  let leader: QuietNode | null = null;
  for (const node of nodes) {
    if (node.status.role === "leader" && (leader === null || node.status.term > leader.status.term)) leader = node;
  }
  return leader;
}

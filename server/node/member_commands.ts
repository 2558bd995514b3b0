/**
 * An administrator's commands about the members: add one, remove one, transfer leadership.
 *
 * @module
 */
import { type ConfigurationChange, membersOf, nodeId, type RaftStatus } from "../../raft/mod.ts";
import { isProof, proofOf } from "../peer/secret.ts";
import type { Transport } from "../peer/tcp.ts";
import { type DirectoryEntry, type DirectoryMachine, encodeEntry, encodeRemoval } from "../replica/directory.ts";
import type { ExactlyOnce } from "../replica/exactly_once.ts";
import type { Respond } from "../replica/forwarding.ts";
import type { Replica } from "../replica/replica.ts";
import type { SessionMachine } from "../replica/sessions.ts";

/** A node that is to be added. */
interface Newcomer {
  readonly id: number;
  /** Where it listens for the other members. */
  readonly address: string;
  /** The member that it replaces; 0 for none. */
  readonly replaces?: number;
  /** The birth of its journal, if the node asks itself; 0 if an administrator asks. */
  readonly birth?: number;
  /** A proof, in hexadecimal digits, that the node knows the secret; for a node that asks itself. */
  readonly proof?: string;
}

/** Computes the proof of a node that asks to be added. */
export function joinProof(secret: Uint8Array, clusterId: string, id: number, address: string, birth: number): string {
  const proof = proofOf(secret, "kaya peer: joins", [clusterId, id, address, birth]);
  return [...proof].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The parts that the commands need. */
interface MemberCommandsOptions {
  readonly id: number;
  readonly clusterId: string;
  /** `null` if certificates are used in its place. */
  readonly secret: Uint8Array | null;
  readonly replica: Replica<SessionMachine>;
  readonly front: ExactlyOnce;
  readonly directory: DirectoryMachine;
  readonly transport: Transport;
}

/** Executes the commands about the members on one node. */
export class MemberCommands {
  readonly #parts: MemberCommandsOptions;

  constructor(parts: MemberCommandsOptions) {
    this.#parts = parts;
  }

  isMember(member: number): boolean {
    return membersOf(this.#parts.replica.node.status().configuration).some((one) => one === member);
  }

  /** Adds a member. It becomes a voter when it has caught up. */
  add(newcomer: Newcomer, reply: Respond): void {
    const { front, directory, replica } = this.#parts;
    const { id, address } = newcomer;
    const before = directory.entries.get(id);
    const known = this.isMember(id) ? before?.birth ?? 0 : 0;
    const refusal = this.#refusal(newcomer, before, known);
    if (refusal !== null) return reply({ type: "fail", error: refusal });
    const { replaces = 0, birth = 0 } = newcomer;
    // Without a secret nothing is proven here: the new node's certificate is checked when it dials.
    const isProven = this.#parts.secret !== null && birth !== 0;
    const entry: DirectoryEntry = {
      ...{ id, address, wish: "voter", birth: isProven ? birth : known },
      // A node that replaces another also asks itself to be added.
      replaces: replaces === 0 ? before?.replaces ?? 0 : replaces,
    };
    front.submit(encodeEntry(entry), (entered) => {
      if (entered.type !== "ok" || this.isMember(id)) return reply(entered);
      const change: ConfigurationChange = { type: "simple", changes: [{ type: "add-learner", node: nodeId(id) }] };
      front.ask((attempted) => replica.changeMembers(change, attempted), reply);
    });
  }

  /** Why a new node is refused; `null` if it is added. */
  #refusal(newcomer: Newcomer, before: DirectoryEntry | undefined, known: number): string | null {
    const { id, address, replaces = 0, birth = 0, proof = "" } = newcomer;
    const { secret, clusterId, directory } = this.#parts;
    if (birth !== 0 && secret !== null) {
      const given = Uint8Array.from(proof.match(/../g) ?? [], (digits) => parseInt(digits, 16));
      if (!isProof(given, secret, "kaya peer: joins", [clusterId, id, address, birth])) {
        return `node ${id} does not prove that it knows this cluster's secret`;
      }
    }
    if (birth !== 0 && known !== 0 && birth !== known) {
      return `node ${id} is a member with another journal: remove it first`;
    }
    if (replaces !== 0 && !this.isMember(replaces)) return noMember(replaces);
    // An administrator's mistake would cut the others off from a member that works at its present address.
    if (birth === 0 && before !== undefined && before.address !== address && this.isMember(id)) {
      return `node ${id} is a member at ${before.address}: if it has moved, start it ` +
        "with --join and its new address";
    }
    for (const other of directory.entries.values()) {
      if (other.id === id || other.id === replaces || other.address !== address || !this.isMember(other.id)) continue;
      return `node ${other.id} is a member at ${address}: two members cannot have one address`;
    }
    return null;
  }

  remove(member: number, reply: Respond): void {
    const { id, front, replica } = this.#parts;
    if (!this.isMember(member)) return reply({ type: "fail", error: noMember(member) });
    const change: ConfigurationChange = { type: "simple", changes: [{ type: "remove", node: nodeId(member) }] };
    front.ask((attempted) => replica.changeMembers(change, attempted), (changed) => {
      if (changed.type !== "ok" || member === id) return reply(changed);
      // The member is removed even if its directory entry stays; without the entry its number is free at once.
      front.submit(encodeRemoval(member), () => reply(changed));
    });
  }

  /** Transfers leadership to a member, or to the one with the longest log. */
  transfer(to: number | null, reply: Respond): void {
    const { replica } = this.#parts;
    const { configuration } = replica.node.status();
    if (to !== null && !configuration.voters.includes(nodeId(to))) {
      return reply({ type: "fail", error: `this node knows of no voter ${to}` });
    }
    const target = to ?? this.successor();
    if (target !== null) return replica.transferLeadership(target, reply);
    reply({
      type: "fail",
      error: "this node does not lead, and so does not know which member has the longest log: name a member",
    });
  }

  /** The reachable voter, other than this leader, with the highest known log index. */
  successor(): number | null {
    const peers = this.#parts.transport.status();
    let best: RaftStatus["followers"][number] | null = null;
    for (const follower of this.#parts.replica.node.status().followers) {
      if (follower.isLearner || !follower.isActive || peers.get(follower.id)?.isConnected !== true) continue;
      if (best === null || follower.matchIndex > best.matchIndex) best = follower;
    }
    return best === null ? null : best.id;
  }
}

function noMember(member: number): string {
  return `this node knows of no member ${member}`;
}

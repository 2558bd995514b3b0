/**
 * What administrators ask of the members: to add one, to remove one, to hand leadership over.
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

/** A node that is to become a member. */
interface Newcomer {
  readonly id: number;
  /** Where it listens for the other members. */
  readonly address: string;
  /** The member in whose place it comes; 0 for none. */
  readonly replaces?: number;
  /** The birth of its journal where it asks itself; 0 where an administrator does. */
  readonly birth?: number;
  /** Its proof, in hexadecimal digits, that it knows the secret; for a newcomer that asks itself. */
  readonly proof?: string;
}

/** How a newcomer proves that it asks itself. */
export function joinProof(secret: Uint8Array, clusterId: string, id: number, address: string, birth: number): string {
  const proof = proofOf(secret, "kaya peer: joins", [clusterId, id, address, birth]);
  return [...proof].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What the commands need. */
interface MemberCommandsOptions {
  readonly id: number;
  readonly clusterId: string;
  /** `null` where certificates take its place. */
  readonly secret: Uint8Array | null;
  readonly replica: Replica<SessionMachine>;
  readonly front: ExactlyOnce;
  readonly directory: DirectoryMachine;
  readonly transport: Transport;
}

/** The commands of one node about the members. */
export class MemberCommands {
  readonly #parts: MemberCommandsOptions;

  constructor(parts: MemberCommandsOptions) {
    this.#parts = parts;
  }

  isMember(member: number): boolean {
    return membersOf(this.#parts.replica.node.status().configuration).some((one) => one === member);
  }

  /** Adds a member that becomes a voter when it has caught up. */
  add(newcomer: Newcomer, reply: Respond): void {
    const { front, directory, replica } = this.#parts;
    const { id, address } = newcomer;
    const before = directory.entries.get(id);
    const known = this.isMember(id) ? before?.birth ?? 0 : 0;
    const refusal = this.#refusal(newcomer, before, known);
    if (refusal !== null) return reply({ type: "fail", error: refusal });
    const { replaces = 0, birth = 0 } = newcomer;
    // Without a secret nothing is proven here: the newcomer's certificate proves it when it dials.
    const isProven = this.#parts.secret !== null && birth !== 0;
    const entry: DirectoryEntry = {
      ...{ id, address, wish: "voter", birth: isProven ? birth : known },
      // A node that replaces another asks itself to be added, too.
      replaces: replaces === 0 ? before?.replaces ?? 0 : replaces,
    };
    front.submit(encodeEntry(entry), (entered) => {
      if (entered.type !== "ok" || this.isMember(id)) return reply(entered);
      const change: ConfigurationChange = { type: "simple", changes: [{ type: "add-learner", node: nodeId(id) }] };
      front.ask((attempted) => replica.changeMembers(change, attempted), reply);
    });
  }

  /** Why a newcomer is not added; `null` if it is. */
  #refusal(newcomer: Newcomer, before: DirectoryEntry | undefined, known: number): string | null {
    const { id, address, replaces = 0, birth = 0, proof = "" } = newcomer;
    const { secret, clusterId } = this.#parts;
    if (birth !== 0 && secret !== null) {
      const given = Uint8Array.from(proof.match(/../g) ?? [], (digits) => parseInt(digits, 16));
      if (!isProof(given, secret, "kaya peer: joins", [clusterId, id, address, birth])) {
        return `node ${id} does not prove that it knows this cluster's secret`;
      }
    }
    if (birth !== 0 && known !== 0 && birth !== known) {
      return `node ${id} is a member that had another journal: remove it first`;
    }
    if (replaces !== 0 && !this.isMember(replaces)) return noMember(replaces);
    // By a slip of an administrator, the others would lose a member that is well where it is.
    if (birth === 0 && before !== undefined && before.address !== address && this.isMember(id)) {
      return `node ${id} is a member at ${before.address}: if it has moved, it says so itself, ` +
        "started with --join and where it listens now";
    }
    return null;
  }

  remove(member: number, reply: Respond): void {
    const { id, front, replica } = this.#parts;
    if (!this.isMember(member)) return reply({ type: "fail", error: noMember(member) });
    const change: ConfigurationChange = { type: "simple", changes: [{ type: "remove", node: nodeId(member) }] };
    front.ask((attempted) => replica.changeMembers(change, attempted), (changed) => {
      if (changed.type !== "ok" || member === id) return reply(changed);
      // It is gone, whatever becomes of its entry; but with that its number is free at once.
      front.submit(encodeRemoval(member), () => reply(changed));
    });
  }

  /** Hands leadership to a member, or to the one that is furthest. */
  transfer(to: number | null, reply: Respond): void {
    const { replica } = this.#parts;
    const { configuration } = replica.node.status();
    if (to !== null && !configuration.voters.includes(nodeId(to))) {
      return reply({ type: "fail", error: `this node knows of no voter ${to}` });
    }
    const target = to ?? this.successor();
    if (target !== null) return replica.transferLeadership(target, reply);
    reply({ type: "fail", error: "this node does not lead, and so does not know who is furthest: name a member" });
  }

  /** The voter, other than this leader, whose log is known to reach furthest, out of those that can be reached. */
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

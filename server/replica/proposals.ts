/**
 * The commands that this node has proposed, until the log shows what became of each.
 *
 * @module
 */
import type { ProposalPosition, RaftNode } from "../../raft/mod.ts";
import type { ClientReply } from "./client.ts";
import type { Respond } from "./forwarding.ts";
import { DISCARDED, refusal } from "./refusals.ts";

/** A proposal that waits to be applied. */
interface Proposal {
  readonly term: number;
  readonly respond: Respond;
}

const LEADERSHIP_LOST: ClientReply = { type: "info", error: "unknown outcome: leadership was lost" };
const SNAPSHOT_CAME: ClientReply = { type: "info", error: "unknown outcome: a snapshot came in its place" };

/** The open proposals of one node, by the index at which each was appended. */
export class Proposals {
  readonly #node: RaftNode;
  readonly #open = new Map<number, Proposal>();

  constructor(node: RaftNode) {
    this.#node = node;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Appends a command to the log of this leader, or answers why it cannot be. */
  propose(command: Uint8Array, respond: Respond): void {
    let position;
    try {
      position = this.#node.propose(command);
    } catch (error) {
      return respond(refusal(error));
    }
    const { index, term } = position;
    // What waited at this index was cut off this node's log, but another node may still hold it and be elected.
    this.#open.get(index)?.respond(LEADERSHIP_LOST);
    this.#open.set(index, { term, respond });
  }

  /** The command of the entry at `index`, of `term`, was applied with this reply. */
  applied(index: number, term: number, reply: ClientReply): void {
    const proposal = this.#open.get(index);
    if (proposal === undefined) return;
    this.#open.delete(index);
    proposal.respond(proposal.term === term ? reply : DISCARDED);
  }

  /** Other leaders' entries have taken the place of these for certain. */
  lost(positions: readonly ProposalPosition[]): void {
    for (const { index, term } of positions) {
      const proposal = this.#open.get(index);
      if (proposal?.term !== term) continue;
      this.#open.delete(index);
      proposal.respond(DISCARDED);
    }
  }

  /** Entries that are no commands were committed in `[from, to)`: what was proposed there is gone for certain. */
  discard(from: number, to: number): void {
    for (let index = from; index < to && this.#open.size > 0; index++) {
      const proposal = this.#open.get(index);
      if (proposal === undefined) continue;
      this.#open.delete(index);
      proposal.respond(DISCARDED);
    }
  }

  /** A snapshot up to `index` took the place of the entries: what became of proposals there cannot be seen. */
  covered(index: number): void {
    for (const [at, { respond }] of this.#open) {
      if (at > index) continue;
      this.#open.delete(at);
      respond(SNAPSHOT_CAME);
    }
  }
}

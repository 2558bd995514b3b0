/**
 * The commands that this node has proposed, until the log shows the outcome of each.
 *
 * @module
 */
import type { ProposalPosition, RaftNode } from "../../raft/mod.ts";
import type { ClientReply } from "./client.ts";
import type { Respond } from "./forwarding.ts";
import { DISCARDED, refused } from "./refusals.ts";

/** A proposal that is not applied yet. */
interface Proposal {
  readonly term: number;
  readonly respond: Respond;
}

const LEADERSHIP_LOST: ClientReply = { type: "info", error: "unknown outcome: leadership was lost" };
const SNAPSHOT_CAME: ClientReply = { type: "info", error: "unknown outcome: a snapshot has replaced the entry" };

/** The open proposals of one node, by the index at which each was appended. */
export class Proposals {
  readonly #node: RaftNode;
  readonly #open = new Map<number, Proposal>();

  constructor(node: RaftNode) {
    this.#node = node;
  }

  /** How many proposals are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Ends the node: nobody is answered any more. */
  stop(): void {
    this.#open.clear();
  }

  /** Appends a command to this leader's log, or answers why it cannot. */
  propose(command: Uint8Array, respond: Respond): void {
    const why = this.#node.proposalRefusal(command);
    if (why !== null) return respond(refused(why));
    const { index, term } = this.#node.propose(command);
    // The earlier proposal at this index was truncated from this node's log, but another node may still hold it and
    // become leader.
    this.#open.get(index)?.respond(LEADERSHIP_LOST);
    this.#open.set(index, { term, respond });
  }

  /** Answers the proposal at `index`, if its entry has the term `term`: it was applied with this reply. */
  applied(index: number, term: number, reply: ClientReply): void {
    const proposal = this.#open.get(index);
    if (proposal === undefined) return;
    this.#open.delete(index);
    proposal.respond(proposal.term === term ? reply : DISCARDED);
  }

  /** Answers proposals that certainly did not happen: other leaders' entries have replaced them. */
  lost(positions: readonly ProposalPosition[]): void {
    for (const { index, term } of positions) {
      const proposal = this.#open.get(index);
      if (proposal?.term !== term) continue;
      this.#open.delete(index);
      proposal.respond(DISCARDED);
    }
  }

  /** Answers proposals in `[from, to)`, where the committed entries are not commands: they certainly did not happen. */
  discard(from: number, to: number): void {
    for (let index = from; index < to && this.#open.size > 0; index++) {
      const proposal = this.#open.get(index);
      if (proposal === undefined) continue;
      this.#open.delete(index);
      proposal.respond(DISCARDED);
    }
  }

  /** Answers proposals up to `index`, whose entries a snapshot has replaced: their outcome is unknown. */
  covered(index: number): void {
    for (const [at, { respond }] of this.#open) {
      if (at > index) continue;
      this.#open.delete(at);
      respond(SNAPSHOT_CAME);
    }
  }
}

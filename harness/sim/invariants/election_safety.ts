/**
 * Election safety: a term has at most one leader; a node votes once a term, and only for a log that is not behind its
 * own (Raft, figure 3; sections 5.2 and 5.4.1), and not while it is in doubt about what it holds.
 *
 * @module
 */
import type { Entry, VoteResponse } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/** Checks leaders and votes. */
export class ElectionSafety {
  readonly #world: World;
  readonly #leaders = new Map<number, number>();
  readonly #votes = new Map<number, Map<number, number>>();
  /** The highest term that had a leader. */
  highestTermLed = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** A node becomes leader. */
  leads(id: number, term: number): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== id) {
      this.#world.broken(`election safety: node ${id} leads term ${term}, which node ${other} led`);
    }
    this.#leaders.set(term, id);
    if (term > this.highestTermLed) this.highestTermLed = term;
  }

  /** A node appends an entry. */
  appends(id: number, node: Observed, entry: Entry): void {
    if (node.role === "leader" && this.#leaders.get(entry.term) !== id) {
      this.#world.broken(
        `election safety: node ${id} appends entry ${entry.index} of term ${entry.term}, which it does not lead`,
      );
    }
    if (node.role !== "follower" && node.role !== "leader") {
      this.#world.broken(`election safety: node ${id} takes entry ${entry.index} from a leader, and campaigns on`);
    }
  }

  /** A vote leaves a node. */
  votes(id: number, { term, to }: VoteResponse): void {
    let votes = this.#votes.get(term);
    if (votes === undefined) this.#votes.set(term, votes = new Map());
    const earlier = votes.get(id);
    if (earlier !== undefined && earlier !== to) {
      this.#world.broken(`election safety: node ${id} votes for ${earlier} and for ${to} in term ${term}`);
    }
    votes.set(id, to);
  }

  /** Another node has the number of one that was removed, whose votes are not its own. */
  forgets(id: number): void {
    for (const votes of this.#votes.values()) votes.delete(id);
  }

  /** A node grants a vote, or a pre-vote. */
  grants(id: number, node: Observed, candidate: number, term: number): void {
    const { lastIndex, lastTerm, doubt = null } = node.log;
    if (doubt !== null) {
      this.#world.broken(`election safety: node ${id} votes for ${candidate} in term ${term}, and is in doubt`);
    }
    const { lastLogIndex, lastLogTerm } = node.asked;
    const isBehind = lastLogTerm < lastTerm || (lastLogTerm === lastTerm && lastLogIndex < lastIndex);
    if (!isBehind) return;
    this.#world.broken(
      `election safety: node ${id} votes for ${candidate} in term ${term}, whose log ends with entry ` +
        `${lastLogIndex} of term ${lastLogTerm}, its own with entry ${lastIndex} of term ${lastTerm}`,
    );
  }
}

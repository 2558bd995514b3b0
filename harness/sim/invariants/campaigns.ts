/**
 * Campaigns: when nothing is wrong, a lost leader costs a bounded number of campaigns. Timeouts are drawn anew for each
 * and grow, so that split votes do not go on (Raft, section 5.2).
 *
 * @module
 */
import type { World } from "./world.ts";

/** So many terms may pass without a leader, */
const TERMS_MAX = 12;
/** and so many more for each voter: those that lack entries lose theirs for certain. */
const TERMS_PER_VOTER = 2;

/** Counts the campaigns that were lost while nothing was wrong. */
export class Campaigns {
  readonly #world: World;
  /** The terms in which a campaign was lost since the last leader. */
  readonly #lostTerms = new Set<number>();
  #calmSince: number | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  /** A node has lost a campaign; `calmSince` as the cluster tells it. */
  lost(id: number, term: number, voters: number, calmSince: number | null): void {
    if (calmSince === null || calmSince !== this.#calmSince) this.#lostTerms.clear();
    this.#calmSince = calmSince;
    if (calmSince === null) return;
    this.#lostTerms.add(term);
    if (this.#lostTerms.size <= TERMS_MAX + TERMS_PER_VOTER * voters) return;
    this.#world.broken(
      `campaigns: node ${id} loses term ${term}, the ${this.#lostTerms.size}th without a leader while nothing is wrong`,
    );
  }

  /** A node leads. */
  won(): void {
    this.#lostTerms.clear();
  }
}

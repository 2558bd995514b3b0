/**
 * Campaigns: when nothing is wrong, a lost leader costs each node a bounded number of campaigns, pre-votes included.
 * Timeouts are drawn anew for each and grow, so that split votes do not go on (Raft, section 5.2).
 *
 * @module
 */
import type { World } from "./world.ts";

/** How many campaigns a node may lose while nothing is wrong. */
const CAMPAIGNS_MAX = 8;

/** Counts the campaigns that were lost while nothing was wrong. */
export class Campaigns {
  readonly #world: World;
  /** How many campaigns each node has lost since there was a leader, and when the last one. */
  readonly #lost = new Map<number, { count: number; at: number }>();
  #since: number | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * A node has lost a campaign. `since`: how many faults were injected or healed so far, if none is in force now and
   * nobody leads; otherwise `null`. A node that was removed may campaign beside a leader, until it hears of that.
   */
  lost(id: number, term: number, since: number | null): void {
    const calmSince = this.#hasDoubtfulVoters(id) ? null : since;
    if (calmSince === null || calmSince !== this.#since) this.#lost.clear();
    this.#since = calmSince;
    if (calmSince === null) return;
    const { now } = this.#world;
    const lost = this.#lost.get(id) ?? { count: 0, at: -1 };
    this.#lost.set(id, lost);
    // A clock that jumps ends several campaigns at one instant. They count once.
    if (lost.at !== now) lost.count++;
    lost.at = now;
    if (lost.count <= CAMPAIGNS_MAX) return;
    this.#world.broken(
      `campaigns: node ${id} loses ${lost.count} campaigns, the last in term ${term}, and nobody leads, ` +
        `though nothing is wrong`,
    );
  }

  /** Whether a voter of the node's configuration is in doubt, and so gives no vote. */
  #hasDoubtfulVoters(id: number): boolean {
    const { configuration = null } = this.#world.nodes.get(id) ?? {};
    if (configuration === null) return false;
    const { voters, votersOutgoing } = configuration;
    return [...voters, ...votersOutgoing].some((voter) => (this.#world.nodes.get(voter)?.log.doubt ?? null) !== null);
  }

  /** A node leads. */
  won(): void {
    this.#lost.clear();
  }
}

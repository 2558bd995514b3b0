/**
 * Finds out whether the cluster lacks what it needs to serve clients. If it does, a client is told at once what is
 * missing, and does not wait.
 *
 * @module
 */
import type { NodeId, RaftStatus } from "../../raft/mod.ts";

/** How long a missing leader counts as temporary, in election timeouts. */
const PATIENCE = 3;

/** Observes one node. */
export class Outage {
  readonly #status: () => RaftStatus;
  readonly #canReach: (member: number) => boolean;
  readonly #patienceTicks: number;
  #ticksWithoutLeader = 0;

  /** @param canReach Whether there is a connection to a member. */
  constructor(status: () => RaftStatus, canReach: (member: number) => boolean, electionTicks: number) {
    this.#status = status;
    this.#canReach = canReach;
    this.#patienceTicks = PATIENCE * electionTicks;
  }

  /** Handles one tick, with or without a leader. */
  tick(hasLeader: boolean): void {
    this.#ticksWithoutLeader = hasLeader ? 0 : this.#ticksWithoutLeader + 1;
  }

  /** What is missing; `null` if nothing is, or if it is not certain yet. */
  get reason(): string | null {
    if (this.#ticksWithoutLeader < this.#patienceTicks) return null;
    const { configuration } = this.#status();
    for (const voters of [configuration.voters, configuration.votersOutgoing]) {
      const missing = voters.filter((voter) => !this.#isThere(voter));
      if (voters.length === 0 || 2 * (voters.length - missing.length) > voters.length) continue;
      const reached = voters.length - missing.length;
      return `no leader, and none can be elected: ${reached} of ${voters.length} voters can be reached from here, ` +
        `not node ${missing.join(", ")}`;
    }
    if (configuration.voters.length === 0) return "this node is not a member of a cluster yet";
    return "no leader, though a majority can be reached: an election is under way";
  }

  #isThere(voter: NodeId): boolean {
    return voter === this.#status().id || this.#canReach(voter);
  }
}

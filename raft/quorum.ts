/**
 * Majorities of one list of voters, and of the two lists of a joint configuration.
 *
 * A majority of n is `floor(n / 2) + 1`. A joint decision needs a majority of each list (Raft, section 6), not a
 * majority of both lists together.
 *
 * @module
 */
import type { Configuration, NodeId } from "./types.ts";

/** The state of an election. A pending one can still be won. */
export type VoteResult = "won" | "lost" | "pending";

/** How many of `voters` voters are a majority. */
export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

// All calls share this array, because no call runs inside another. So an acknowledgement allocates nothing. It should
// hold small integers only: after one fraction or infinity the engine returns each index as an object of its own.
const sorted: number[] = [];

/**
 * The highest value that a majority of `voters` has reached. The value may be an index, a read round or a tick.
 *
 * Sorts the values, largest first, by insertion into a short array. The answer is at the majority's place.
 *
 * @param voters The voters. If empty, every value is reached: one half of a joint configuration needs that.
 * @param valueOf The value that each voter has reached. `undefined` means unknown, and counts as 0.
 * @returns The value; `Infinity` for no voters. An index is safe to commit if its entry is of the leader's own term
 * (Raft, section 5.4.2).
 */
export function reachedByMajority(voters: readonly NodeId[], valueOf: (voter: NodeId) => number | undefined): number {
  const count = voters.length;
  if (count === 0) return Infinity;
  for (let i = 0; i < count; i++) {
    const value = valueOf(voters[i]!) ?? 0;
    let place = i;
    while (place > 0 && sorted[place - 1]! < value) {
      sorted[place] = sorted[place - 1]!;
      place--;
    }
    sorted[place] = value;
  }
  return sorted[majority(count) - 1]!;
}

/**
 * The highest value that a quorum of a configuration has reached; in a joint one, the lower of the two lists' values.
 *
 * @param configuration The members.
 * @param valueOf The value that each voter has reached; `undefined` counts as 0.
 * @returns The value.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { configurationOf, nodeId, reachedByQuorum } from "@kayadb/raft/raft";
 *
 * const held = new Map([[nodeId(1), 7], [nodeId(2), 5]]);
 * const configuration = configurationOf([nodeId(1), nodeId(2), nodeId(3)]);
 * assert.equal(reachedByQuorum(configuration, (id) => held.get(id)), 5);
 * ```
 */
export function reachedByQuorum(
  configuration: Pick<Configuration, "voters" | "votersOutgoing">,
  valueOf: (voter: NodeId) => number | undefined,
): number {
  const incoming = reachedByMajority(configuration.voters, valueOf);
  if (configuration.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, reachedByMajority(configuration.votersOutgoing, valueOf));
}

/**
 * The state of a vote among one list of voters.
 *
 * @param voters The voters. If empty, the vote is won: one half of a joint configuration needs that.
 * @param votes Who said yes or no. A voter without an entry has not answered. Entries of other nodes do not count.
 * @returns `"lost"` once a majority can no longer be reached.
 */
export function majorityVote(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  if (voters.length === 0) return "won";
  let yes = 0;
  let missing = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === undefined) missing++;
    else if (vote) yes++;
  }
  const needed = majority(voters.length);
  if (yes >= needed) return "won";
  return yes + missing >= needed ? "pending" : "lost";
}

/**
 * The state of a vote in a configuration. It is won once both lists have won it, and lost once either has lost it.
 *
 * @param configuration The members.
 * @param votes Who said yes or no.
 * @returns The state.
 */
export function quorumVote(
  configuration: Pick<Configuration, "voters" | "votersOutgoing">,
  votes: ReadonlyMap<NodeId, boolean>,
): VoteResult {
  const incoming = majorityVote(configuration.voters, votes);
  const outgoing = majorityVote(configuration.votersOutgoing, votes);
  if (incoming === "lost" || outgoing === "lost") return "lost";
  return incoming === "won" && outgoing === "won" ? "won" : "pending";
}

/** Whether the voters for which `isCounted` is true are a quorum of the configuration. */
export function isQuorum(
  configuration: Pick<Configuration, "voters" | "votersOutgoing">,
  isCounted: (voter: NodeId) => boolean,
): boolean {
  return reachedByQuorum(configuration, (voter) => isCounted(voter) ? 1 : 0) >= 1;
}

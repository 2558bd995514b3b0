/**
 * Majorities, of one list of voters and of the two lists of a joint configuration.
 *
 * A majority of n is `floor(n / 2) + 1`. A joint decision needs a majority of each list (Raft, section 6), never one of
 * both pooled.
 *
 * @module
 */
import type { Configuration, NodeId } from "./types.ts";

/** How an election stands: a vote that is not decided can still be won. */
export type VoteResult = "won" | "lost" | "pending";

/** The number of voters that is a majority of `voters`. */
export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

// All calls share this array, as no call runs inside another: an acknowledgement allocates nothing.
const sorted: number[] = [];

/**
 * The highest value that a majority of `voters` has reached: an index that is held, a read round that is echoed, a
 * tick.
 *
 * Insertion into an array of at most a few numbers, largest first: the answer is the one at the majority's place.
 *
 * @param voters The members whose word counts; empty means that everything is reached, which is what one half of a
 * joint configuration needs.
 * @param valueOf What each voter has reached; `undefined` where nothing is known of it, which counts as 0.
 * @returns The value; `Infinity` for no voters. As an index it is safe to commit if its entry is of the leader's own
 * term (Raft, section 5.4.2).
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
 * The highest value that a configuration has reached: in a joint one the lower of what each list has.
 *
 * @param configuration The members.
 * @param valueOf What each voter has reached; `undefined` counts as 0.
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
 * How a vote among one list of voters stands.
 *
 * @param voters The voters; no voters have won, which is what one half of a joint configuration needs.
 * @param votes Who said yes or no; a voter that is missing has not answered. Others than the voters do not count.
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
 * How a vote in a configuration stands: it is won once both lists have won it, and lost once either has lost it.
 *
 * @param configuration The members.
 * @param votes Who said yes or no.
 * @returns The result.
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

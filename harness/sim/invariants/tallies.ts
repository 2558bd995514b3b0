/**
 * Tallies: a node begins an election only with a quorum of pre-votes for that term, or when a leader has asked it to;
 * and it leads only with a quorum of votes of that term (Raft, section 5.2; dissertation, section 9.6).
 *
 * @module
 */
import { type Envelope, type NodeId, reachedByQuorum } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/** A node receives a message that may be a vote for it. */
export function counts(node: Observed, envelope: Envelope): void {
  const { type } = envelope;
  if ((type !== "vote-response" && type !== "pre-vote-response") || !envelope.granted) return;
  const { term, granted } = type === "vote-response" ? node.votes : node.preVotes;
  if (envelope.term === term) granted.add(envelope.from);
  else if (envelope.term > term) {
    const votes = { term: envelope.term, granted: new Set([envelope.from]) };
    if (type === "vote-response") node.votes = votes;
    else node.preVotes = votes;
  }
}

/** A node becomes a candidate in a term. */
export function campaignsWithPreVotes(world: World, id: number, node: Observed, term: number): void {
  if (!world.settings.preVote || node.received?.type === "timeout-now") return;
  if (isElected(node, id as NodeId, node.preVotes, term)) return;
  world.broken(`tallies: node ${id} begins an election in term ${term} without a quorum of pre-votes for it`);
}

/** A node becomes leader of a term. */
export function leadsWithVotes(world: World, id: number, node: Observed, term: number): void {
  if (isElected(node, id as NodeId, node.votes, term)) return;
  world.broken(`tallies: node ${id} leads term ${term} without a quorum of votes for it`);
}

function isElected(node: Observed, id: NodeId, votes: Observed["votes"], term: number): boolean {
  const { configuration } = node;
  if (configuration === null) return true;
  const isFor = (voter: NodeId): boolean => voter === id || (votes.term === term && votes.granted.has(voter));
  return reachedByQuorum(configuration, (voter) => isFor(voter) ? 1 : 0) >= 1;
}

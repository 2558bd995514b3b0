/**
 * A Raft node as an observer from outside sees it.
 *
 * @module
 */
import type { NodeView } from "../nemesis/kind.ts";

/** What a Raft node says of itself. */
export interface RaftSays {
  readonly role: string;
  readonly term: number;
  readonly commitIndex: number;
  readonly voters: readonly number[];
  readonly votersOutgoing: readonly number[];
  readonly learners: readonly number[];
}

/** The view of a node that says this. */
export function raftView(id: number, state: NodeView["state"], says: RaftSays): NodeView {
  const { role, term, commitIndex, voters, votersOutgoing, learners } = says;
  return {
    id,
    state,
    primaryIn: role === "leader" ? term : null,
    members: { voters, outgoing: votersOutgoing, learners },
    says: `term ${term}, committed up to ${commitIndex}`,
  };
}

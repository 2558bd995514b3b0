/**
 * Durability: a node acknowledges only what is on its disk; after a restart it finds that again, or is in doubt. A
 * committed entry is on the disks of a majority, and is never truncated (dissertation, section 3.8).
 *
 * @module
 */
import type { Envelope, LogIndex, NodeId, RaftLog } from "../../../raft/mod.ts";
import { durableThrough, type Observed, type World } from "./world.ts";

/** A message leaves a node: what it acknowledges or votes, and the term that it tells, must be on the disk. */
export function leavesDurably(world: World, id: number, envelope: Envelope, log: RaftLog): void {
  if (tellsTerm(envelope) && envelope.term > log.durableState.term) {
    world.broken(
      `durability: node ${id} tells term ${envelope.term} in a ${envelope.type}, but its disk has term ` +
        `${log.durableState.term}`,
    );
  }
  if (envelope.type === "append-response") {
    // A node in a later term may have truncated what it acknowledged in an earlier one, because no voter of the later
    // leader holds it.
    if (envelope.term < log.state.term) return;
    const through = durableThrough({ log, installed: world.nodes.get(id)?.installed ?? null });
    if (!envelope.success || envelope.index <= through) return;
    world.broken(
      `durability: node ${id} acknowledges entry ${envelope.index}, but its disk holds no more than ${through}`,
    );
  } else if (envelope.type === "vote-response" && envelope.granted) {
    const { term, votedFor } = log.durableState;
    if (term !== envelope.term || votedFor === envelope.to) return;
    world.broken(`durability: node ${id} votes for ${envelope.to} in term ${term}, but its disk has ${votedFor}`);
  }
}

/**
 * Whether the receiver may rely on the sender being in that term. It may not for a pre-vote, which promises nothing;
 * nor for a read, an answer to a read and a removal notice, because their receiver knew the term before the sender.
 */
function tellsTerm({ type }: Envelope): boolean {
  switch (type) {
    case "pre-vote-request":
    case "pre-vote-response":
    case "read-request":
    case "read-response":
    case "removal-notice":
      return false;
    default:
      return true;
  }
}

/** A leader's own vote must be on its disk. */
export function leadsDurably(world: World, id: number, { log }: Observed, term: number): void {
  const { term: durableTerm, votedFor } = log.durableState;
  if (durableTerm === term && votedFor === id) return;
  world.broken(`durability: node ${id} leads term ${term}, but its own vote is not on its disk`);
}

/**
 * When a node starts, it must find what it knew to be durable at its end, or be in doubt. In doubt, it must have voted
 * for itself in the term in which it may have voted.
 *
 * @param how `restarts`, or what else is said of the node.
 */
export function findsAgain(world: World, id: number, before: RaftLog, log: RaftLog, how: string = "restarts"): void {
  const { durableIndex, durableState } = before;
  const { term, votedFor } = log.state;
  const { doubt = null } = log;
  const isDoubted = doubt !== null && doubt.lastIndex >= durableIndex && doubt.term >= durableState.term;
  if (term < durableState.term) {
    world.broken(`durability: node ${id} ${how} in term ${term}, but knew term ${durableState.term} to be durable`);
  } else if (
    term === durableState.term && durableState.votedFor !== null && votedFor !== durableState.votedFor &&
    !(isDoubted && votedFor === id)
  ) {
    world.broken(
      `durability: node ${id} ${how} with a vote for ${votedFor} in term ${term}, but knew its vote for ` +
        `${durableState.votedFor} to be durable`,
    );
  }
  if (isDoubted) return;
  if (log.lastIndex < durableIndex) {
    return world.broken(
      `durability: node ${id} ${how} with entries up to ${log.lastIndex}, but knew those up to ${durableIndex} ` +
        `to be durable`,
    );
  }
  // A snapshot that was installed and then lost has not replaced the entries that it covers.
  const known = durableIndex > before.snapshotIndex ? before.termAt(durableIndex) : undefined;
  const found = log.termAt(durableIndex);
  if (known === undefined || found === undefined || known === found) return;
  world.broken(
    `durability: node ${id} ${how} with entry ${durableIndex} of term ${found}, but knew that of term ${known} ` +
      `to be durable`,
  );
}

/**
 * A committed entry stays, except for a copy that was not counted: a node below the term of the commit may still follow
 * a leader without that entry.
 */
export function keepsCommitted(world: World, id: number, node: Observed, from: number, lastIndex: number): void {
  const { committed, committedThrough, marks } = world;
  for (let index = from; index <= lastIndex && index <= committedThrough; index++) {
    if (node.terms[index] === undefined || node.terms[index] !== committed[index]) continue;
    const { committedIn } = marks.find((mark) => mark.index >= index)!;
    if (node.log.state.term < committedIn) break;
    world.broken(
      `durability: node ${id} cuts off entry ${index} of term ${node.terms[index]}, which was committed in term ` +
        `${committedIn}`,
    );
    break;
  }
}

/**
 * An entry that is committed for the first time must be on the disks of a majority of the configuration; in a joint
 * one, of both halves.
 */
export function isOnMajority(world: World, id: number, { configuration }: Observed, index: number): void {
  const term = world.committed[index];
  if (configuration === null || term === undefined) return;
  for (const voters of [configuration.voters, configuration.votersOutgoing]) {
    let holders = 0;
    for (const voter of voters) if (isDurable(world, voter, index, term)) holders++;
    if (voters.length === 0 || 2 * holders > voters.length) continue;
    world.broken(
      `durability: node ${id} commits entry ${index} of term ${term}, but only ${holders} of the voters ` +
        `${voters.join(" ")} have it on disk`,
    );
  }
}

function isDurable(world: World, voter: NodeId, index: number, term: number): boolean {
  const node = world.nodes.get(voter);
  if (node === undefined) return false;
  const { log } = node;
  // It has acknowledged the entry, and votes for nobody until it holds the entry again.
  if (index <= (log.doubt?.lastIndex ?? 0)) return true;
  if (index > durableThrough(node)) return false;
  return index <= log.snapshotIndex || log.termAt(index as LogIndex) === term;
}

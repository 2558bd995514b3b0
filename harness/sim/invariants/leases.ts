/**
 * Leases: a leader may hold a lease, and read by it, only as long as no later term has a leader (dissertation, section
 * 6.4.1).
 *
 * @module
 */
import { type Configuration, leaseTicks, type LogIndex, reachedByQuorum } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/** A node becomes leader: no leader of an earlier term may hold a lease. */
export function leadsBesideNoLease(world: World, id: number, term: number): void {
  for (const [holder, { role, log, hasLease }] of world.nodes) {
    if (role !== "leader" || log.state.term >= term || !hasLease()) continue;
    world.broken(`lease: node ${holder} holds a lease in term ${log.state.term}, but node ${id} leads term ${term}`);
  }
}

/**
 * A node has a lease, or reads by it. It must have committed in its term, and hold recent promises of a quorum. It must
 * not have asked a node to campaign in this term, because voters break their promises to vote for that node.
 */
export function holdsLease(world: World, id: number, node: Observed): void {
  const { log, commitIndex, configuration, hasAskedToCampaign } = node;
  const why = node.role !== "leader"
    ? `is a ${node.role}`
    : log.termAt(commitIndex as LogIndex) !== log.state.term
    ? "has committed nothing of this term"
    : hasAskedToCampaign
    ? "has asked another to campaign"
    : configuration !== null && !isPromised(world, id, node, configuration)
    ? "has no promises of a quorum"
    : null;
  if (why !== null) world.broken(`lease: node ${id} holds a lease in term ${log.state.term}, but ${why}`);
}

function isPromised({ settings }: World, id: number, node: Observed, configuration: Configuration): boolean {
  const since = reachedByQuorum(
    configuration,
    (voter) => voter === id ? node.ticks() : node.promisedAtTick.get(voter) ?? -1,
  );
  return since >= 0 && since + leaseTicks(settings.electionTimeoutTicks) > node.ticks();
}

/** A node answers a read by its lease. */
export function readsByLease(world: World, id: number, node: Observed, highestTermLed: number): void {
  const { log } = node;
  holdsLease(world, id, node);
  if (log.state.term >= highestTermLed) return;
  world.broken(
    `lease: node ${id} answers a read by its lease in term ${log.state.term}, but term ${highestTermLed} has a leader`,
  );
}

/**
 * Leases: a leader may hold a lease, and read by it, only as long as no later term has a leader (dissertation, section
 * 6.4.1).
 *
 * @module
 */
import type { Observed, World } from "./world.ts";

/** A node becomes leader: no leader of an earlier term may hold a lease. */
export function leadsBesideNoLease(world: World, id: number, term: number): void {
  for (const [holder, { role, log, hasLease }] of world.nodes) {
    if (role !== "leader" || log.state.term >= term || !hasLease()) continue;
    world.broken(`lease: node ${holder} holds a lease in term ${log.state.term}, but node ${id} leads term ${term}`);
  }
}

/** A node answers a read by its lease. */
export function readsByLease(world: World, id: number, { log }: Observed, highestTermLed: number): void {
  if (log.state.term >= highestTermLed) return;
  world.broken(
    `lease: node ${id} answers a read by its lease in term ${log.state.term}, but term ${highestTermLed} has a leader`,
  );
}

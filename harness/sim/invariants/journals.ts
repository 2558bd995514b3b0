/**
 * Journals: a node refuses to start from a journal only where it is damaged.
 *
 * Whether a node starts from a damaged one is not decided here: what was damaged may be of no use any more, such as a
 * segment that a snapshot covers. A node that starts has found again all that it knew to be durable
 * (`durability.ts`), and no entry but those that were there before (`log_matching.ts`).
 *
 * @module
 */
import type { World } from "./world.ts";

/** A node was refused by its journal; `isDamaged` tells whether somebody has damaged it. */
export function journalRefused(world: World, id: number, isDamaged: boolean): void {
  if (!isDamaged) world.broken(`journals: node ${id} is refused by its journal, which nobody has damaged`);
}

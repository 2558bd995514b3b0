/**
 * Journals: a node refuses to start from a journal only if it is damaged.
 *
 * Starting from a damaged journal is allowed: the damaged part may no longer be needed, such as a segment that a
 * snapshot covers. A node that starts must have found all that it knew to be durable (`durability.ts`), and no other
 * entries than before (`log_matching.ts`).
 *
 * @module
 */
import type { World } from "./world.ts";

/** A journal refused to open. `isDamaged` says whether a fault has damaged it. */
export function journalRefused(world: World, id: number, isDamaged: boolean): void {
  if (!isDamaged) world.broken(`journals: node ${id} is refused by its journal, which nobody has damaged`);
}

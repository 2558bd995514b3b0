/**
 * Journals: a damaged journal is refused, and no other.
 *
 * @module
 */
import type { World } from "./world.ts";

/** A node was refused by its journal, or was not; `isDamaged` tells whether it should be. */
export function journalOpened(world: World, id: number, isRefused: boolean, isDamaged: boolean): void {
  if (isRefused && !isDamaged) {
    world.broken(`journals: node ${id} is refused by its journal, which nobody has damaged`);
  }
  if (!isRefused && isDamaged) world.broken(`journals: node ${id} starts from a journal that is damaged`);
}

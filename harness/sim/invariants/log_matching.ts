/**
 * Log matching: entries with the same index and term are equal, and so are the entries before them (Raft, figure 3;
 * section 5.3).
 *
 * @module
 */
import type { Entry } from "../../../raft/mod.ts";
import { sameBytes, type World } from "./world.ts";

/** An entry as it was first seen, and others with the same index. */
interface Seen {
  readonly entry: Entry;
  /** The term of the entry before it. */
  readonly previousTerm: number | undefined;
  readonly next: Seen | null;
}

/** Compares every appended entry with those of the same index and term. */
export class LogMatching {
  readonly #world: World;
  readonly #seen: (Seen | null)[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** A node has appended an entry. */
  holds(id: number, entry: Entry, previousTerm: number | undefined): void {
    const { index, term } = entry;
    const first = this.#seen[index] ?? null;
    for (let seen = first; seen !== null; seen = seen.next) {
      if (seen.entry.term !== term) continue;
      if (seen.entry !== entry && !isSame(seen.entry, entry)) {
        this.#world.broken(`log matching: node ${id} has another entry ${index} of term ${term} than was seen before`);
      }
      if (previousTerm !== undefined && seen.previousTerm !== undefined && previousTerm !== seen.previousTerm) {
        this.#world.broken(
          `log matching: at node ${id} entry ${index} of term ${term} follows one of term ${previousTerm}, ` +
            `elsewhere one of term ${seen.previousTerm}`,
        );
      }
      return;
    }
    this.#seen[index] = { entry, previousTerm, next: first };
  }
}

function isSame(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && sameBytes(a.data, b.data);
}

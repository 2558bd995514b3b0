/**
 * The configurations that a search has visited. The search skips a configuration that was visited already, or that a
 * visited one dominates (see `search.ts`).
 *
 * A hash table with open addressing holds the heads of chains. The entries of a chain are equal except in the fields
 * that dominance compares:
 *
 *     entry: | event | state | placed, without observers (words) | placed observers (words) | free writes (words)
 *            | used | next entry + 1 |
 *
 * @module
 */
import type { Position } from "./candidates.ts";
import type { OpenOperations } from "./open_operations.ts";
import type { UsedSets } from "./used_sets.ts";

/** The table of configurations; the head of the file shows its layout. */
export class Memo {
  #heads = new Int32Array(1 << 10);
  #keys = 0;
  #entries: Int32Array;
  #end = 0;
  /** How many entries there are. */
  size = 0;
  readonly #words: number;
  readonly #stride: number;
  readonly #sets: UsedSets;

  /**
   * @param words How many words the placed bits take.
   * @param sets The meaning of the used sets in the entries.
   */
  constructor(words: number, sets: UsedSets) {
    this.#words = words;
    this.#stride = 3 * words + 4;
    this.#entries = new Int32Array(this.#stride << 8);
    this.#sets = sets;
  }

  /** The position of a configuration's head in the table: an empty slot if there is none yet. */
  #slotOf(event: number, state: number, placed: Int32Array, observers: Int32Array): number {
    const words = this.#words;
    const entries = this.#entries;
    let hash = Math.imul(event, 0x9e3779b1) ^ Math.imul(state, 0x85ebca6b);
    for (let w = 0; w < words; w++) hash = Math.imul(hash ^ placed[w]! & ~observers[w]!, 0xc2b2ae35) ^ hash >>> 15;
    hash ^= hash >>> 13;
    const mask = this.#heads.length - 1;
    let slot = hash & mask;
    for (let head; (head = this.#heads[slot]!) !== 0; slot = slot + 1 & mask) {
      const at = head - 1;
      if (entries[at] !== event || entries[at + 1] !== state) continue;
      let w = 0;
      while (w < words && entries[at + 2 + w] === (placed[w]! & ~observers[w]!)) w++;
      if (w === words) break;
    }
    return slot;
  }

  /** Whether a remembered configuration dominates this one: it can do everything that this one can. */
  covers({ pos: event, state, used }: Position, { placed, observers, free }: OpenOperations): boolean {
    const words = this.#words;
    const entries = this.#entries;
    let link = this.#heads[this.#slotOf(event, state, placed, observers)]!;
    for (; link !== 0; link = entries[link + 2 + 3 * words]!) {
      const at = link + 1 + words;
      let w = 0;
      while (
        w < words && (placed[w]! & observers[w]! & ~entries[at + w]!) === 0 &&
        (free[w]! & ~placed[w]! & ~entries[at + words + w]!) === 0
      ) w++;
      if (w === words && this.#sets.isSubset(entries[at + 2 * words]!, used)) return true;
    }
    return false;
  }

  /** Remembers a configuration. */
  add({ pos: event, state, used }: Position, { placed, observers, free }: OpenOperations): void {
    const words = this.#words;
    const slot = this.#slotOf(event, state, placed, observers);
    if (this.#end + this.#stride > this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    const entries = this.#entries;
    const at = this.#end;
    this.#end += this.#stride;
    this.size++;
    entries[at] = event;
    entries[at + 1] = state;
    for (let w = 0; w < words; w++) {
      entries[at + 2 + w] = placed[w]! & ~observers[w]!;
      entries[at + 2 + words + w] = placed[w]! & observers[w]!;
      entries[at + 2 + 2 * words + w] = free[w]! & ~placed[w]!;
    }
    const head = this.#heads[slot]!;
    entries[at + 2 + 3 * words] = used;
    entries[at + 3 + 3 * words] = head;
    this.#heads[slot] = at + 1;
    if (head === 0 && ++this.#keys * 2 > this.#heads.length) this.#grow();
  }

  #grow(): void {
    const old = this.#heads;
    const mask = old.length * 2 - 1;
    const heads = new Int32Array(mask + 1);
    const entries = this.#entries;
    const words = this.#words;
    for (let i = 0; i < old.length; i++) {
      const head = old[i]!;
      if (head === 0) continue;
      const at = head - 1;
      let hash = Math.imul(entries[at]!, 0x9e3779b1) ^ Math.imul(entries[at + 1]!, 0x85ebca6b);
      for (let w = 0; w < words; w++) hash = Math.imul(hash ^ entries[at + 2 + w]!, 0xc2b2ae35) ^ hash >>> 15;
      hash ^= hash >>> 13;
      let slot = hash & mask;
      while (heads[slot] !== 0) slot = slot + 1 & mask;
      heads[slot] = head;
    }
    this.#heads = heads;
  }
}

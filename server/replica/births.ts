/**
 * By which journal each member is known to the members.
 *
 * A node whose folder was emptied has forgotten its votes and what it acknowledged. It must not go on under its number:
 * its new journal has another birth, so the others refuse it until it was removed and added anew.
 *
 * @module
 */
import type { DirectoryEntry } from "./directory.ts";

/** The births of the members' journals, as the directory has them. */
export class Births {
  readonly #births: Map<number, number>;
  #entered: readonly number[] = [];
  /** Rises with each change. */
  version = 0;

  /** @param known What was known before the directory can be read, as from the file of members. */
  constructor(known: ReadonlyMap<number, number> = new Map()) {
    this.#births = new Map([...known].filter(([, birth]) => birth !== 0));
  }

  /** The birth of the journal by which a node is known; 0 where none is: then any is right. */
  of(id: number): number {
    return this.#births.get(id) ?? 0;
  }

  /** Every node of which a birth is known. */
  get known(): ReadonlyMap<number, number> {
    return this.#births;
  }

  /** Whether a node that shows this birth is known by another journal, which it has lost. */
  isLost(id: number, birth: number): boolean {
    const known = this.of(id);
    return known !== 0 && known !== birth;
  }

  /**
   * Follows the directory. A node that was removed may come back under its number, as one that never promised anything.
   */
  follow(entries: ReadonlyMap<number, DirectoryEntry>): void {
    for (const id of this.#entered) if (!entries.has(id) && this.#births.delete(id)) this.version++;
    this.#entered = [...entries.keys()];
    for (const [id, { birth }] of entries) {
      if (birth === 0 || this.#births.get(id) === birth) continue;
      this.#births.set(id, birth);
      this.version++;
    }
  }
}

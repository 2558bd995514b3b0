/**
 * Which journal, by its birth, each member is known by.
 *
 * A node whose folder was emptied has lost its votes and the entries that it acknowledged. It must not go on under its
 * number. Its new journal has another birth, so the others refuse it until it was removed and added again.
 *
 * @module
 */
import type { DirectoryEntry } from "./directory.ts";

/** The births of the members' journals, according to the directory. */
export class Births {
  readonly #births: Map<number, number>;
  #entered: readonly number[] = [];
  /** Increases with each change. */
  version = 0;

  /** @param known Births that are known before the directory can be read, for example from the members' file. */
  constructor(known: ReadonlyMap<number, number> = new Map()) {
    this.#births = new Map([...known].filter(([, birth]) => birth !== 0));
  }

  /** The birth of the journal by which a node is known; 0 if none is known: then any birth is accepted. */
  of(id: number): number {
    return this.#births.get(id) ?? 0;
  }

  /** All nodes whose births are known. */
  get known(): ReadonlyMap<number, number> {
    return this.#births;
  }

  /** Whether a node that shows this birth is known by another journal, which it must have lost. */
  isLost(id: number, birth: number): boolean {
    const known = this.of(id);
    return known !== 0 && known !== birth;
  }

  /** Takes over the directory. A removed node may come back under its number, as one that has acknowledged nothing. */
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

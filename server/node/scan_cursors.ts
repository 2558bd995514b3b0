/**
 * Cursors of SCAN: numbers that stand for the key up to which a client has come.
 *
 * Redis's cursors are numbers, and a key is none: so a node remembers what it gave out. A cursor is of the node that
 * gave it, and is forgotten when many newer ones were given.
 *
 * @module
 */

/** So many cursors are remembered. */
const CURSORS_MAX = 10_000;

/** The cursors that a node has given out. */
export class ScanCursors {
  readonly #keys = new Map<number, string>();
  #last: number;

  /**
   * @param first Differs from one start of the node to the next, so that a cursor of an earlier one is not taken for
   * another.
   */
  constructor(first: number) {
    this.#last = first;
  }

  /** A cursor that goes on after a key. */
  open(key: string): number {
    this.#keys.set(++this.#last, key);
    if (this.#keys.size > CURSORS_MAX) {
      const [oldest] = this.#keys.keys();
      this.#keys.delete(oldest!);
    }
    return this.#last;
  }

  /** The key after which a cursor goes on: `null` for the beginning, `undefined` where the cursor is not known. */
  keyOf(cursor: number): string | null | undefined {
    return cursor === 0 ? null : this.#keys.get(cursor);
  }
}

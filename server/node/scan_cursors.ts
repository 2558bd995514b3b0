/**
 * The cursors of SCAN: each number stands for the last key that a client has received.
 *
 * Redis's cursors are numbers, not keys, so a node remembers the key of each cursor. A cursor is valid only on the node
 * that gave it, and is forgotten after many newer ones.
 *
 * @module
 */

/** How many cursors are remembered. */
const CURSORS_MAX = 10_000;

/** The cursors that a node has given out. */
export class ScanCursors {
  readonly #keys = new Map<number, string>();
  #last: number;

  /**
   * @param first The first cursor. It differs at each start of the node, so a cursor of an earlier start is recognized
   * as unknown.
   */
  constructor(first: number) {
    this.#last = first;
  }

  /** Makes a cursor that continues after a key. */
  open(key: string): number {
    this.#keys.set(++this.#last, key);
    if (this.#keys.size > CURSORS_MAX) {
      const [oldest] = this.#keys.keys();
      this.#keys.delete(oldest!);
    }
    return this.#last;
  }

  /** The key after which a cursor continues: `null` for the beginning, `undefined` if the cursor is unknown. */
  keyOf(cursor: number): string | null | undefined {
    return cursor === 0 ? null : this.#keys.get(cursor);
  }
}

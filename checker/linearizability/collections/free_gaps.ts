/**
 * The gaps that no element covers, while more gaps become covered: a forest in which every covered gap points to the
 * right, towards the next free one (union-find).
 *
 * @module
 */

/** The gaps from 0 on; the last one is never covered. */
export class FreeGaps {
  readonly #next: Int32Array;

  /**
   * @param gaps How many gaps there are, all free.
   */
  constructor(gaps: number) {
    this.#next = new Int32Array(gaps);
    for (let gap = 0; gap < gaps; gap++) this.#next[gap] = gap;
  }

  /** The first free gap at or after `gap`. */
  from(gap: number): number {
    const next = this.#next;
    let at = gap;
    while (next[at] !== at) {
      // Path halving keeps the forest flat.
      next[at] = next[next[at]!]!;
      at = next[at]!;
    }
    return at;
  }

  /** Covers the gaps in `[begin, end)`. */
  cover(begin: number, end: number): void {
    const next = this.#next;
    for (let gap = this.from(begin); gap < end;) {
      next[gap] = gap + 1;
      gap = next[gap + 1] === gap + 1 ? gap + 1 : this.from(gap + 1);
    }
  }
}

/**
 * Counts how many elements cover each gap, while elements are taken away one by one.
 *
 * A binary tree over the gaps. A node holds a number that applies to all gaps below it, and the least and the greatest
 * count of a gap below it, including this number:
 *
 *     add            the elements that cover all of the node's gaps
 *     least, most    the least and the greatest count of one of its gaps, without the nodes above
 *
 * @module
 */

/** The tree. */
export class CoverTree {
  readonly #size: number;
  readonly #add: Int32Array;
  readonly #least: Int32Array;
  readonly #most: Int32Array;

  /**
   * @param gaps How many gaps there are.
   * @param elements The elements that cover gaps; each covers the gaps in `[from, to)`.
   */
  constructor(gaps: number, elements: Iterable<number>, from: Int32Array, to: Int32Array) {
    let size = 1;
    while (size < gaps) size *= 2;
    this.#size = size;
    this.#add = new Int32Array(2 * size);
    this.#least = new Int32Array(2 * size);
    this.#most = new Int32Array(2 * size);
    const change = new Int32Array(size + 1);
    for (const e of elements) {
      change[from[e]!]!++;
      change[to[e]!]!--;
    }
    let covering = 0;
    for (let gap = 0; gap < size; gap++) {
      covering += change[gap]!;
      this.#add[size + gap] = this.#least[size + gap] = this.#most[size + gap] = covering;
    }
    for (let node = size - 1; node > 0; node--) this.#sum(node);
  }

  #sum(node: number): void {
    const [left, right] = [2 * node, 2 * node + 1];
    this.#least[node] = Math.min(this.#least[left]!, this.#least[right]!) + this.#add[node]!;
    this.#most[node] = Math.max(this.#most[left]!, this.#most[right]!) + this.#add[node]!;
  }

  /** Removes one element's cover from the gaps in `[from, to)`. */
  uncover(from: number, to: number): void {
    let [left, right] = [from + this.#size, to + this.#size];
    const [first, last] = [left, right - 1];
    for (; left < right; left >>= 1, right >>= 1) {
      if ((left & 1) === 1) this.#takeOne(left++);
      if ((right & 1) === 1) this.#takeOne(--right);
    }
    for (let node = first >> 1; node > 0; node >>= 1) this.#sum(node);
    for (let node = last >> 1; node > 0; node >>= 1) this.#sum(node);
  }

  #takeOne(node: number): void {
    this.#add[node]!--;
    this.#least[node]!--;
    this.#most[node]!--;
  }

  /** The first covered gap at or after `gap`; the number of gaps or more if there is none. */
  nextCovered(gap: number): number {
    return this.#next(gap, (node, above) => this.#most[node]! + above > 0);
  }

  /** The first uncovered gap at or after `gap`; the number of gaps or more if there is none. */
  nextUncovered(gap: number): number {
    return this.#next(gap, (node, above) => this.#least[node]! + above === 0);
  }

  /**
   * The first gap at or after `gap` below a node for which `has` holds, where `above` is the sum of the numbers above
   * the node.
   */
  #next(gap: number, has: (node: number, above: number) => boolean): number {
    const size = this.#size;
    if (gap >= size) return size;
    let node = gap + size;
    let above = 0;
    for (let up = node >> 1; up > 0; up >>= 1) above += this.#add[up]!;
    for (;;) {
      if (has(node, above)) break;
      // Goes up to the first node that has a right neighbour.
      while ((node & 1) === 1) {
        node >>= 1;
        if (node <= 1) return size;
        above -= this.#add[node]!;
      }
      node++;
    }
    while (node < size) {
      above += this.#add[node]!;
      node *= 2;
      if (!has(node, above)) node++;
    }
    return node - size;
  }
}

/**
 * Finds an element that may be at the bottom of a stack: its push began early enough, and its pop ends late enough.
 *
 * A binary tree over the elements in the order in which their pushes return. A node holds the earliest invocation of a
 * push below it, and the latest return of a pop below it. The search skips a node if one of the two is not good enough.
 *
 * @module
 */

/** A number above all positions. */
const NONE = 0x7fffffff;

/** The tree. */
export class BottomTree {
  readonly #size: number;
  readonly #earliestPush: Int32Array;
  readonly #latestPop: Int32Array;

  /**
   * @param elements The elements, in the order in which their pushes return.
   */
  constructor(elements: Int32Array, pushInvoked: Int32Array, popReturned: Int32Array) {
    let size = 1;
    while (size < elements.length) size *= 2;
    this.#size = size;
    this.#earliestPush = new Int32Array(2 * size).fill(NONE);
    this.#latestPop = new Int32Array(2 * size).fill(-1);
    elements.forEach((e, rank) => {
      this.#earliestPush[size + rank] = pushInvoked[e]!;
      this.#latestPop[size + rank] = popReturned[e]!;
    });
    for (let node = size - 1; node > 0; node--) this.#sum(node);
  }

  #sum(node: number): void {
    this.#earliestPush[node] = Math.min(this.#earliestPush[2 * node]!, this.#earliestPush[2 * node + 1]!);
    this.#latestPop[node] = Math.max(this.#latestPop[2 * node]!, this.#latestPop[2 * node + 1]!);
  }

  /** Whether the element with a rank is still in the tree. */
  isIn(rank: number): boolean {
    return this.#latestPop[this.#size + rank]! >= 0;
  }

  /** Removes the element with a rank. */
  take(rank: number): void {
    let node = this.#size + rank;
    this.#earliestPush[node] = NONE;
    this.#latestPop[node] = -1;
    for (node >>= 1; node > 0; node >>= 1) this.#sum(node);
  }

  /**
   * The rank, in `[begin, end)`, of an element whose push was invoked before the event `before` and whose pop returned
   * after the gap `after`; -1 if there is none.
   */
  find(begin: number, end: number, before: number, after: number): number {
    return this.#find(1, 0, this.#size, { begin, end, before, after });
  }

  #find(
    node: number,
    low: number,
    high: number,
    asked: { begin: number; end: number; before: number; after: number },
  ): number {
    if (high <= asked.begin || low >= asked.end) return -1;
    if (this.#earliestPush[node]! >= asked.before || this.#latestPop[node]! <= asked.after) return -1;
    if (node >= this.#size) return low;
    const middle = (low + high) >> 1;
    const left = this.#find(2 * node, low, middle, asked);
    return left >= 0 ? left : this.#find(2 * node + 1, middle, high, asked);
  }
}

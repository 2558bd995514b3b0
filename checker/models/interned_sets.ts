/**
 * Interned sets: each distinct set is a number, however it was built.
 *
 * A set is a binary tree over the elements' numbers, in the order of their first use. Equal subtrees are one node, so
 * adding an element makes one node on each level; a copy would take the whole set. Ten thousand growing sets of ten
 * thousand elements take 200,000 nodes.
 *
 *     root            level LEVELS     the number of the set
 *     /   \
 *    .     .          ...
 *         / \
 *     word   word     level 0          32 elements, a bit each
 *
 * @module
 */
import { entryOf } from "../entries.ts";

/** Enough for 2^24 elements, the limit of a Map. */
const LEVELS = 19;
/** The limit of nodes: a pair of them must fit into one exact number. */
const MOST_NODES = 67_108_864;

/** The empty set: also every node with nothing below it. */
export const EMPTY = 0;

/** A collection of interned sets of texts. */
export class InternedSets {
  readonly #numbers = new Map<string, number>();
  /** The content of each node: two nodes, or a word. */
  readonly #left: number[] = [EMPTY];
  readonly #right: number[] = [EMPTY];
  readonly #ofWord = new Map<number, number>([[0, EMPTY]]);
  readonly #ofPair = new Map<number, number>([[0, EMPTY]]);

  /** The set with or without the element. */
  with(set: number, element: string, isIn: boolean): number {
    const number = this.#numberOf(element);
    const path: number[] = [];
    let node = set;
    for (let level = LEVELS - 1; level >= 0; level--) {
      path.push(node);
      node = this.#isRight(number, level) ? this.#right[node]! : this.#left[node]!;
    }
    const word = this.#left[node]!;
    node = this.#word(isIn ? word | 1 << (number & 31) : word & ~(1 << (number & 31)));
    for (let level = 0; level < LEVELS; level++) {
      const above = path.pop()!;
      node = this.#isRight(number, level)
        ? this.#pair(this.#left[above]!, node)
        : this.#pair(node, this.#right[above]!);
    }
    return node;
  }

  /** Whether the set has the element. */
  has(set: number, element: string): boolean {
    const number = this.#numberOf(element);
    let node = set;
    for (let level = LEVELS - 1; level >= 0; level--) {
      node = this.#isRight(number, level) ? this.#right[node]! : this.#left[node]!;
    }
    return (this.#left[node]! & 1 << (number & 31)) !== 0;
  }

  /** The set of these elements. Linear in their number. */
  of(elements: Iterable<string>): number {
    const words: number[] = [];
    for (const element of elements) {
      const number = this.#numberOf(element);
      while (words.length <= number >> 5) words.push(0);
      words[number >> 5]! |= 1 << (number & 31);
    }
    let nodes = words.map((word) => this.#word(word));
    for (let level = 0; level < LEVELS; level++) {
      const above: number[] = [];
      for (let i = 0; i < nodes.length; i += 2) above.push(this.#pair(nodes[i]!, nodes[i + 1] ?? EMPTY));
      nodes = above;
    }
    return nodes[0] ?? EMPTY;
  }

  #numberOf(element: string): number {
    return entryOf(this.#numbers, element, () => this.#numbers.size);
  }

  #isRight(number: number, level: number): boolean {
    return (number >> (5 + level) & 1) === 1;
  }

  #word(bits: number): number {
    return entryOf(this.#ofWord, bits, () => this.#node(bits, EMPTY));
  }

  #pair(left: number, right: number): number {
    const pair = left * MOST_NODES + right;
    return entryOf(this.#ofPair, pair, () => this.#node(left, right));
  }

  #node(left: number, right: number): number {
    this.#left.push(left);
    return this.#right.push(right) - 1;
  }
}

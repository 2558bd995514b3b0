/**
 * The states that were seen: a fingerprint of 64 bits for each, and how it was reached.
 *
 * ```text
 * slots: open addressing, number of a state + 1, or 0          states: fingerprint high and low, parent, action, kept
 * ```
 *
 * If two states had the same fingerprint, one of them would be missed. For n states the probability is n² / 2^65; for
 * ten million, one in 370,000.
 *
 * @module
 */
import type { Fingerprint } from "./fingerprint.ts";

/** Every state that was seen, by number from 0 on. */
export class StateTable {
  #slots = new Uint32Array(1 << 16);
  #high = new Uint32Array(1 << 15);
  #low = new Uint32Array(1 << 15);
  #parent = new Int32Array(1 << 15);
  #action = new Uint32Array(1 << 15);
  #count = 0;

  /** How many states there are. */
  get size(): number {
    return this.#count;
  }

  /** Their size in bytes. */
  get bytes(): number {
    return 4 * (this.#slots.length + 4 * this.#high.length);
  }

  /**
   * Notes a state.
   *
   * @param parent The state before; -1 for the first.
   * @param action The action that led to it, as a number.
   * @returns Its number, or -1 if it was seen before.
   */
  add({ high, low }: Fingerprint, parent: number, action: number): number {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    for (; this.#slots[slot] !== 0; slot = slot + 1 & mask) {
      const seen = this.#slots[slot]! - 1;
      if (this.#low[seen] === low && this.#high[seen] === high) return -1;
    }
    const number = this.#count++;
    this.#slots[slot] = number + 1;
    this.#high[number] = high;
    this.#low[number] = low;
    this.#parent[number] = parent;
    this.#action[number] = action;
    return number;
  }

  /** The actions that lead from the first state to this one. */
  pathTo(state: number): number[] {
    const path: number[] = [];
    for (let at = state; this.#parent[at]! >= 0; at = this.#parent[at]!) path.push(this.#action[at]!);
    return path.reverse();
  }

  #grow(): void {
    const size = this.#slots.length;
    this.#high = extended(this.#high, size);
    this.#low = extended(this.#low, size);
    this.#action = extended(this.#action, size);
    const parent = new Int32Array(size);
    parent.set(this.#parent);
    this.#parent = parent;
    this.#slots = new Uint32Array(2 * size);
    const mask = 2 * size - 1;
    for (let number = 0; number < this.#count; number++) {
      let slot = this.#low[number]! & mask;
      while (this.#slots[slot] !== 0) slot = slot + 1 & mask;
      this.#slots[slot] = number + 1;
    }
  }
}

function extended(from: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}

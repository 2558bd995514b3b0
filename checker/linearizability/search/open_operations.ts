/**
 * The completed operations of a piece that are open at the search's position, and which of them are placed or free.
 *
 * Each has a slot (see `slots.ts`), and is in one list: that of the value it reads, swaps or writes, or that of its
 * kind.
 *
 *     heads: | value 0: reads, swaps, writes | value 1: reads, swaps, writes | ... | not-equals | steps | looks |
 *            the first slot of each list, or -1
 *     next, previous: by slot                 placed, free, observers, writes: one bit for each slot
 *
 * @module
 */
import { LOOK, NOT_EQUAL, type Piece, READ, STEP, SWAP, WRITE } from "../piece/piece.ts";
import { assignSlots } from "./slots.ts";

/** The open operations; the head of the file shows the layout. */
export class OpenOperations {
  readonly kind: Uint8Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly ret: Int32Array;
  readonly #optional: Uint8Array | undefined;
  /** Each operation's slot; -1 for one of unknown outcome. */
  readonly slotOf: Int32Array;
  /** The operation in each slot, or -1. */
  readonly slotOp: Int32Array;
  readonly heads: Int32Array;
  readonly next: Int32Array;
  readonly previous: Int32Array;
  /** Where the lists by kind begin. */
  readonly notEquals: number;
  readonly steps: number;
  readonly looks: number;
  /** How many words the bits take. */
  readonly words: number;
  readonly placed: Int32Array;
  readonly free: Int32Array;
  /** Which open operations only observe, and which are writes. */
  readonly observers: Int32Array;
  readonly writes: Int32Array;

  /** Makes the state before the first event: no operation is open. */
  constructor(piece: Piece) {
    const slots = assignSlots(piece);
    this.kind = piece.kind;
    this.a = piece.a;
    this.b = piece.b;
    this.ret = piece.ret;
    this.#optional = piece.optional;
    this.slotOf = slots.of;
    this.slotOp = new Int32Array(slots.count).fill(-1);
    this.notEquals = piece.values * 3;
    this.steps = this.notEquals + 1;
    this.looks = this.notEquals + 2;
    this.heads = new Int32Array(this.looks + 1).fill(-1);
    this.next = new Int32Array(slots.count);
    this.previous = new Int32Array(slots.count);
    this.words = Math.max(1, slots.count + 31 >>> 5);
    this.placed = new Int32Array(this.words);
    this.free = new Int32Array(this.words);
    this.observers = new Int32Array(this.words);
    this.writes = new Int32Array(this.words);
  }

  #listOf(op: number): number {
    switch (this.kind[op]) {
      case READ:
        return this.a[op]! * 3;
      case SWAP:
        return this.a[op]! * 3 + 1;
      case WRITE:
        return this.a[op]! * 3 + 2;
      case NOT_EQUAL:
        return this.notEquals;
      case STEP:
        return this.steps;
      default:
        return this.looks;
    }
  }

  /** Adds an operation that was invoked. */
  open(op: number): void {
    const slot = this.slotOf[op]!;
    const list = this.#listOf(op);
    this.slotOp[slot] = op;
    const next = this.heads[list]!;
    this.next[slot] = next;
    this.previous[slot] = -1;
    if (next >= 0) this.previous[next] = slot;
    this.heads[list] = slot;
    const bit = 1 << (slot & 31);
    if (this.isObserver(op)) this.observers[slot >>> 5]! |= bit;
    else if (this.kind[op] === WRITE) this.writes[slot >>> 5]! |= bit;
  }

  /** Removes an operation that has returned. */
  close(op: number): void {
    const slot = this.slotOf[op]!;
    this.slotOp[slot] = -1;
    const next = this.next[slot]!;
    const previous = this.previous[slot]!;
    if (next >= 0) this.previous[next] = previous;
    if (previous >= 0) this.next[previous] = next;
    else this.heads[this.#listOf(op)] = next;
    const others = ~(1 << (slot & 31));
    const word = slot >>> 5;
    this.observers[word]! &= others;
    this.writes[word]! &= others;
    this.placed[word]! &= others;
    this.free[word]! &= others;
  }

  isObserver(op: number): boolean {
    const kind = this.kind[op]!;
    return kind < WRITE || kind === LOOK;
  }

  isPlaced(slot: number): boolean {
    return (this.placed[slot >>> 5]! >>> (slot & 31) & 1) === 1;
  }

  isFree(slot: number): boolean {
    return (this.free[slot >>> 5]! >>> (slot & 31) & 1) === 1;
  }

  /** The open write of `value` that returns first, or -1. */
  firstWrite(value: number): number {
    let best = -1;
    for (let slot = this.heads[value * 3 + 2]!; slot >= 0; slot = this.next[slot]!) {
      if (this.isPlaced(slot)) continue;
      if (best < 0 || this.ret[this.slotOp[slot]!]! < this.ret[this.slotOp[best]!]!) best = slot;
    }
    return best;
  }

  /**
   * The open swap from one value to another that returns first, or -1; of those that may not have happened, or of the
   * others.
   */
  firstSwap(from: number, to: number, isOptional: boolean): number {
    let best = -1;
    for (let slot = this.heads[from * 3 + 1]!; slot >= 0; slot = this.next[slot]!) {
      const op = this.slotOp[slot]!;
      if (this.b[op] !== to || this.isPlaced(slot) || (this.#optional?.[op] === 1) !== isOptional) continue;
      if (best < 0 || this.ret[op]! < this.ret[this.slotOp[best]!]!) best = slot;
    }
    return best;
  }

  /** Whether some open swap from one value to another is not placed. */
  hasSwap(from: number, to: number): boolean {
    return this.firstSwap(from, to, false) >= 0 || this.firstSwap(from, to, true) >= 0;
  }

  /** Whether some open write is neither placed nor free. */
  hasUnfreeWrite(): boolean {
    for (let w = 0; w < this.words; w++) {
      if ((this.writes[w]! & ~this.placed[w]! & ~this.free[w]!) !== 0) return true;
    }
    return false;
  }

  /** Whether some operation before `slot` in its list waits to read `value`. */
  hasReaderBefore(slot: number, value: number): boolean {
    for (let other = this.heads[value * 3]!; other >= 0 && other !== slot; other = this.next[other]!) {
      if (!this.isPlaced(other)) return true;
    }
    return false;
  }

  /** Whether some open step of a class is not placed. */
  hasStep(what: number): boolean {
    for (let slot = this.heads[this.steps]!; slot >= 0; slot = this.next[slot]!) {
      if (!this.isPlaced(slot) && this.a[this.slotOp[slot]!] === what) return true;
    }
    return false;
  }
}

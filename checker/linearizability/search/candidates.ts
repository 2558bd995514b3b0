/**
 * The choices of a search when an operation returns that has not been placed, the likeliest first. `search.ts` explains
 * why no other choices are needed.
 *
 * A candidate is a slot, the complement of a class of unknown operations, or `DROP`. The state that it leads to is
 * stored next to it.
 *
 * @module
 */
import type { Needs } from "./needs.ts";
import type { OpenOperations } from "./open_operations.ts";
import { NOT_EQUAL, type Piece, READ, STEP, SWAP, WRITE } from "../piece/piece.ts";
import type { UsedSets } from "./used_sets.ts";

/** The candidate that drops the returning operation, which is free or may not have happened. */
export const DROP = 0x7ffffffe;

/** The position of a search. */
export interface Position {
  /** The event. */
  pos: number;
  state: number;
  /** The set of unknown operations that were used. */
  used: number;
  /** How many unknown operations of each class were invoked, and how many of all classes. */
  readonly available: Int32Array;
  unknownsOpen: number;
}

/** A stack of candidates, each with the state that it leads to. */
export class Candidates {
  list: Int32Array = new Int32Array(1024);
  end = 0;
  readonly #piece: Piece;
  readonly #needs: Needs;
  readonly #open: OpenOperations;
  readonly #sets: UsedSets;
  readonly #at: Position;

  constructor(piece: Piece, needs: Needs, open: OpenOperations, sets: UsedSets, at: Position) {
    this.#piece = piece;
    this.#needs = needs;
    this.#open = open;
    this.#sets = sets;
    this.#at = at;
  }

  #offer(candidate: number, next: number): void {
    if (this.end + 2 > this.list.length) this.list = grown(this.list);
    this.list[this.end++] = candidate;
    this.list[this.end++] = next;
  }

  /** Offers only the first candidate of `offerAll`. Returns whether it could be found without the others. */
  offerFirst(op: number, slot: number): boolean {
    const before = this.end;
    const value = this.#piece.a[op]!;
    switch (this.#piece.kind[op]) {
      case WRITE:
        this.#offerWrite(value, slot);
        this.end = before + 2;
        return true;
      case SWAP:
        if (this.#at.state === value) this.#offer(slot, this.#piece.b[op]!);
        else this.#offerWritersOf(value);
        break;
      case READ:
        this.#offerWritersOf(value);
    }
    return this.end > before;
  }

  /** Offers every choice that lets `op` return, the likeliest first. */
  offerAll(op: number, slot: number): void {
    const value = this.#piece.a[op]!;
    switch (this.#piece.kind[op]) {
      case READ:
        this.#offerWritersOf(value);
        this.#offerSwapsTo(value);
        this.#offerWhatIsAwaited(value);
        return;
      case NOT_EQUAL:
        this.#offerWhatIsAwaited(-1);
        return;
      case WRITE:
        this.#offerWrite(value, slot);
        this.#offerWhatIsAwaited(value);
        return;
      case SWAP:
        if (this.#at.state === value) this.#offer(slot, this.#piece.b[op]!);
        else {
          this.#offerWritersOf(value);
          this.#offerSwapsTo(value);
        }
        this.#offerWhatIsAwaited(value);
        if (this.#piece.optional?.[op] === 1) this.#offer(DROP, this.#at.state);
        return;
      default:
        this.#offerSteps(slot);
    }
  }

  /** Offers to place a write that returns, and to drop it if it is free. */
  #offerWrite(value: number, slot: number): void {
    const { state, pos } = this.#at;
    const { writers, seenUntil } = this.#needs;
    const open = this.#open;
    if (value === state || !open.isFree(slot) || (writers[value] === 1 && seenUntil[value]! > pos)) {
      this.#offer(slot, value);
    } else if (open.hasReaderBefore(-1, value)) {
      this.#offer(slot, value);
      this.#offer(DROP, state);
    } else {
      this.#offer(DROP, state);
      this.#offer(slot, value);
    }
  }

  /**
   * Whether an operation of a class may be used: one is left, and some operation may still need its effect. (If no
   * operation needs it, the used set does not count the class.)
   */
  #hasUnused(unknown: number): boolean {
    const { available, used, pos } = this.#at;
    if (this.#needs.isInexhaustible[unknown] === 1) return true;
    if (available[unknown] === 0 || this.#needs.classNeededUntil[unknown]! < pos) return false;
    return available[unknown]! > this.#sets.count(used, unknown);
  }

  #offerWritersOf(value: number): void {
    const write = this.#open.firstWrite(value);
    if (write >= 0) this.#offer(write, value);
    else if (this.#at.unknownsOpen > 0) {
      const unknown = this.#needs.writeClass[value]!;
      if (unknown >= 0 && this.#hasUnused(unknown)) this.#offer(~unknown, value);
    }
  }

  #offerSwapsTo(to: number): void {
    const { state, unknownsOpen } = this.#at;
    const { classes, swapClass, nextSwapClass } = this.#needs;
    const swap = this.#open.firstSwap(state, to, false);
    if (swap >= 0) this.#offer(swap, to);
    const optional = this.#open.firstSwap(state, to, true);
    if (optional >= 0) this.#offer(optional, to);
    if (unknownsOpen === 0 || swap >= 0 || optional >= 0) return;
    for (let unknown = swapClass[state]!; unknown >= 0; unknown = nextSwapClass[unknown]!) {
      if (this.#piece.b[classes[unknown]![0]!] === to && this.#hasUnused(unknown)) this.#offer(~unknown, to);
    }
  }

  #offerSwaps(): void {
    const { state, unknownsOpen } = this.#at;
    const { classes, swapClass, nextSwapClass } = this.#needs;
    const { heads, next, slotOp } = this.#open;
    const { b, optional } = this.#piece;
    for (let slot = heads[state * 3 + 1]!; slot >= 0; slot = next[slot]!) {
      const to = b[slotOp[slot]!]!;
      if (this.#open.isPlaced(slot)) continue;
      if (this.#open.firstSwap(state, to, optional?.[slotOp[slot]!] === 1) === slot) this.#offer(slot, to);
    }
    if (unknownsOpen === 0) return;
    for (let unknown = swapClass[state]!; unknown >= 0; unknown = nextSwapClass[unknown]!) {
      const to = b[classes[unknown]![0]!]!;
      if (this.#hasUnused(unknown) && !this.#open.hasSwap(state, to)) this.#offer(~unknown, to);
    }
  }

  /** Offers the values that open operations wait for, except `already`, which was offered before. */
  #offerWhatIsAwaited(already: number): void {
    const { state, unknownsOpen } = this.#at;
    const { kind, a } = this.#piece;
    const open = this.#open;
    const { slotOp, heads } = open;
    if (open.hasUnfreeWrite()) this.#offerWritersOf(state);
    this.#offerSwaps();
    for (let slot = 0; slot < slotOp.length; slot++) {
      const op = slotOp[slot]!;
      if (op < 0 || open.isPlaced(slot)) continue;
      const wanted = a[op]!;
      if (kind[op] === READ || kind[op] === SWAP) {
        if (wanted === state || wanted === already) continue;
        // Only the first operation that waits for a value offers it.
        if (kind[op] === READ && heads[wanted * 3] !== slot && open.hasReaderBefore(slot, wanted)) continue;
        this.#offerWritersOf(wanted);
      } else if (kind[op] === NOT_EQUAL) this.#offerAnyWrite();
    }
    if (unknownsOpen === 0) return;
    for (const unknown of this.#needs.swapClasses) {
      const from = a[this.#needs.classes[unknown]![0]!]!;
      if (from !== state && from !== already && this.#hasUnused(unknown)) this.#offerWritersOf(from);
    }
  }

  #offerAnyWrite(): void {
    const { state } = this.#at;
    const { kind, a } = this.#piece;
    const open = this.#open;
    for (let slot = 0; slot < open.slotOp.length; slot++) {
      const op = open.slotOp[slot]!;
      if (op < 0 || kind[op] !== WRITE || open.isPlaced(slot) || a[op] === state) continue;
      if (open.firstWrite(a[op]!) === slot) this.#offer(slot, a[op]!);
    }
    for (const unknown of this.#needs.writeClasses) {
      const value = a[this.#needs.classes[unknown]![0]!]!;
      if (value !== state && open.firstWrite(value) < 0 && this.#hasUnused(unknown)) this.#offer(~unknown, value);
    }
  }

  #offerSteps(first: number): void {
    const { kind, a, ret, optional } = this.#piece;
    const open = this.#open;
    const { heads, next, slotOp, steps } = open;
    const returning = slotOp[first]!;
    // Equal operations can replace each other, except that one may have happened for certain and the other not.
    const areEqual = (x: number, y: number): boolean => a[x] === a[y] && optional?.[x] === optional?.[y];
    if (kind[returning] === STEP) this.#offerStep(first, returning);
    for (let slot = heads[steps]!; slot >= 0; slot = next[slot]!) {
      if (slot === first || open.isPlaced(slot)) continue;
      const op = slotOp[slot]!;
      let isFirst = !areEqual(op, returning) || open.isPlaced(first);
      for (let other = heads[steps]!; other >= 0 && isFirst; other = next[other]!) {
        const rival = slotOp[other]!;
        if (other !== slot && !open.isPlaced(other) && areEqual(rival, op) && ret[rival]! < ret[op]!) isFirst = false;
      }
      if (isFirst) this.#offerStep(slot, op);
    }
    if (optional?.[returning] === 1) this.#offer(DROP, this.#at.state);
    if (this.#at.unknownsOpen === 0) return;
    const { classes } = this.#needs;
    for (let unknown = 0; unknown < classes.length; unknown++) {
      const op = classes[unknown]![0]!;
      if (this.#hasUnused(unknown) && !open.hasStep(a[op]!)) this.#offerStep(~unknown, op);
    }
  }

  #offerStep(candidate: number, op: number): void {
    const { state } = this.#at;
    const { a, transitions } = this.#piece;
    const count = transitions!.count(state, a[op]!);
    for (let choice = 0; choice < count; choice++) {
      const next = transitions!.next(state, a[op]!, choice);
      if (candidate >= 0 || next !== state) this.#offer(candidate, next);
    }
  }
}

function grown(old: Int32Array): Int32Array<ArrayBuffer> {
  const array = new Int32Array(old.length * 2);
  array.set(old);
  return array;
}

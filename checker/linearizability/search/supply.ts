/**
 * Finds configurations that cannot succeed, because a value is made too rarely for the compare-and-sets that need it.
 *
 * A compare-and-set replaces the value that it finds, so each needs a maker of its own: a write of that value, or a
 * compare-and-set to it. Up to each return, the compare-and-sets that have returned are counted against the makers that
 * are open now or were invoked by then. Without this count, a search notices the shortage at the last compare-and-set,
 * long after it wasted a maker.
 *
 * @module
 */
import type { Position } from "./candidates.ts";
import type { Needs } from "./needs.ts";
import type { OpenOperations } from "./open_operations.ts";
import { type Piece, READ, SWAP, WRITE } from "../piece/piece.ts";
import type { UsedSets } from "./used_sets.ts";

/** Counts makers, and the compare-and-sets that need them; see the file's head. */
export class Supply {
  readonly #piece: Piece;
  readonly #needs: Needs;
  readonly #sets: UsedSets;
  readonly #open: OpenOperations;
  /** By value: how many makers there are, less the compare-and-sets that need one. */
  readonly #left: Int32Array;
  /** By value: how many makers there are. */
  readonly #made: Int32Array;

  constructor(piece: Piece, needs: Needs, sets: UsedSets, open: OpenOperations) {
    this.#piece = piece;
    this.#needs = needs;
    this.#sets = sets;
    this.#open = open;
    this.#left = new Int32Array(piece.values);
    this.#made = new Int32Array(piece.values);
  }

  /** Whether the count pays for a piece: it has compare-and-sets, and few values. */
  static suits(piece: Piece): boolean {
    const isPlain = piece.transitions === undefined && piece.relaxed === undefined && piece.optional === undefined;
    return isPlain && piece.values <= MOST_VALUES && piece.kind.includes(SWAP);
  }

  /** Whether some value is surely made too late, or too rarely. */
  isShort(at: Position): boolean {
    const { events, kind, a, b, inv } = this.#piece;
    const { slotOf } = this.#open;
    const left = this.#left;
    const made = this.#made;
    const until = this.#countOpen(at);
    for (let pos = at.pos; pos <= until; pos++) {
      const event = events[pos]!;
      if (event >= 0) {
        if (kind[event] === WRITE) this.#make(a[event]!, 1);
        else if (kind[event] === SWAP) this.#make(b[event]!, 1);
        continue;
      }
      const op = ~event;
      if (inv[op]! < at.pos && this.#open.isPlaced(slotOf[op]!)) continue;
      if (kind[op] === SWAP && --left[a[op]!]! < 0) return true;
      if (kind[op] === READ && made[a[op]!] === 0) return true;
    }
    return false;
  }

  /** Counts the makers that are open now. Returns the position at which the last open operation returns. */
  #countOpen({ state, used, available, unknownsOpen }: Position): number {
    const { kind, a, b, ret } = this.#piece;
    const { slotOp } = this.#open;
    this.#left.fill(0);
    this.#made.fill(0);
    this.#make(state, 1);
    let until = -1;
    for (let slot = 0; slot < slotOp.length; slot++) {
      const op = slotOp[slot]!;
      if (op < 0) continue;
      if (ret[op]! > until) until = ret[op]!;
      if (this.#open.isPlaced(slot)) continue;
      if (kind[op] === WRITE) this.#make(a[op]!, 1);
      else if (kind[op] === SWAP) this.#make(b[op]!, 1);
    }
    const { classes } = this.#needs;
    for (let unknown = 0; unknown < classes.length && unknownsOpen > 0; unknown++) {
      if (available[unknown] === 0) continue;
      const op = classes[unknown]![0]!;
      const count = available[unknown]! - this.#sets.count(used, unknown);
      if (kind[op] === WRITE) this.#make(a[op]!, count);
      else if (kind[op] === SWAP) this.#make(b[op]!, count);
    }
    return until;
  }

  #make(value: number, count: number): void {
    this.#left[value]! += count;
    this.#made[value]! += count;
  }
}

/** In a piece with more values, operations seldom wait for the same one. */
const MOST_VALUES = 256;

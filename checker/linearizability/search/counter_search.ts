/**
 * Searches for an order of a counter's operations, as `search.ts` does, but knows that additions commute.
 *
 * An addition is placed before its return only for an open read that waits for a sum. So each decision is which open
 * additions together lead to the sum that a read waits for. Among equal additions, the one that returns first is used
 * first, those of unknown outcome last.
 *
 * - If nothing is subtracted, the reads of smaller sums must be served first: a read of less than the current sum can
 *   no longer be served.
 * - A failed configuration is remembered: the event, the sum, and which additions and reads are placed.
 *
 * @module
 */
import { addTo, entryOf } from "../../entries.ts";
import { LOOK, NEVER, type Piece } from "../piece/piece.ts";
import type { SearchLimits, SearchResult } from "./limits.ts";

/** Searches the piece of a counter. */
export function searchCounter(piece: Piece, limits: SearchLimits = {}): SearchResult {
  if (!piece.ret.includes(NEVER)) return new CounterSearch(piece, false).run(limits);
  // If many additions have an unknown outcome, it rarely matters which of them were used. So first a coarse search: an
  // order that it finds is valid.
  const quick = new CounterSearch(piece, true).run(limits);
  if (quick.valid === true || limits.stop?.() === true) return quick;
  return new CounterSearch(piece, false).run(limits);
}

/** A way to continue from a decision: the additions to place, one after another. */
type Way = readonly number[];

/** A decision that can be taken back. */
interface Frame {
  readonly pos: number;
  readonly sum: number;
  readonly log: number;
  readonly key: string;
  readonly placed: readonly number[];
  readonly ways: Iterator<Way, undefined>;
}

/** Equal additions that can be placed. */
interface Choice {
  readonly delta: number;
  /** The open ones, in the order of their returns; then those of unknown outcome. */
  readonly operations: readonly number[];
}

class CounterSearch {
  readonly #piece: Piece;
  readonly #delta: Float64Array;
  readonly #sees: Float64Array;
  readonly #isMonotone: boolean;
  readonly #isCoarse: boolean;
  readonly #isPlaced: Uint8Array;
  /** The completed operations that are open; and the additions of unknown outcome that were invoked, by amount. */
  readonly #open = new Set<number>();
  readonly #unknown = new Map<number, number[]>();
  readonly #failed = new Set<string>();
  #pos = 0;
  #sum: number;
  #log: number[] = [];
  #frames: Frame[] = [];

  /**
   * @param isCoarse Whether a configuration counts as failed even if other additions of unknown outcome were used in
   * it.
   */
  constructor(piece: Piece, isCoarse: boolean) {
    this.#piece = piece;
    this.#isCoarse = isCoarse;
    const { initial, delta, sees } = piece.sums!;
    this.#delta = delta;
    this.#sees = sees;
    this.#sum = initial;
    this.#isPlaced = new Uint8Array(piece.length);
    this.#isMonotone = true;
    for (let op = 0; op < piece.length; op++) if (this.#delta[piece.a[op]!]! < 0) this.#isMonotone = false;
  }

  #effort = new Effort(MOST_CHOICES, undefined);

  run({ stop, configurations = 20_000_000, visits = Infinity }: SearchLimits): SearchResult {
    let visited = 0;
    let reached = 0;
    this.#effort = new Effort(Math.min(MOST_CHOICES, visits * CHOICES_A_VISIT), stop);
    for (;;) {
      if (this.#advance()) return { valid: true, order: () => Int32Array.from(this.#log), reached: this.#pos, visited };
      reached = Math.max(reached, this.#pos);
      visited++;
      const isOver = visited > visits || this.#failed.size > configurations;
      if (isOver || ((visited & 255) === 0 && stop?.() === true)) return { valid: "unknown", reached, visited };
      const isUsedUp = !this.#decide() && !this.#takeNext();
      if (this.#effort.isSpent) return { valid: "unknown", reached, visited };
      if (isUsedUp) return { valid: false, reached, visited };
    }
  }

  /** Walks to the first return of an operation that is not placed. Returns whether there is none. */
  #advance(): boolean {
    const { events, ret, kind } = this.#piece;
    for (; this.#pos < events.length; this.#pos++) {
      const event = events[this.#pos]!;
      if (event < 0) {
        if (this.#isPlaced[~event] === 0) return false;
        this.#open.delete(~event);
      } else if (ret[event] === NEVER) this.#unknownOf(event).push(event);
      else {
        this.#open.add(event);
        if (kind[event] === LOOK && this.#seenBy(event) === this.#sum) this.#place(event);
      }
    }
    return true;
  }

  #unknownOf(op: number): number[] {
    const delta = this.#deltaOf(op);
    return entryOf(this.#unknown, delta, () => []);
  }

  #deltaOf(op: number): number {
    return this.#delta[this.#piece.a[op]!]!;
  }

  #seenBy(op: number): number {
    return this.#sees[this.#piece.a[op]!]!;
  }

  #place(op: number): void {
    this.#isPlaced[op] = 1;
    this.#log.push(op);
  }

  /** Places additions one after another, and after each the reads that see the sum. */
  #take(way: Way): boolean {
    for (const op of way) {
      this.#place(op);
      this.#sum += this.#deltaOf(op);
      for (const read of this.#waiting()) {
        const sees = this.#seenBy(read);
        if (sees === this.#sum) this.#place(read);
        else if (this.#isMonotone && sees < this.#sum) return false;
      }
    }
    return true;
  }

  /** The open reads that are not placed. */
  #waiting(): number[] {
    const reads: number[] = [];
    for (const op of this.#open) if (this.#piece.kind[op] === LOOK && this.#isPlaced[op] === 0) reads.push(op);
    return reads;
  }

  /** Takes the likeliest way. Returns `false` if there is none, or this configuration has failed before. */
  #decide(): boolean {
    const placed = [...this.#open].filter((op) => this.#isPlaced[op] === 1);
    const used = this.#isCoarse
      ? ""
      : [...this.#unknown.values()].map((ops) => ops.reduce((sum, op) => sum + this.#isPlaced[op]!, 0));
    const key = `${this.#pos}|${this.#sum}|${[...placed].sort((x, y) => x - y)}|${used}`;
    if (this.#failed.has(key)) return false;
    const ways = this.#waysOn(~this.#piece.events[this.#pos]!)[Symbol.iterator]() as Iterator<Way, undefined>;
    this.#frames.push({ pos: this.#pos, sum: this.#sum, log: this.#log.length, key, placed, ways });
    return this.#takeNext();
  }

  /** Backtracks to the last decision with another way, and takes that. Returns `false` if all ways are used up. */
  #takeNext(): boolean {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      this.#retreat(frame);
      const next = frame.ways.next();
      if (next.done === true) {
        this.#failed.add(frame.key);
        this.#frames.pop();
      } else if (this.#take(next.value)) return true;
    }
    return false;
  }

  #retreat({ pos, sum, log }: Frame): void {
    const { events, ret } = this.#piece;
    while (this.#log.length > log) this.#isPlaced[this.#log.pop()!] = 0;
    while (this.#pos > pos) {
      const event = events[--this.#pos]!;
      if (event < 0) this.#open.add(~event);
      else if (ret[event] === NEVER) this.#unknownOf(event).pop();
      else this.#open.delete(event);
    }
    this.#sum = sum;
  }

  /** The ways to let an operation return, or to serve a waiting read before it returns; the likeliest first. */
  *#waysOn(returning: number): Generator<Way> {
    const isRead = this.#piece.kind[returning] === LOOK;
    const sum = this.#sum;
    const target = isRead ? this.#seenBy(returning) : sum + this.#deltaOf(returning);
    const awaited = [...new Set(this.#waiting().map((read) => this.#seenBy(read)))].sort((x, y) => x - y);
    // If the sum never decreases, the smallest awaited sum is served first: before a larger one comes, or never.
    const served = this.#isMonotone ? awaited.slice(0, 1) : awaited;
    const isForced = this.#isMonotone && served.length > 0 && served[0]! < target;
    if (!isRead && !isForced) yield [returning];
    if (isRead && !isForced) yield* this.#waysTo(target - sum, -1);
    for (const each of served) {
      // If the way includes the operation itself, it may as well come first.
      if (!isRead || each !== target) yield* this.#waysTo(each - sum, isForced ? -1 : returning);
    }
  }

  /** The ways to reach a difference, first those without additions of unknown outcome. */
  *#waysTo(difference: number, except: number): Generator<Way> {
    const { kind, ret } = this.#piece;
    const open = [...this.#open].filter((op) =>
      kind[op] !== LOOK && this.#isPlaced[op] === 0 && op !== except && this.#deltaOf(op) !== 0
    );
    open.sort((x, y) => ret[x]! - ret[y]!);
    yield* waysTo(this.#choices(open), difference, this.#effort);
    const unknown: number[] = [];
    for (const [delta, operations] of this.#unknown) {
      if (delta !== 0) unknown.push(...operations.filter((op) => this.#isPlaced[op] === 0));
    }
    if (unknown.length === 0) return;
    for (const way of waysTo(this.#choices([...open, ...unknown]), difference, this.#effort)) {
      if (way.some((op) => ret[op] === NEVER)) yield way;
    }
  }

  #choices(operations: readonly number[]): Choice[] {
    const byDelta = new Map<number, number[]>();
    for (const op of operations) {
      addTo(byDelta, this.#deltaOf(op), op);
    }
    return Array.from(byDelta, ([delta, operations]) => ({ delta, operations }));
  }
}

/** How many choices of additions are tried at most, which takes seconds; and for each visit that the limits allow. */
const MOST_CHOICES = 50_000_000, CHOICES_A_VISIT = 1_000;

/** Counts choices, which may be as many as there are subsets of the open additions. */
class Effort {
  /** Whether there were too many, or time is up: then ways are missing. */
  isSpent = false;
  #left: number;
  readonly #stop: (() => boolean) | undefined;

  constructor(most: number, stop: (() => boolean) | undefined) {
    this.#left = most;
    this.#stop = stop;
  }

  /** Counts one choice. Returns whether to give up. */
  spend(): boolean {
    if (--this.#left < 0 || ((this.#left & 4095) === 0 && this.#stop?.() === true)) this.isSpent = true;
    return this.isSpent;
  }
}

/**
 * The ways to choose additions with a given total; of each kind the first ones are used. No way extends another way
 * that is sufficient.
 *
 * If additions and subtractions are mixed, the shortest ways come first. Otherwise the ways with the additions that
 * return soonest come first, because those have most likely happened.
 */
function* waysTo(choices: readonly Choice[], difference: number, effort: Effort): Generator<Way> {
  // The most that the kinds from `i` on can add, and the most that they can subtract.
  const most = new Float64Array(choices.length + 1);
  const least = new Float64Array(choices.length + 1);
  for (let i = choices.length - 1; i >= 0; i--) {
    const all = choices[i]!.delta * choices[i]!.operations.length;
    most[i] = most[i + 1]! + Math.max(0, all);
    least[i] = least[i + 1]! + Math.min(0, all);
  }
  if (difference < least[0]! || difference > most[0]!) return;
  const isMixed = most[0]! > 0 && least[0]! < 0;
  const all = choices.reduce((count, { operations }) => count + operations.length, 0);
  if (!isMixed) yield* choose(0, difference, all, []);
  else for (let size = 1; size <= all; size++) yield* choose(0, difference, size, []);

  /**
   * Chooses at most `size` more additions of the kinds from `i` on; exactly `size` if additions and subtractions are
   * mixed.
   */
  function* choose(i: number, left: number, size: number, chosen: Way): Generator<Way> {
    if (left === 0 && (!isMixed || size === 0)) {
      if (chosen.length > 0) yield chosen;
      return;
    }
    if (effort.spend()) return;
    if (i === choices.length || size === 0 || left > most[i]! || left < least[i]!) return;
    const { delta, operations } = choices[i]!;
    for (let count = Math.min(size, operations.length); count >= 0; count--) {
      const rest = left - count * delta;
      if (rest < least[i + 1]! || rest > most[i + 1]!) continue;
      yield* choose(i + 1, rest, size - count, count === 0 ? chosen : [...chosen, ...operations.slice(0, count)]);
    }
  }
}

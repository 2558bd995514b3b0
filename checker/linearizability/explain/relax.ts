/**
 * Decides whether some operations of a piece contradict each other whatever the others did. The other operations are
 * relaxed: an observer is dropped, and any other operation may take effect at any time or never.
 *
 * @module
 */
import { addTo } from "../../entries.ts";
import { LOOK, NEVER, NOT_EQUAL, type Piece, READ, STEP, SWAP, WRITE } from "../piece/piece.ts";
import type { SearchLimits } from "../search/limits.ts";
import { search } from "../search/search.ts";
import { among, selection } from "./selection.ts";

/**
 * The part of a piece before an event. An operation that is open there gets an unknown outcome; an open observer has
 * seen nothing yet.
 */
export function prefixOf(piece: Piece, end: number): Piece {
  const most = end;
  const result = {
    rows: new Int32Array(most),
    kind: new Uint8Array(most),
    a: new Int32Array(most),
    b: new Int32Array(most),
    inv: new Int32Array(most),
    ret: new Int32Array(most).fill(NEVER),
    events: new Int32Array(end),
  };
  const numbers = new Int32Array(piece.length);
  let length = 0;
  let position = 0;
  for (let i = 0; i < end; i++) {
    const event = piece.events[i]!;
    if (event < 0) {
      const op = numbers[~event]!;
      result.ret[op] = position;
      result.events[position++] = ~op;
      continue;
    }
    if (piece.ret[event]! >= end && isObserver(piece.kind[event]!)) continue;
    const op = length++;
    numbers[event] = op;
    result.rows[op] = piece.rows[event]!;
    result.kind[op] = piece.kind[event]!;
    result.a[op] = piece.a[event]!;
    result.b[op] = piece.b[event]!;
    result.inv[op] = position;
    result.events[position++] = op;
  }
  return {
    ...piece,
    ...result,
    length,
    rows: result.rows.subarray(0, length),
    events: result.events.subarray(0, position),
    ...among(piece, result.a.subarray(0, length)),
  };
}

function isObserver(kind: number): boolean {
  return kind === READ || kind === NOT_EQUAL || kind === LOOK;
}

/** How much all questions together may cost. */
const ALL_QUESTIONS = 2_000_000;

/** A piece whose operations can be relaxed. */
export class Relaxation {
  readonly #piece: Piece;
  readonly #limits: SearchLimits;
  readonly #most: number;
  /** For registers: the operations that write each value. */
  readonly #writers = new Map<number, number[]>();
  readonly #blindWrites: number[] = [];
  #cost = 0;

  /**
   * @param piece The piece.
   * @param limits What bounds each question.
   * @param most How much all questions together may cost. The unit is a visit of a register's configuration, which
   * takes some 0.5 µs.
   */
  constructor(piece: Piece, limits: SearchLimits, most: number = ALL_QUESTIONS) {
    this.#most = most;
    this.#piece = piece;
    this.#limits = limits;
    if (piece.transitions !== undefined) return;
    for (let op = 0; op < piece.length; op++) {
      const kind = piece.kind[op]!;
      if (kind !== WRITE && kind !== SWAP) continue;
      if (kind === WRITE) this.#blindWrites.push(op);
      const value = kind === WRITE ? piece.a[op]! : piece.b[op]!;
      addTo(this.#writers, value, op);
    }
  }

  /** The operations of a register that write a value. */
  writersOf(value: number): readonly number[] {
    return this.#writers.get(value) ?? [];
  }

  /** Whether several operations write the same value, or may, for all that is known. */
  get hasRepeatedValues(): boolean {
    return this.#piece.transitions !== undefined || [...this.#writers.values()].some((writers) => writers.length > 1);
  }

  /** Whether no more questions can be asked: the time is up, or the questions have cost too much. */
  get isSpent(): boolean {
    return this.#cost > this.#most || this.#limits.stop?.() === true;
  }

  /**
   * Whether these operations (ascending) contradict each other; `"unknown"` if more than `visits` configurations would
   * have to be visited.
   */
  contradicts(kept: readonly number[], visits: number): true | false | "unknown" {
    if (this.isSpent) return "unknown";
    const { transitions, values } = this.#piece;
    const relaxed = transitions === undefined ? this.#usefulWrites(kept) : this.#otherSteps(kept);
    const length = kept.length + relaxed.length;
    // Each visit of a model's configuration looks at every relaxed step, and that of a register keeps sets of swaps.
    const each = 1 + (transitions === undefined ? this.#swapsAmong(relaxed) >>> 3 : relaxed.length);
    // Each question makes its own tables of operations and values. A model's steps and states are made anew as well.
    this.#cost += transitions === undefined ? length + (values >>> 3) : 8 * length;
    const most = Math.min(visits, Math.ceil(Math.max(0, this.#most - this.#cost) / each) + kept.length);
    const { valid, visited } = search(selection(this.#piece, kept, relaxed, false), { ...this.#limits, visits: most });
    this.#cost += visited * each;
    return valid === "unknown" ? valid : !valid;
  }

  /**
   * The relaxed operations that may help the kept ones. Each use helps one kept operation, so no more of a class are
   * needed than there are kept operations.
   */
  #usefulWrites(kept: readonly number[]): number[] {
    const { kind, a, b } = this.#piece;
    const isKept = new Set(kept);
    const seen = new Set<number>();
    const work: number[] = [];
    const see = (value: number): void => {
      if (seen.has(value)) return;
      seen.add(value);
      work.push(value);
    };
    let hasNotEqual = false;
    for (const op of kept) {
      if (kind[op] === READ || kind[op] === SWAP || kind[op] === NOT_EQUAL) see(a[op]!);
      if (kind[op] === NOT_EQUAL) hasNotEqual = true;
    }
    const relaxed: number[] = [];
    const counts = new Map<string, number>();
    const add = (op: number): void => {
      if (isKept.has(op)) return;
      const text = `${kind[op]},${a[op]},${b[op]}`;
      const count = counts.get(text) ?? 0;
      if (count > kept.length) return;
      counts.set(text, count + 1);
      relaxed.push(op);
      if (kind[op] === SWAP) see(a[op]!);
    };
    const addWritersOfSeen = (): void => {
      for (let value = work.pop(); value !== undefined; value = work.pop()) this.#writers.get(value)?.forEach(add);
    };
    addWritersOfSeen();
    if (hasNotEqual) {
      // Any other value works: take a few writes that are always available, or else any.
      const others = this.#blindWrites.filter((op) => !isKept.has(op) && !seen.has(a[op]!)).slice(0, kept.length + 1);
      others.forEach(add);
      if (others.length <= kept.length) {
        for (const value of this.#writers.keys()) see(value);
        addWritersOfSeen();
      }
    }
    return [...new Set(relaxed)].sort((x, y) => x - y);
  }

  #swapsAmong(ops: readonly number[]): number {
    let count = 0;
    for (const op of ops) if (this.#piece.kind[op] === SWAP) count++;
    return count;
  }

  #otherSteps(kept: readonly number[]): number[] {
    const isKept = new Set(kept);
    const relaxed: number[] = [];
    const counts = new Map<number, number>();
    for (let op = 0; op < this.#piece.length; op++) {
      if (this.#piece.kind[op] !== STEP || isKept.has(op)) continue;
      const count = counts.get(this.#piece.a[op]!) ?? 0;
      counts.set(this.#piece.a[op]!, count + 1);
      if (count <= kept.length) relaxed.push(op);
    }
    return relaxed;
  }
}

/**
 * Splits a table of register operations by key, and prepares each key's part for judging:
 *
 * - operations that did not happen, reads of unknown outcome, and writes of unknown outcome whose value nobody saw are
 *   left out;
 * - values that nobody saw become one value, `UNSEEN`;
 * - a compare-and-set of a value to itself becomes a read.
 *
 * "Seen" is transitive: the compared value of a compare-and-set of unknown outcome counts as seen if its new value was
 * seen.
 *
 * @module
 */
import { addTo } from "../../entries.ts";
import { NEVER, NOT_EQUAL, type Piece, READ, SWAP, WRITE } from "./piece.ts";
import { CAS, FAILED, GET, MISMATCH, OK, type Operations, PUT } from "../../table/operations.ts";
import { NULL_ID } from "../../table/values.ts";

/** The options of register models. */
export interface RegisterOptions {
  /** The id of every key's initial value. */
  readonly initial: number;
  /**
   * Whether a read that returned null learned nothing, as in Jepsen's register tests. Otherwise null means that there
   * is no value.
   */
  readonly nullReadsAnything?: boolean;
}

/** The dense number of a piece's initial value. */
export const INITIAL = 0;
/** The dense number of all values that nobody saw. */
export const UNSEEN = 1;
const FIRST = 2;

/** The events of a table by key, or by part: those of `k` are `sorted` from `begins[k]` to before `begins[k + 1]`. */
interface ByKey {
  readonly sorted: Int32Array;
  readonly begins: Int32Array;
}

/** What the operations of a piece do, while it is built. */
interface Meaning {
  readonly kind: Uint8Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** How many values the piece has so far. */
  values: number;
  /** Whether a failed compare-and-set says only what the value was not. */
  readonly hasNotEqual: boolean;
}

/** Groups the events by key, and keeps their order within a key. */
export function eventsByKey(table: Operations): ByKey {
  return eventsBy(table, table.key, table.keys.size);
}

/**
 * Groups the events, and keeps their order within a group.
 *
 * @param group Each row's group, below `groups`.
 * @param isLeftOut For each group, whether its events are left out. Default: none is.
 */
export function eventsBy(
  { order, events }: Operations,
  group: Int32Array,
  groups: number,
  isLeftOut: Uint8Array = new Uint8Array(groups),
): ByKey {
  const begins = new Int32Array(groups + 1);
  if (groups === 1 && isLeftOut[0] === 0) {
    begins[1] = events;
    return { sorted: order, begins };
  }
  for (let i = 0; i < events; i++) {
    const event = order[i]!;
    const g = group[event < 0 ? ~event : event]!;
    if (isLeftOut[g] === 0) begins[g + 1]!++;
  }
  for (let k = 0; k < groups; k++) begins[k + 1]! += begins[k]!;
  const ends = begins.slice();
  const sorted = new Int32Array(begins[groups]!);
  for (let i = 0; i < events; i++) {
    const event = order[i]!;
    const g = group[event < 0 ? ~event : event]!;
    if (isLeftOut[g] === 0) sorted[ends[g]!++] = event;
  }
  return { sorted, begins };
}

/** Makes the pieces of a table's keys, one at a time. */
export class RegisterPieces {
  readonly #table: Operations;
  readonly #options: RegisterOptions;
  /** By row: the operation's number in its piece, plus 1; 0 for rows that were left out. */
  readonly #numbers: Int32Array;
  /** By value: its dense number in the current piece (UNSEEN if nobody saw it), and whether anybody saw it. */
  readonly #dense: Int32Array;
  readonly #seen: Uint8Array;

  constructor(table: Operations, options: RegisterOptions) {
    this.#table = table;
    this.#options = options;
    this.#numbers = new Int32Array(table.length);
    this.#dense = new Int32Array(table.values.size).fill(UNSEEN);
    this.#seen = new Uint8Array(table.values.size);
  }

  /**
   * The piece of the key whose events are `sorted` from `begin` to before `end`; undefined if it cannot contain a
   * violation.
   */
  pieceOf(
    sorted: Int32Array,
    begin: number,
    end: number,
    initial: number = this.#options.initial,
  ): Piece | undefined {
    const { verb, outcome, a: first, actual } = this.#table;
    const { nullReadsAnything } = this.#options;
    const seen = this.#seen;
    const dense = this.#dense;
    const touched: number[] = [];
    let hasNotEqual = false;
    let hasObserver = false;
    const unknownSwaps: number[] = [];
    const see = (value: number): void => {
      if (seen[value] === 0) {
        seen[value] = 1;
        touched.push(value);
      }
    };
    for (let i = begin; i < end; i++) {
      const row = sorted[i]!;
      if (row < 0) continue;
      const how = outcome[row]!;
      if (verb[row] === GET) {
        if (how !== OK || (nullReadsAnything === true && first[row] === NULL_ID)) continue;
        see(first[row]!);
        hasObserver = true;
      } else if (verb[row] === CAS) {
        if (how === OK) see(first[row]!);
        else if (how === MISMATCH) {
          const saw = actual.get(row);
          see(saw ?? first[row]!);
          if (saw === undefined) hasNotEqual = true;
        } else {
          if (how !== FAILED) unknownSwaps.push(row);
          continue;
        }
        hasObserver = true;
      }
    }
    let values = FIRST;
    if (hasObserver) {
      if (unknownSwaps.length > 0) this.#seeThroughSwaps(unknownSwaps, hasNotEqual, see);
      for (const value of touched) dense[value] = value === initial ? INITIAL : values++;
    }
    const piece = hasObserver ? this.#build(sorted, begin, end, values, hasNotEqual) : undefined;
    for (const value of touched) {
      seen[value] = 0;
      dense[value] = UNSEEN;
    }
    return piece;
  }

  #seeThroughSwaps(unknownSwaps: readonly number[], hasNotEqual: boolean, see: (value: number) => void): void {
    const { a: first, b: second } = this.#table;
    const byTarget = new Map<number, number[]>();
    const work: number[] = [];
    for (const row of unknownSwaps) {
      if (this.#seen[second[row]!] === 1 || hasNotEqual) work.push(row);
      else {
        addTo(byTarget, second[row]!, row);
      }
    }
    for (let row = work.pop(); row !== undefined; row = work.pop()) {
      const from = first[row]!;
      see(from);
      const rows = byTarget.get(from);
      if (rows === undefined) continue;
      byTarget.delete(from);
      for (const other of rows) work.push(other);
    }
  }

  #build(sorted: Int32Array, begin: number, end: number, values: number, hasNotEqual: boolean): Piece {
    const numbers = this.#numbers;
    const most = end - begin;
    const rows = new Int32Array(most);
    const inv = new Int32Array(most);
    const ret = new Int32Array(most);
    const events = new Int32Array(most);
    const meaning: Meaning = {
      kind: new Uint8Array(most),
      a: new Int32Array(most),
      b: new Int32Array(most),
      values,
      hasNotEqual,
    };
    let length = 0;
    let position = 0;
    for (let i = begin; i < end; i++) {
      const row = sorted[i]!;
      if (row < 0) {
        const op = numbers[~row]! - 1;
        if (op < 0) continue;
        ret[op] = position;
        events[position++] = ~op;
        continue;
      }
      if (!this.#interpret(row, meaning, length)) continue;
      const op = length++;
      numbers[row] = op + 1;
      rows[op] = row;
      inv[op] = position;
      ret[op] = NEVER;
      events[position++] = op;
    }
    return {
      length,
      rows: rows.subarray(0, length),
      kind: meaning.kind,
      a: meaning.a,
      b: meaning.b,
      inv,
      ret,
      events: events.subarray(0, position),
      initial: INITIAL,
      values: meaning.values,
    };
  }

  /** Writes what the row does as operation `op`. Returns false if the row is left out. */
  #interpret(row: number, meaning: Meaning, op: number): boolean {
    const { verb, outcome, a: first } = this.#table;
    const { kind, a } = meaning;
    const dense = this.#dense;
    const how = outcome[row]!;
    if (how === FAILED) return false;
    const isUnknown = how !== OK && how !== MISMATCH;
    const value = first[row]!;
    if (verb[row] === GET) {
      if (isUnknown || (this.#options.nullReadsAnything === true && value === NULL_ID)) return false;
      kind[op] = READ;
      a[op] = dense[value]!;
      return true;
    }
    if (verb[row] === CAS) return this.#interpretSwap(row, meaning, op);
    const written = verb[row] === PUT ? value : NULL_ID;
    if (isUnknown && dense[written] === UNSEEN && !meaning.hasNotEqual) return false;
    kind[op] = WRITE;
    a[op] = dense[written]!;
    return true;
  }

  /** The same for a compare-and-set. */
  #interpretSwap(row: number, meaning: Meaning, op: number): boolean {
    const { outcome, a: first, b: second, actual } = this.#table;
    const { kind, a, b } = meaning;
    const dense = this.#dense;
    const from = first[row]!;
    const to = second[row]!;
    if (outcome[row] === MISMATCH) {
      const saw = actual.get(row);
      kind[op] = saw === undefined ? NOT_EQUAL : READ;
      // The failed compare saw the very value that it compared with, which is impossible.
      a[op] = saw === from ? meaning.values++ : dense[saw ?? from]!;
      return true;
    }
    const isUnknown = outcome[row] !== OK;
    const changesNothing = from === to;
    if (isUnknown && (changesNothing || (dense[to] === UNSEEN && !meaning.hasNotEqual))) return false;
    kind[op] = changesNothing ? READ : SWAP;
    a[op] = dense[from]!;
    if (!changesNothing) b[op] = dense[to]!;
    return true;
  }
}

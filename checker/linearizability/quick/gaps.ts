/**
 * Judges registers whose written values are distinct, deletes aside, all keys together in two passes over the table:
 * the zones of Gibbons and Korach (see `zones.ts`), and the deletes in the gaps between them. For gets, puts and
 * deletes; keys with a compare-and-set that may have happened are left to others.
 *
 * While a forward zone lasts, the key surely holds its value. All else must find its moment in the gaps:
 *
 *     |=== zone of 1 ===|         |=== zone of 2 ===|
 *                    end    gap   begin
 *
 * In a gap nobody needs the last zone's value any more, so all that matters of the state there is whether the key is
 * empty.
 *
 * - A read of null needs a moment within it at which the key is empty.
 * - A delete makes the key empty, as late as can be: at its return, or sooner if a read of null returns and needs one;
 *   of those that are open then, the one that returns first. (Whatever other choice leads to an order, exchanging two
 *   deletes makes it this one.)
 * - A backward zone needs a moment in a gap, and leaves the key not empty. Right before a delete, at either end of the
 *   gap, and wherever the key is not empty anyway, it does no harm; if no such moment comes, its last one has to do.
 *
 * So what gets through is linearizable, for its order was built on the way; and what does not is not, for nothing here
 * was a choice but the exchanges.
 *
 * @module
 */
import { CAS, FAILED, GET, MISMATCH, OPEN, type Operations } from "../../table/operations.ts";
import { eventsByKey } from "../piece/registers.ts";
import { NULL_ID } from "../../table/values.ts";

/** A moment before the first event. */
const BEFORE_ALL = -1;
/** The link of a delete that is placed. */
const PLACED = -2;

/** What the keys begin with, and how their answers are read. */
interface GapOptions {
  /** For each key, the id of the value that it begins with. */
  readonly initials: Int32Array;
  /** Whether a read that returned null learned nothing. Default: false. */
  readonly nullReadsAnything?: boolean;
}

/**
 * Judges every key.
 *
 * @returns For each key, 1 if it is linearizable; 0 if it is not, or is not of the kind that is judged here.
 */
export function fitIntoGaps(table: Operations, options: GapOptions): Uint8Array<ArrayBuffer> {
  const seen = { of: seenValues(table), count: table.values.size, initials: options.initials };
  const zones = zonesOf(table, seen) ?? zonesOf(table, valuesByKey(table, seen))!;
  if (zones.isFine.includes(1)) placeInGaps(table, zones, options.nullReadsAnything === true);
  return zones.isFine;
}

/** The values that rows write or see, as numbers that are dense from 0; null is `NULL_ID`. */
interface Numbering {
  /** Each row's value. */
  readonly of: Int32Array;
  /** How many there are. */
  readonly count: number;
  /** For each key, what it begins with. */
  readonly initials: Int32Array;
}

/** Each value's zone. Moments are places in the history, as in the table's `invoked` and `returned`. */
interface Zones {
  readonly values: Numbering;
  /**
   * By value: the first return of its writer and readers, which is `BEFORE_ALL` for what a key begins with; 0: none.
   */
  readonly first: Int32Array;
  /** By value: the last invocation of its writer and readers. */
  readonly last: Int32Array;
  /** By key: 1 while nothing was found that is wrong, or that is not judged here. */
  readonly isFine: Uint8Array<ArrayBuffer>;
}

function seenValues({ a, actual }: Operations): Int32Array {
  if (actual.size === 0) return a;
  const seen = a.slice();
  for (const [row, value] of actual) seen[row] = value;
  return seen;
}

/** Numbers that no two keys share. */
function valuesByKey(table: Operations, { of, count, initials }: Numbering): Numbering {
  const { sorted, begins } = eventsByKey(table);
  const numbers = new Int32Array(table.length);
  const number = new Int32Array(count);
  /** The key, plus 1, that a value's number is of. */
  const holder = new Int32Array(count);
  let next = NULL_ID + 1;
  const numberOf = (value: number, key: number): number => {
    if (value === NULL_ID) return NULL_ID;
    if (holder[value] !== key + 1) {
      holder[value] = key + 1;
      number[value] = next++;
    }
    return number[value]!;
  };
  const begin = initials.map((value, key) => {
    const own = numberOf(value, key);
    for (let i = begins[key]!; i < begins[key + 1]!; i++) {
      const row = sorted[i]!;
      if (row >= 0) numbers[row] = numberOf(of[row]!, key);
    }
    return own;
  });
  return { of: numbers, count: next, initials: begin };
}

/** Finds the zones; undefined if keys share values. */
function zonesOf(table: Operations, values: Numbering): Zones | undefined {
  const { order, events, verb, outcome, key, a, invoked, returned } = table;
  const { of, count, initials } = values;
  const keys = initials.length;
  const isFine = new Uint8Array(keys).fill(1);
  const first = new Int32Array(count);
  const last = new Int32Array(count);
  /** The key, plus 1, that a value is of. */
  const holder = new Int32Array(count);
  const isWritten = new Uint8Array(count);
  for (let k = 0; k < keys; k++) {
    const value = initials[k]!;
    if (value === NULL_ID) continue;
    if (holder[value] !== 0) return undefined;
    holder[value] = k + 1;
    isWritten[value] = 1;
    first[value] = BEFORE_ALL;
  }
  // The key null is that of operations without one.
  let left = key[0] === NULL_ID ? keys : keys - 1;
  for (let i = 0; i < events; i++) {
    const event = order[i]!;
    const row = event < 0 ? ~event : event;
    const value = of[row]!;
    if (value === NULL_ID && verb[row] !== CAS) continue;
    const how = outcome[row]!;
    if (how === FAILED) continue;
    const k = key[row]!;
    let isJudged = true;
    if (event < 0) {
      if (first[value] === 0) first[value] = returned[row]!;
      isJudged = isWritten[value] === 1 || value === NULL_ID;
    } else {
      if (value !== NULL_ID) {
        if (holder[value] !== k + 1) {
          if (holder[value] !== 0) return undefined;
          holder[value] = k + 1;
        }
        last[value] = invoked[row]!;
      }
      if (verb[row] === CAS) isJudged = how === MISMATCH && table.actual.has(row) && value !== a[row];
      else if (verb[row] !== GET) {
        isJudged = isWritten[value] === 0;
        isWritten[value] = 1;
      }
    }
    if (!isJudged && isFine[k] === 1) {
      isFine[k] = 0;
      // Where half of the keys are not judged here, the others are not worth the passes.
      if (--left * 2 < keys) {
        isFine.fill(0);
        break;
      }
    }
  }
  return { values, first, last, isFine };
}

/** Finds a moment for every delete, read of null and backward zone; where there is none, the key is not fine. */
function placeInGaps(table: Operations, zones: Zones, nullReadsAnything: boolean): void {
  const { order, events, verb, outcome, key, invoked, returned } = table;
  const { values, first, last, isFine } = zones;
  const { of, initials } = values;
  const keys = initials.length;
  const zoneBegin = new Int32Array(keys).fill(BEFORE_ALL);
  const zoneEnd = new Int32Array(keys).fill(BEFORE_ALL);
  const isEmpty = new Uint8Array(keys);
  /** The last moment at which a key was empty, where it is not. */
  const emptyUntil = new Int32Array(keys).fill(BEFORE_ALL);
  /** Where a key is empty: the last moment at which backward zones did no harm. */
  const harmlessUntil = new Int32Array(keys).fill(BEFORE_ALL);
  for (let k = 0; k < keys; k++) {
    if (initials[k] === NULL_ID) isEmpty[k] = 1;
    else zoneEnd[k] = last[initials[k]!]!;
  }
  const deletes = new OpenDeletes(keys, table);

  for (let i = 0; i < events; i++) {
    const event = order[i]!;
    const row = event < 0 ? ~event : event;
    const k = key[row]!;
    const how = outcome[row]!;
    if (isFine[k] === 0 || how === FAILED) continue;
    const value = of[row]!;
    const looks = verb[row] === GET || how === MISMATCH;
    if (event >= 0) {
      if (value === NULL_ID) {
        if (!looks) deletes.add(k, row, how === OPEN);
      } else if (last[value] === invoked[row] && first[value]! > invoked[row]! && first[value]! < zoneEnd[k]!) {
        // A backward zone inside a forward one.
        isFine[k] = 0;
      }
      continue;
    }
    const now = returned[row]!;
    const isInZone = now < zoneEnd[k]!;
    if (value !== NULL_ID) {
      if (first[value] !== now) continue;
      if (last[value]! > now) {
        if (isInZone) isFine[k] = 0;
        if (isEmpty[k] === 1) emptyUntil[k] = now;
        isEmpty[k] = 0;
        zoneBegin[k] = now;
        zoneEnd[k] = last[value]!;
      } else if (isEmpty[k] === 1 && last[value]! > harmlessUntil[k]!) {
        isEmpty[k] = 0;
        emptyUntil[k] = now;
      }
      continue;
    }
    const began = invoked[row]!;
    if (looks) {
      if (isEmpty[k] === 1 || emptyUntil[k]! > began || (nullReadsAnything && verb[row] === GET)) continue;
    } else if (deletes.isPlaced(row)) continue;
    // Inside a zone the only moment left is the one before it.
    if (isInZone && began > zoneBegin[k]!) isFine[k] = 0;
    else if (!looks) deletes.place(k, row);
    else if (!deletes.placeFirst(k, isInZone ? zoneBegin[k]! : now)) isFine[k] = 0;
    if (isInZone) emptyUntil[k] = zoneBegin[k]!;
    else {
      isEmpty[k] = 1;
      harmlessUntil[k] = now;
    }
  }
}

/**
 * Deletes that are open and not placed, by key: those that return in a list, those of unknown outcome in a queue, for
 * they are all as good as the oldest.
 */
class OpenDeletes {
  readonly #invoked: Int32Array;
  readonly #returned: Int32Array;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #unknownHeads: Int32Array;
  readonly #unknownTails: Int32Array;

  constructor(keys: number, { length, invoked, returned }: Operations) {
    this.#invoked = invoked;
    this.#returned = returned;
    this.#heads = new Int32Array(keys).fill(-1);
    this.#next = new Int32Array(length);
    this.#previous = new Int32Array(length);
    this.#unknownHeads = new Int32Array(keys).fill(-1);
    this.#unknownTails = new Int32Array(keys).fill(-1);
  }

  add(key: number, row: number, isUnknown: boolean): void {
    if (isUnknown) {
      this.#next[row] = -1;
      if (this.#unknownHeads[key]! < 0) this.#unknownHeads[key] = row;
      else this.#next[this.#unknownTails[key]!] = row;
      this.#unknownTails[key] = row;
      return;
    }
    const head = this.#heads[key]!;
    this.#next[row] = head;
    this.#previous[row] = -1;
    if (head >= 0) this.#previous[head] = row;
    this.#heads[key] = row;
  }

  isPlaced(row: number): boolean {
    return this.#next[row] === PLACED;
  }

  place(key: number, row: number): void {
    const after = this.#next[row]!;
    const before = this.#previous[row]!;
    if (after >= 0) this.#previous[after] = before;
    if (before >= 0) this.#next[before] = after;
    else this.#heads[key] = after;
    this.#next[row] = PLACED;
  }

  /** Places the one that returns first, of those that were invoked before a moment; whether there was one. */
  placeFirst(key: number, moment: number): boolean {
    let first = -1;
    for (let row = this.#heads[key]!; row >= 0; row = this.#next[row]!) {
      if (this.#invoked[row]! < moment && (first < 0 || this.#returned[row]! < this.#returned[first]!)) first = row;
    }
    if (first >= 0) {
      this.place(key, first);
      return true;
    }
    const unknown = this.#unknownHeads[key]!;
    if (unknown < 0 || this.#invoked[unknown]! > moment) return false;
    this.#unknownHeads[key] = this.#next[unknown]!;
    return true;
  }
}

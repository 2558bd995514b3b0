/**
 * Judges registers with distinct written values (deletes excepted), all keys together in two passes over the table, by
 * the zones of Gibbons and Korach (see `zones.ts`) and the deletes in the gaps between them. Handles gets, puts and
 * deletes; keys with a compare-and-set that may have happened are left to other algorithms.
 *
 * During a forward zone the key certainly holds the zone's value. All other operations need a moment in the gaps:
 *
 *     |=== zone of 1 ===|         |=== zone of 2 ===|
 *                    end    gap   begin
 *
 * In a gap nobody needs the last zone's value any more, so the only question is whether the key is empty.
 *
 * - A read of null needs a moment within its interval at which the key is empty.
 * - A delete makes the key empty as late as possible: at its return, or sooner if a read of null returns and needs it.
 *   Of the deletes that are open then, the one that returns first is used. (In any other valid order, exchanging two
 *   deletes gives this one.)
 * - A backward zone needs a moment in a gap, and makes the key not empty. It does no harm right before a delete, at
 *   either end of the gap, and whenever the key is not empty anyway. If no such moment comes, its last moment is used.
 *
 * So a key that passes is linearizable, because its order was built on the way. A key that fails is not, because no
 * step had a choice except the exchanges.
 *
 * @module
 */
import { CAS, FAILED, GET, MISMATCH, OPEN, type Operations } from "../../table/operations.ts";
import { eventsByKey } from "../piece/registers.ts";
import { NULL_ID } from "../../table/values.ts";

/** A moment before the first event. */
const BEFORE_ALL = -1;
/** The link of a delete that has been placed. */
const PLACED = -2;

/** The initial values of the keys, and how null reads are understood. */
interface GapOptions {
  /** For each key, the id of its initial value. */
  readonly initials: Int32Array;
  /** Whether a read that returned null learned nothing. Default: false. */
  readonly nullReadsAnything?: boolean;
}

/**
 * Judges every key.
 *
 * @returns For each key, 1 if it is linearizable; 0 if it is not, or if this algorithm cannot judge it.
 */
export function fitIntoGaps(table: Operations, options: GapOptions): Uint8Array<ArrayBuffer> {
  const seen = { of: seenValues(table), count: table.values.size, initials: options.initials };
  const zones = zonesOf(table, seen) ?? zonesOf(table, valuesByKey(table, seen))!;
  if (zones.isFine.includes(1)) placeInGaps(table, zones, options.nullReadsAnything === true);
  return zones.isFine;
}

/** The values of the rows, numbered densely from 0; null is `NULL_ID`. */
interface Numbering {
  /** Each row's value. */
  readonly of: Int32Array;
  /** How many values there are. */
  readonly count: number;
  /** For each key, its initial value. */
  readonly initials: Int32Array;
}

/** Each value's zone. Moments are places in the history, as in the table's `invoked` and `returned`. */
interface Zones {
  readonly values: Numbering;
  /** By value: the first return of its writer and readers (`BEFORE_ALL` for an initial value); 0 if there is none. */
  readonly first: Int32Array;
  /** By value: the last invocation of its writer and readers. */
  readonly last: Int32Array;
  /** By key: 1 as long as no violation was found, and nothing that this algorithm cannot judge. */
  readonly isFine: Uint8Array<ArrayBuffer>;
}

function seenValues({ a, actual }: Operations): Int32Array {
  if (actual.size === 0) return a;
  const seen = a.slice();
  for (const [row, value] of actual) seen[row] = value;
  return seen;
}

/** Renumbers the values, so that no two keys share a number. */
function valuesByKey(table: Operations, { of, count, initials }: Numbering): Numbering {
  const { sorted, begins } = eventsByKey(table);
  const numbers = new Int32Array(table.length);
  const number = new Int32Array(count);
  /** By value number: its key, plus 1. */
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

/** Computes the zones; undefined if keys share values. */
function zonesOf(table: Operations, values: Numbering): Zones | undefined {
  const { order, events, verb, outcome, key, a, invoked, returned } = table;
  const { of, count, initials } = values;
  const keys = initials.length;
  const isFine = new Uint8Array(keys).fill(1);
  const first = new Int32Array(count);
  const last = new Int32Array(count);
  /** By value: its key, plus 1. */
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
  // The key null belongs to operations without a key.
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
      // If half of the keys cannot be judged here, the passes are not worth their cost for the others.
      if (--left * 2 < keys) {
        isFine.fill(0);
        break;
      }
    }
  }
  return { values, first, last, isFine };
}

/** Finds a moment for every delete, read of null and backward zone. A key without such a moment is not fine. */
function placeInGaps(table: Operations, zones: Zones, nullReadsAnything: boolean): void {
  const { order, events, verb, outcome, key, invoked, returned } = table;
  const { values, first, last, isFine } = zones;
  const { of, initials } = values;
  const keys = initials.length;
  const zoneBegin = new Int32Array(keys).fill(BEFORE_ALL);
  const zoneEnd = new Int32Array(keys).fill(BEFORE_ALL);
  const isEmpty = new Uint8Array(keys);
  /** For a key that is not empty: the last moment at which it was empty. */
  const emptyUntil = new Int32Array(keys).fill(BEFORE_ALL);
  /** For a key that is empty: the last moment at which backward zones did no harm. */
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
        // A backward zone lies inside a forward one.
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
    // Inside a zone, the only possible moment is the one before the zone.
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
 * Open deletes that have not been placed, by key. Deletes that return are in a list. Those of unknown outcome are only
 * counted, because any of them is as good as the oldest.
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

  /** Places the delete that returns first among those invoked before a moment. Returns whether there was one. */
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

/**
 * Cuts each key's history where its state is certain, so that each part can be judged alone.
 *
 * A moment is certain if no operation on the key is open, and the last operation was either a write that no other write
 * overlapped, or a read that began after all writes had returned. Then the state is the same whatever the order before.
 * An operation of unknown outcome stays open for ever, so a key is not cut after it.
 *
 * @module
 */
import { CAS, FAILED, GET, MISMATCH, OK, OPEN, type Operations, PUT } from "../../table/operations.ts";
import type { RegisterOptions } from "../piece/registers.ts";
import { NULL_ID } from "../../table/values.ts";

/** The parts of a table. */
export interface Parts {
  /** How many parts there are. */
  readonly count: number;
  /** Each row's part. */
  readonly of: Int32Array;
  /** The id of each part's initial value. */
  readonly initials: Int32Array;
  /** 1 for parts that are known to be fine. Default: none. */
  readonly isSettled?: Uint8Array;
}

/** A shorter part is not worth cutting off. */
const SHORTEST = 32;

/**
 * Cuts a table of register operations into parts, all keys in one pass.
 *
 * @param isFine For each key, whether it is known to be fine; such a key is not cut.
 */
export function cutIntoParts(
  table: Operations,
  { initial, nullReadsAnything }: RegisterOptions,
  isFine: Uint8Array,
): Parts {
  const { order, events, verb, outcome, key, a, b, actual } = table;
  const keys = table.keys.size;
  const of = new Int32Array(table.length);
  let initials = new Int32Array(keys * 2 + 16).fill(initial);
  let count = keys;
  const part = Int32Array.from({ length: keys }, (_, k) => k);
  const size = new Int32Array(keys);
  const open = new Int32Array(keys);
  const writesOpen = new Int32Array(keys);
  const writesInvoked = new Int32Array(keys);
  const isAlone = new Uint8Array(keys);
  /** The state of the key if it is certain, otherwise -1. */
  const certain = new Int32Array(keys).fill(initial);
  /** For each read: 1 plus how many writes of its key were invoked before it, if none was open then; otherwise 0. */
  const quiet = new Int32Array(table.length);
  for (let i = 0; i < events; i++) {
    const event = order[i]!;
    const row = event < 0 ? ~event : event;
    const k = key[row]!;
    if (isFine[k] !== 0) {
      if (event >= 0) of[row] = k;
      continue;
    }
    const how = outcome[row]!;
    if (event >= 0) {
      if (open[k] === 0 && certain[k]! >= 0 && size[k]! >= SHORTEST) {
        part[k] = count;
        size[k] = 0;
        if (count === initials.length) {
          const grown = new Int32Array(count * 2);
          grown.set(initials);
          initials = grown;
        }
        initials[count++] = certain[k]!;
      }
      of[row] = part[k]!;
      if (how === FAILED || (how === OPEN && verb[row] === GET)) continue;
      size[k]! += 2;
      open[k]!++;
      if (verb[row] === GET || how === MISMATCH) {
        if (writesOpen[k] === 0) quiet[row] = writesInvoked[k]! + 1;
      } else {
        isAlone[k] = writesOpen[k] === 0 ? 1 : 0;
        writesOpen[k]!++;
        writesInvoked[k]!++;
        certain[k] = -1;
      }
      continue;
    }
    if (how === FAILED) continue;
    open[k]!--;
    if (verb[row] === GET || how === MISMATCH) {
      if (writesOpen[k] !== 0 || quiet[row] !== writesInvoked[k]! + 1) continue;
      const saw = how === MISMATCH ? actual.get(row) : how === OK ? a[row]! : undefined;
      if (saw !== undefined && !(nullReadsAnything === true && verb[row] === GET && saw === NULL_ID)) certain[k] = saw;
    } else {
      writesOpen[k]!--;
      if (writesOpen[k] === 0 && isAlone[k] === 1) {
        certain[k] = verb[row] === PUT ? a[row]! : verb[row] === CAS ? b[row]! : NULL_ID;
      }
    }
  }
  const isSettled = new Uint8Array(count);
  isSettled.set(isFine.map((fine) => fine === 0 ? 0 : 1));
  return { count, of, initials: initials.subarray(0, count), isSettled };
}

/**
 * Finds obviously stale reads in one pass over a piece, even if values repeat. Many wrong histories need no search.
 *
 * An operation that sees a value `v` needs a writer of `v` that began before it ended. This writer must be able to take
 * effect after every sign of another value that was complete before it began. A sign of `u` is any completed operation
 * that saw or wrote `u`: at some moment within it the state was `u`.
 *
 * @module
 */
import { NEVER, NOT_EQUAL, type Piece, READ, SWAP, WRITE } from "../piece/piece.ts";
import { INITIAL } from "../piece/registers.ts";

/** An operation that saw an impossible value, and the sign that proves it; undefined if there is none so obvious. */
export function findStale(piece: Piece): readonly number[] | undefined {
  const { kind, a, b, inv, ret, events, length, values } = piece;
  /** By value: the latest moment at which a writer that has begun can have taken effect; -2 if none has begun. */
  const writable = new Int32Array(values).fill(-2);
  writable[INITIAL] = -1;
  // The two signs of different values that began last: for every value, one of them is of another value.
  let first = -1;
  let second = -1;
  const sign = new Int32Array(length).fill(-1);
  const valueOf = (op: number): number => kind[op] === SWAP ? b[op]! : a[op]!;
  const sees = (op: number): boolean => kind[op] === READ || kind[op] === SWAP;
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    if (event >= 0) {
      if (kind[event] === WRITE || kind[event] === SWAP) {
        const value = valueOf(event);
        writable[value] = Math.max(writable[value]!, ret[event]!);
      }
      if (ret[event] !== NEVER && sees(event)) sign[event] = first >= 0 && valueOf(first) !== a[event] ? first : second;
      continue;
    }
    const op = ~event;
    if (sees(op)) {
      const limit = sign[op]! < 0 ? -2 : inv[sign[op]!]!;
      if (writable[a[op]!]! <= limit) return sign[op]! < 0 ? [op] : [sign[op]!, op];
    }
    if (kind[op] === NOT_EQUAL) continue;
    if (first >= 0 && valueOf(op) === valueOf(first)) {
      if (inv[op]! > inv[first]!) first = op;
    } else if (first < 0 || inv[op]! > inv[first]!) {
      second = first;
      first = op;
    } else if (second < 0 || inv[op]! > inv[second]!) second = op;
  }
  return undefined;
}

/**
 * Finds reads that came too late, in one pass over a piece, whether or not values repeat: for histories that are wrong
 * in a plain way, no search is needed.
 *
 * Whoever sees a value `v` needs a writer of `v` that had begun before the seeing ended, and that can have taken effect
 * after every sign of another value that was complete before the seeing began. A sign of `u` is any completed operation
 * that saw or wrote `u`: at some moment within it the state was `u`.
 *
 * @module
 */
import { NEVER, NOT_EQUAL, type Piece, READ, SWAP, WRITE } from "../piece/piece.ts";
import { INITIAL } from "../piece/registers.ts";

/**
 * An operation that saw what could not be there, and the sign that it could not; undefined if there is none so plain.
 */
export function findStale(piece: Piece): readonly number[] | undefined {
  const { kind, a, b, inv, ret, events, length, values } = piece;
  /** The latest that a writer of a value can have taken effect, of those that have begun; -2 if none has. */
  const writable = new Int32Array(values).fill(-2);
  writable[INITIAL] = -1;
  // The signs that began last, of two different values: for every value there is one of another.
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

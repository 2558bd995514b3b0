/**
 * Decides whether some operations of a register contradict each other, whatever the others did at their own times. An
 * observer among the others is dropped; any other operation may take effect within its interval, or never.
 *
 * This asks less of the others than `relax.ts` does, which lets them take effect at any time. Where a value was written
 * again and again, that takes all its writers to show that a read of it is stale, and this takes the one operation that
 * came between.
 *
 * @module
 */
import { NOT_EQUAL, type Piece, READ, SWAP, WRITE } from "../piece/piece.ts";
import type { SearchLimits } from "../search/limits.ts";
import { search } from "../search/search.ts";
import { selection } from "./selection.ts";

/**
 * Whether these operations (ascending) contradict each other; `"unknown"` if that takes more visits than the limits
 * allow.
 */
export function contradictsInTime(
  piece: Piece,
  kept: readonly number[],
  limits: SearchLimits,
): true | false | "unknown" {
  const begin = Math.min(...kept.map((op) => piece.inv[op]!));
  const { earlier, meanwhile } = helpers(piece, kept, begin);
  const held = selection(piece, kept, meanwhile, true);
  let answer: true | "unknown" = true;
  for (const initial of statesAt(piece, earlier)) {
    const { valid } = search({ ...held, initial }, limits);
    if (valid === true) return false;
    if (valid === "unknown") answer = valid;
  }
  return answer;
}

/** The other operations that may matter to the kept ones. */
interface Helpers {
  /** Those that began before all the kept ones. By then they may have been done in any order. */
  readonly earlier: readonly number[];
  /** Those that may take effect after the first kept one began; ascending. */
  readonly meanwhile: readonly number[];
}

function helpers(piece: Piece, kept: readonly number[], begin: number): Helpers {
  const { kind, a, b, inv, ret, length } = piece;
  const isKept = new Set(kept);
  const writers = new Map<number, number[]>();
  for (let op = 0; op < length; op++) {
    if ((kind[op] !== WRITE && kind[op] !== SWAP) || isKept.has(op)) continue;
    const value = kind[op] === WRITE ? a[op]! : b[op]!;
    const others = writers.get(value);
    if (others === undefined) writers.set(value, [op]);
    else others.push(op);
  }
  const seen = new Set<number>();
  for (const op of kept) {
    if (kind[op] === READ || kind[op] === SWAP || kind[op] === NOT_EQUAL) seen.add(a[op]!);
    // Whatever value another operation writes is not the one that was not found.
    if (kind[op] === NOT_EQUAL) { for (const value of writers.keys()) seen.add(value); }
  }
  const earlier: number[] = [];
  const meanwhile: number[] = [];
  // A set that grows is walked to its new end.
  for (const value of seen) {
    for (const op of writers.get(value) ?? []) {
      if (kind[op] === SWAP) seen.add(a[op]!);
      if (inv[op]! < begin) earlier.push(op);
      if (ret[op]! > begin) meanwhile.push(op);
    }
  }
  return { earlier, meanwhile: meanwhile.sort((x, y) => x - y) };
}

/** The values that the register may have had when the first kept operation began. */
function statesAt({ kind, a, b, initial }: Piece, earlier: readonly number[]): number[] {
  const states = new Set([initial]);
  for (const op of earlier) if (kind[op] === WRITE) states.add(a[op]!);
  const swaps = earlier.filter((op) => kind[op] === SWAP);
  for (const state of states) for (const op of swaps) if (a[op] === state) states.add(b[op]!);
  return [...states];
}

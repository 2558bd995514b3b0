/**
 * Decides whether some operations contradict each other, whatever the others did at their own times. An observer among
 * the others is dropped; any other operation may take effect within its interval, or never.
 *
 * This asks less of the others than `relax.ts` does, which lets them take effect at any time. Where a value was written
 * again and again, or a lock was taken and released, that takes all of these operations to show what is wrong, and this
 * takes those between which it went wrong.
 *
 * @module
 */
import { addTo } from "../../entries.ts";
import { NOT_EQUAL, type Piece, READ, STEP, SWAP, WRITE } from "../piece/piece.ts";
import type { SearchLimits } from "../search/limits.ts";
import { search } from "../search/search.ts";
import { selection } from "./selection.ts";

/**
 * Whether these operations (ascending) contradict each other; `"unknown"` if that takes more visits than the limits
 * allow, or there are many states to begin with.
 */
export function contradictsInTime(
  piece: Piece,
  kept: readonly number[],
  limits: SearchLimits,
): true | false | "unknown" {
  if (piece.sums !== undefined) return "unknown";
  const begin = Math.min(...kept.map((op) => piece.inv[op]!));
  const helping = piece.transitions === undefined ? writersSeenBy(piece, kept) : stepsBeside(piece, kept);
  const initials = statesAt(piece, helping.filter((op) => piece.inv[op]! < begin));
  if (initials === undefined) return "unknown";
  const meanwhile = helping.filter((op) => piece.ret[op]! > begin);
  const held = selection(piece, kept, meanwhile, true);
  let answer: true | "unknown" = true;
  for (const initial of initials) {
    const { valid } = search({ ...held, initial }, limits);
    if (valid === true) return false;
    if (valid === "unknown") answer = valid;
  }
  return answer;
}

/** The other operations of a register that write what a kept one sees, or what one of these sees; ascending. */
function writersSeenBy({ kind, a, b, length }: Piece, kept: readonly number[]): number[] {
  const isKept = new Set(kept);
  const writers = new Map<number, number[]>();
  for (let op = 0; op < length; op++) {
    if ((kind[op] !== WRITE && kind[op] !== SWAP) || isKept.has(op)) continue;
    const value = kind[op] === WRITE ? a[op]! : b[op]!;
    addTo(writers, value, op);
  }
  const seen = new Set<number>();
  for (const op of kept) {
    if (kind[op] === READ || kind[op] === SWAP || kind[op] === NOT_EQUAL) seen.add(a[op]!);
    // Whatever value another operation writes is not the one that was not found.
    if (kind[op] === NOT_EQUAL) { for (const value of writers.keys()) seen.add(value); }
  }
  const found: number[] = [];
  // A set that grows is walked to its new end.
  for (const value of seen) {
    for (const op of writers.get(value) ?? []) {
      if (kind[op] === SWAP) seen.add(a[op]!);
      found.push(op);
    }
  }
  return found.sort((x, y) => x - y);
}

function stepsBeside({ kind, length }: Piece, kept: readonly number[]): number[] {
  const isKept = new Set(kept);
  const steps: number[] = [];
  for (let op = 0; op < length; op++) if (kind[op] === STEP && !isKept.has(op)) steps.push(op);
  return steps;
}

/** More states to begin with are not looked at. */
const MOST_STATES = 64;

/**
 * The states that there may have been when the first kept operation began: those that the earlier operations lead to,
 * in any order, each as often as one likes. Undefined if there are many.
 */
function statesAt({ kind, a, b, initial, transitions }: Piece, earlier: readonly number[]): number[] | undefined {
  const states = new Set([initial]);
  const kinds = new Map(earlier.map((op) => [`${kind[op]},${a[op]},${b[op]}`, op]));
  // A set that grows is walked to its new end.
  for (const state of states) {
    for (const op of kinds.values()) {
      if (kind[op] === WRITE) states.add(a[op]!);
      else if (kind[op] === SWAP && a[op] === state) states.add(b[op]!);
      else if (kind[op] === STEP) {
        const count = transitions!.count(state, a[op]!);
        for (let choice = 0; choice < count; choice++) states.add(transitions!.next(state, a[op]!, choice));
      }
    }
    if (states.size > MOST_STATES) return undefined;
  }
  return [...states];
}

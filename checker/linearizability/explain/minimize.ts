/**
 * From a piece that cannot be explained to the few operations that cannot all be true.
 *
 * @module
 */
import { NEVER, type Piece } from "../piece/piece.ts";
import { prefixOf, Relaxation } from "./relax.ts";
import type { SearchLimits } from "../search/limits.ts";
import { search } from "../search/search.ts";
import { findStale } from "../quick/stale.ts";
import { judgeByZones } from "../quick/zones.ts";

/** What cannot be. */
export interface Contradiction {
  /** Rows of the table, in the order of invocation. */
  readonly rows: readonly number[];
  /** The row whose return is the first that cannot be explained: what came before it can. */
  readonly last: number;
  /** Whether the set is minimal: relax any one of its operations, and the rest can be true. */
  readonly isMinimal: boolean;
  /** Whether there was time to leave out what is not needed, or most of it. */
  readonly isNarrowed: boolean;
  /** How many events of the piece are known to be fine. */
  readonly fine: number;
}

/** How many configurations one question may visit while many operations go at once: beyond it, they stay in the set. */
const ROUGHLY = 3_000;
/** How many when the last ones are tried, one at a time. */
const CAREFULLY = 200_000;
/** How many a question about a prefix may visit, beside those of its length. */
const PREFIX = 200_000;
/** And how many all of them together. */
const ALL_PREFIXES = 600_000;

/** A piece that cannot be explained. */
export interface Violation {
  readonly piece: Piece;
  /** Where the search that found it got: the violation shows at this event or later. */
  readonly reached: number;
  /** How many configurations that search visited. */
  readonly visited: number;
  /** Operations among which the violation may show; tried first. */
  readonly suspects: readonly number[];
}

/**
 * Finds a minimal contradiction: cuts what came later, guesses a few operations among which it shows, and leaves out
 * what is not needed.
 *
 * Where time is up on the way, what is left is still a contradiction, but it may be far from minimal.
 */
export function minimize({ piece, reached, visited, suspects }: Violation, limits: SearchLimits): Contradiction {
  const { bad: events, fine } = firstBadPrefix(piece, reached, visited, limits);
  const bad = prefixOf(piece, events);
  const last = bad.rows.lastIndexOf(piece.rows[~piece.events[events - 1]!]!);
  const relaxation = new Relaxation(bad, limits);
  const suspected = new Set(suspects.map((op) => piece.rows[op]!));
  const few = fewToBeginWith(bad, last, suspected, relaxation);
  const isLate = (): boolean => limits.stop?.() === true;
  const fewer = withoutMany(few, last, (kept) => relaxation.contradicts(kept, ROUGHLY) === true, isLate);
  const { kept, isMinimal } = isLate() ? { kept: fewer, isMinimal: false } : withoutOne(fewer, relaxation);
  // Where a question about a prefix took too long, the violation may have shown before its last return.
  const shows = kept.includes(last)
    ? last
    : kept.reduce((late, op) => returnOf(bad, op) > returnOf(bad, late) ? op : late);
  const isNarrowed = kept.length <= NARROW || !isLate();
  return { rows: kept.map((op) => bad.rows[op]!), last: bad.rows[shows]!, isMinimal, isNarrowed, fine };
}

/** So few operations are worth showing, even where time was up before the rest could be left out. */
const NARROW = 16;

/** A set that contradicts itself to begin with: the smallest of some likely ones, or all. */
function fewToBeginWith(
  bad: Piece,
  last: number,
  suspects: ReadonlySet<number>,
  relaxation: Relaxation,
): readonly number[] {
  const contradicts = (kept: readonly number[]): boolean => relaxation.contradicts(kept, ROUGHLY) === true;
  // What nobody wrote needs no company to be wrong, and costs next to nothing to ask.
  if (contradicts([last])) return [last];
  const all = Array.from({ length: bad.length }, (_, op) => op);
  const suspected = suspects.size === 0 ? [] : all.filter((op) => op === last || suspects.has(bad.rows[op]!));
  const most = suspected.length > 0 && contradicts(suspected) ? suspected : all;
  // The violation shows at the last return; what it contradicts tends to be near.
  for (let size = 4; size < most.length; size *= 2) {
    const near = ascending([...nearest(bad, size), last]);
    // Whatever else wrote the value at issue could have done so in time, were it relaxed.
    const withWriters = ascending([...near, ...relaxation.writersOf(bad.a[last]!)]);
    const found = [near, withWriters].find((set) => set.length < most.length && contradicts(set));
    if (found !== undefined) return found;
  }
  return most;
}

/** Leaves out halves, quarters and so on, but never the operation at whose return the violation shows. */
function withoutMany(
  all: readonly number[],
  last: number,
  contradicts: (kept: readonly number[]) => boolean,
  isLate: () => boolean,
): readonly number[] {
  let kept = all;
  for (let size = Math.max(1, kept.length >> 1); size >= 1; size >>= 1) {
    for (let end = kept.length; end > 0; end -= size) {
      if (isLate()) return kept;
      const begin = Math.max(0, end - size);
      const fewer = kept.filter((op, i) => i < begin || i >= end || op === last);
      if (fewer.length < kept.length && contradicts(fewer)) kept = fewer;
    }
  }
  return kept;
}

/** Leaves out one at a time. What cannot go now could not go from a smaller set either, so that one round is enough. */
function withoutOne(
  all: readonly number[],
  relaxation: Relaxation,
): { readonly kept: readonly number[]; readonly isMinimal: boolean } {
  let kept = all;
  let isMinimal = true;
  for (const op of all.toReversed()) {
    const fewer = kept.filter((other) => other !== op);
    const answer = fewer.length > 0 && relaxation.contradicts(fewer, CAREFULLY);
    if (answer === true) kept = fewer;
    else if (answer === "unknown") isMinimal = false;
  }
  return { kept, isMinimal };
}

function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((x, y) => x - y);
}

function returnOf(piece: Piece, op: number): number {
  return piece.ret[op] === NEVER ? -1 : piece.ret[op]!;
}

/** The operations that return last. */
function nearest(piece: Piece, size: number): number[] {
  const near: number[] = [];
  for (let i = piece.events.length - 1; i >= 0 && near.length < size; i--) {
    const event = piece.events[i]!;
    near.push(event < 0 ? ~event : event);
  }
  return near;
}

/** A prefix that cannot be explained on its own, and a shorter one that can. */
interface BadPrefix {
  /** How many events it has. It is the shortest, unless questions took too long. */
  readonly bad: number;
  /** How many events are known to be fine. */
  readonly fine: number;
}

/** Finds the shortest prefix that cannot be explained on its own, by doubling steps and halves. */
function firstBadPrefix(piece: Piece, reached: number, visited: number, limits: SearchLimits): BadPrefix {
  // The search that found the violation looked no further than where it got.
  const most = Math.max(PREFIX, 2 * visited);
  let left = ALL_PREFIXES + most;
  let fine = 0;
  const isBad = (events: number): boolean => {
    const valid = isFine(events);
    if (valid === true) fine = Math.max(fine, events);
    return valid === false;
  };
  const isFine = (events: number): true | false | "unknown" => {
    if (limits.stop?.() === true) return "unknown";
    const prefix = prefixOf(piece, events);
    if (prefix.transitions === undefined) {
      const { valid } = judgeByZones(prefix);
      if (valid !== "unknown") return valid;
      if (findStale(prefix) !== undefined) return false;
    }
    if (left <= 0) return "unknown";
    const found = search(prefix, { ...limits, visits: Math.min(left, most) + events });
    left -= Math.max(0, found.visited - events);
    return found.valid;
  };
  let good = 0;
  let bad = Math.min(piece.events.length, reached + 1);
  if (bad < piece.events.length && !isBad(bad)) {
    for (let stride = 16; bad < piece.events.length && (stride === 16 || !isBad(bad)); stride *= 2) {
      good = bad;
      bad = Math.min(piece.events.length, bad + stride);
    }
  } else {
    for (let stride = 1; bad - stride > good; stride *= 2) {
      if (isBad(bad - stride)) bad -= stride;
      else good = bad - stride;
    }
  }
  while (bad - good > 1) {
    const middle = good + bad >>> 1;
    if (isBad(middle)) bad = middle;
    else good = middle;
  }
  // Only a return can spoil what was fine.
  return { bad, fine };
}

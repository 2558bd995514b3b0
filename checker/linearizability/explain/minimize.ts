/**
 * Reduces a piece that is not linearizable to a few operations that contradict each other.
 *
 * @module
 */
import { NEVER, type Piece } from "../piece/piece.ts";
import { contradictsInTime } from "./in_time.ts";
import { prefixOf, Relaxation } from "./relax.ts";
import type { SearchLimits } from "../search/limits.ts";
import { search } from "../search/search.ts";
import { findStale } from "../quick/stale.ts";
import { judgeByZones } from "../quick/zones.ts";
import { minimalSets } from "./minimal_sets.ts";
import { ROUGHLY, type Shrunk, shrunk } from "./shrink_set.ts";

/** Operations that contradict each other. */
export interface Contradiction {
  /** Rows of the table, in the order of invocation. */
  readonly rows: readonly number[];
  /** The row whose return is the first that cannot be explained; all events before it can be. */
  readonly last: number;
  /** Whether the set is minimal: if any one of its operations is relaxed, the rest has an explanation. */
  readonly isMinimal: boolean;
  /** Whether relaxed operations are held to their times, and take effect then or never. */
  readonly isInTime: boolean;
  /** Whether no other set that contradicts itself, of those that show at `last`, has fewer operations. */
  readonly isSmallest: boolean;
  /** Whether there was time to leave out what is not needed, or most of it. */
  readonly isNarrowed: boolean;
  /** How many events of the piece have an explanation, as far as known. */
  readonly fine: number;
}

/** How many configurations a question about a prefix may visit, besides one for each of its events. */
const PREFIX = 200_000;
/** How many configurations all questions about prefixes may visit together. */
const ALL_PREFIXES = 600_000;

/** A piece that is not linearizable. */
export interface Violation {
  readonly piece: Piece;
  /** How far the search that found the violation came: the violation shows at this event or later. */
  readonly reached: number;
  /** How many configurations that search visited. */
  readonly visited: number;
  /** Operations that may show the violation; tried first. */
  readonly suspects: readonly number[];
}

/**
 * Finds a minimal contradiction: cuts off later events, guesses a few operations that may contradict each other, and
 * leaves out those that are not needed.
 *
 * If the time runs out, the result is still a contradiction, but may be far from minimal.
 *
 * @param mayHoldOthers Whether the other operations may be held to their times, where that makes the set smaller.
 */
export function minimize(violation: Violation, limits: SearchLimits, mayHoldOthers: boolean): Contradiction {
  const { piece, reached, visited, suspects } = violation;
  const { bad: events, fine } = firstBadPrefix(piece, reached, visited, limits);
  const bad = prefixOf(piece, events);
  const last = bad.rows.lastIndexOf(piece.rows[~piece.events[events - 1]!]!);
  const relaxation = new Relaxation(bad, limits);
  const suspected = new Set(suspects.map((op) => piece.rows[op]!));
  const few = fewToBeginWith(bad, last, suspected, relaxation);
  const isLate = (): boolean => limits.stop?.() === true;
  const asked = (kept: readonly number[], visits: number) => relaxation.contradicts(kept, visits);
  const first = shrunk(few, last, asked, () => relaxation.isSpent);
  const least = smallest(bad, first, relaxation, limits);
  const { kept, isMinimal, isSmallest, isInTime } = mayHoldOthers
    ? fewerInTime(bad, least, limits)
    : { ...least, isInTime: false };
  // Where a question about a prefix took too long, the violation may have shown before its last return.
  const shows = kept.includes(last)
    ? last
    : kept.reduce((late, op) => returnOf(bad, op) > returnOf(bad, late) ? op : late);
  const isNarrowed = kept.length <= NARROW || !isLate();
  const rows = kept.map((op) => bad.rows[op]!);
  return { rows, last: bad.rows[shows]!, isMinimal, isSmallest, isInTime, isNarrowed, fine };
}

/** A set of more operations is hard to read, and is made smaller by holding the other operations to their times. */
const MOST_AT_ANY_TIME = 4;

/** A smaller set, if the other operations take effect at their times or never. */
function fewerInTime<Found extends Shrunk & { readonly isSmallest: boolean }>(
  bad: Piece,
  found: Found,
  limits: SearchLimits,
): Found & { readonly isInTime: boolean } {
  if (found.kept.length <= MOST_AT_ANY_TIME) return { ...found, isInTime: false };
  const asked = (kept: readonly number[], visits: number) => contradictsInTime(bad, kept, { ...limits, visits });
  const { kept, isMinimal } = shrunk(found.kept, -1, asked, () => limits.stop?.() === true);
  if (kept.length === found.kept.length) return { ...found, isInTime: false };
  return { ...found, kept, isMinimal, isSmallest: false, isInTime: true };
}

/** A set of at most this many operations is shown, even if the time was up before it was minimal. */
const NARROW = 16;

/** A contradicting set to begin with: the smallest of some likely sets, or all operations. */
function fewToBeginWith(
  bad: Piece,
  last: number,
  suspects: ReadonlySet<number>,
  relaxation: Relaxation,
): readonly number[] {
  const contradicts = (kept: readonly number[]): boolean => relaxation.contradicts(kept, ROUGHLY) === true;
  // A read of a value that nobody wrote contradicts by itself, and asking costs almost nothing.
  if (contradicts([last])) return [last];
  const all = Array.from({ length: bad.length }, (_, op) => op);
  const suspected = suspects.size === 0 ? [] : all.filter((op) => op === last || suspects.has(bad.rows[op]!));
  const most = suspected.length > 0 && contradicts(suspected) ? suspected : all;
  // The violation shows at the last return, and the operations that it contradicts are usually near.
  for (let size = 4; size < most.length; size *= 2) {
    const near = ascending([...nearest(bad, size), last]);
    // All other writers of the value in question must be kept too: relaxed, they could have written it in time.
    const withWriters = ascending([...near, ...relaxation.writersOf(bad.a[last]!)]);
    const found = [near, withWriters].find((set) => set.length < most.length && contradicts(set));
    if (found !== undefined) return found;
  }
  return most;
}

/**
 * How many nodes, and how costly questions, a smaller set is worth: without a bound in time, and with one. (A million
 * is half a second.)
 */
const NODES = 300, QUESTIONS = 100_000, NODES_IN_TIME = 20_000, QUESTIONS_IN_TIME = 2_000_000;

/** The smallest of the minimal sets that can be found, beside one that is known. */
function smallest(
  bad: Piece,
  first: Shrunk,
  known: Relaxation,
  limits: SearchLimits,
): Shrunk & { readonly isSmallest: boolean } {
  if (!first.isMinimal || first.kept.length <= 1) return { ...first, isSmallest: first.isMinimal };
  // Where values are distinct, what is minimal is the smallest but for rare cases.
  const isWorthTime = limits.stop !== undefined && known.hasRepeatedValues;
  const [nodes, questions] = isWorthTime ? [NODES_IN_TIME, QUESTIONS_IN_TIME] : [NODES, QUESTIONS];
  const relaxation = new Relaxation(bad, limits, questions);
  const all = Array.from({ length: bad.length }, (_, op) => op);
  const { sets, isComplete } = minimalSets(relaxation, all, [first.kept], { most: Infinity, nodes });
  const kept = sets.reduce((least, set) => set.length < least.length ? set : least);
  return { kept, isMinimal: true, isSmallest: isComplete };
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

/** A prefix that cannot be explained, and a shorter one that can be. */
interface BadPrefix {
  /** The length of the prefix that cannot be explained. It is the shortest, unless questions took too long. */
  readonly bad: number;
  /** How many events are known to be explainable. */
  readonly fine: number;
}

/** Finds the shortest prefix that cannot be explained: doubles the step, then halves the interval. */
function firstBadPrefix(piece: Piece, reached: number, visited: number, limits: SearchLimits): BadPrefix {
  // The search that found the violation looked no further than `reached`.
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
  // Only a return can make an explainable prefix unexplainable.
  return { bad, fine };
}

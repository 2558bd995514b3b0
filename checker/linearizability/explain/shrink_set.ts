/**
 * From a set that contradicts itself to one of which nothing can be left out.
 *
 * @module
 */

/**
 * How many configurations one question may visit: while many operations are left out at once, which stay if it takes
 * more; and while they are left out one at a time.
 */
export const ROUGHLY = 3_000, CAREFULLY = 200_000;

/** A set that contradicts itself, and whether nothing can be left out of it. */
export interface Shrunk {
  readonly kept: readonly number[];
  readonly isMinimal: boolean;
}

/** Leaves out what can be left out: first many at once, and never `last`, then one after another. */
export function shrunk(
  all: readonly number[],
  last: number,
  contradicts: (kept: readonly number[], visits: number) => true | false | "unknown",
  isLate: () => boolean,
): Shrunk {
  const few = withoutMany(all, last, (kept) => contradicts(kept, ROUGHLY) === true, isLate);
  return withoutOne(few, (kept) => contradicts(kept, CAREFULLY), isLate);
}

/** Leaves out halves, quarters and so on, but never `last`. */
export function withoutMany(
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
      if (fewer.length > 0 && fewer.length < kept.length && contradicts(fewer)) kept = fewer;
    }
  }
  return kept;
}

/** Leaves out one at a time. What cannot go now could not go from a smaller set either, so that one round is enough. */
export function withoutOne(
  all: readonly number[],
  contradicts: (kept: readonly number[]) => true | false | "unknown",
  isLate: () => boolean,
): Shrunk {
  let kept = all;
  let isMinimal = true;
  for (const op of all.toReversed()) {
    if (isLate()) return { kept, isMinimal: false };
    const fewer = kept.filter((other) => other !== op);
    const answer = fewer.length > 0 && contradicts(fewer);
    if (answer === true) kept = fewer;
    else if (answer === "unknown") isMinimal = false;
  }
  return { kept, isMinimal };
}

/**
 * Why a serial order cannot go on: transactions that wait for each other in a circle.
 *
 *     a waits until r has read key x, for w, which r reads, was put before a            (a choice: w before a)
 *     r waits for b, which is known to come before it
 *     b waits until s has read key y, for v, which s reads, was put before b            (a choice: v before b)
 *     s waits for a
 *
 * One of the choices was wrong. Which one is not known; the latest that can be turned round is.
 *
 * @module
 */

/** One transaction waits because another was put before it. */
export interface Wait {
  /** The transaction that was put first. */
  readonly first: number;
  /** The transaction that waits. */
  readonly second: number;
  /** The version that the second one writes. */
  readonly version: number;
  /** The moment that must come before the second one can. */
  readonly until: number;
}

/**
 * The circle of waits that a moment leads to.
 *
 * @param waitOf Why a moment does not fit, though all its predecessors were placed; undefined where no choice is to
 * blame.
 * @param firstBefore One of the moments that have to come before a moment, itself without predecessors.
 * @returns The waits, empty where something else is to blame.
 */
export function circleOfWaits(
  moment: number,
  waitOf: (moment: number) => Wait | undefined,
  firstBefore: (moment: number) => number,
): readonly Wait[] {
  const placeOf = new Map<number, number>();
  const waits: Wait[] = [];
  for (let at = moment; at >= 0;) {
    const known = placeOf.get(at);
    if (known !== undefined) return waits.slice(known);
    placeOf.set(at, waits.length);
    const wait = waitOf(at);
    if (wait === undefined) return [];
    waits.push(wait);
    at = firstBefore(wait.until);
  }
  return [];
}

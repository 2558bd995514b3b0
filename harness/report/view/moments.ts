/**
 * The moments at which something happened: each kind of them is sorted for itself, which is quicker than one list.
 *
 * @module
 */
import type { PageData } from "../page/data.ts";
import { firstFrom } from "./store.ts";

/** The moments of a page. */
export class Moments {
  readonly #sorted: readonly ArrayLike<number>[];
  readonly #endPlaces: Uint32Array;
  readonly #endTimes: Float64Array;

  constructor({ operations, faults, changes, end }: PageData) {
    [this.#endPlaces, this.#endTimes] = endsOf(operations.end);
    const ofFaults = faults.flatMap((fault) => [fault.start, fault.end < 0 ? end : fault.end]);
    this.#sorted = [
      operations.start,
      this.#endTimes,
      Float64Array.from(ofFaults).sort(),
      Float64Array.from(changes ?? [], ({ time }) => time),
    ];
  }

  /** The first moment after a time; `null` if there is none. */
  after(time: number): number | null {
    let next = Infinity;
    for (const times of this.#sorted) next = Math.min(next, times[firstFrom(times, time + 1)] ?? Infinity);
    return next === Infinity ? null : next;
  }

  /** The last moment before a time; `null` if there is none. */
  before(time: number): number | null {
    let last = -Infinity;
    for (const times of this.#sorted) last = Math.max(last, times[firstFrom(times, time) - 1] ?? -Infinity);
    return last === -Infinity ? null : last;
  }

  /** The operations that end at a time. */
  endingAt(time: number): number[] {
    const places: number[] = [];
    for (let i = firstFrom(this.#endTimes, time); this.#endTimes[i] === time; i++) places.push(this.#endPlaces[i]!);
    return places;
  }
}

/**
 * The operations that ended, by the time of their ends. Time and place are sorted as one number, by the engine's own
 * order of numbers: a comparison function takes ten times as long.
 */
function endsOf(end: ArrayLike<number>): [places: Uint32Array, times: Float64Array] {
  const count = Math.max(1, end.length);
  const keys = new Float64Array(end.length);
  let ended = 0;
  for (let place = 0; place < end.length; place++) {
    if (end[place]! >= 0) keys[ended++] = end[place]! * count + place;
  }
  const sorted = keys.subarray(0, ended).sort();
  // If a history has a million operations and lasts for days, the keys are no longer exact.
  const isExact = (sorted[ended - 1] ?? 0) <= Number.MAX_SAFE_INTEGER;
  const places = isExact
    ? Uint32Array.from(sorted, (key) => key % count)
    : Uint32Array.from(end, (_, place) => place).filter((place) => end[place]! >= 0).sort((a, b) => end[a]! - end[b]!);
  return [places, Float64Array.from(places, (place) => end[place]!)];
}

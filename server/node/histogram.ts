/**
 * A histogram of durations, in the form that Prometheus expects.
 *
 * @module
 */

/** Upper bounds of the buckets, in seconds. */
const BOUNDS = [
  ...[0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03],
  ...[0.1, 0.3, 1, 3, 10],
] as const;

/** A histogram of durations. */
export class Histogram {
  readonly #counts: number[] = new Array(BOUNDS.length + 1).fill(0);
  #sum = 0;
  #count = 0;

  /** Counts a duration in seconds. */
  add(seconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sum += seconds;
    this.#count++;
  }

  /** The lines of a metric in Prometheus' text format. */
  lines(name: string): string[] {
    const lines: string[] = [];
    let below = 0;
    for (const [i, bound] of BOUNDS.entries()) {
      below += this.#counts[i]!;
      lines.push(`${name}_bucket{le="${bound}"} ${below}`);
    }
    lines.push(`${name}_bucket{le="+Inf"} ${this.#count}`, `${name}_sum ${this.#sum}`, `${name}_count ${this.#count}`);
    return lines;
  }
}

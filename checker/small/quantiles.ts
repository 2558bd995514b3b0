/**
 * Quantiles of latencies, as Jepsen reports them.
 *
 * @module
 */

/** The quantiles that are reported. */
export const QUANTILES: readonly number[] = [0, 0.5, 0.95, 0.99, 1];

/**
 * The quantiles 0, .5, .95, .99 and 1 of some numbers, by name; `null` if there are no numbers.
 *
 * The quantile q of n sorted numbers is the one at `floor(q * n)`, or the last, so it is always one of the numbers.
 */
export function quantiles(numbers: readonly number[]): Readonly<Record<string, number>> | null {
  if (numbers.length === 0) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
  return Object.fromEntries(QUANTILES.map((q) => [String(q), at(q)]));
}

/**
 * The latency of messages between nodes, for `--latency` and `--latency-dist`.
 *
 * @module
 */
import { finish } from "../../sim/hash.ts";

/** The distribution of latencies around their mean. */
export type LatencyDistribution = "constant" | "uniform" | "exponential";

/** The names of `--latency-dist`. */
export const LATENCY_DISTRIBUTIONS: readonly LatencyDistribution[] = ["constant", "uniform", "exponential"];

/** The natural logarithm of 2. */
const LN2 = 0.6931471805599453;

/**
 * The latency for a hash, in nanoseconds.
 *
 * `constant`: always the mean. `uniform`: from 0 to twice the mean. `exponential`: usually short, sometimes several
 * times the mean.
 */
export function latencyOf(distribution: LatencyDistribution, mean: number, hash: number): number {
  // Uses the middle of its step, so that it is neither 0 nor 1.
  const share = (finish(hash) + 0.5) / 4294967296;
  switch (distribution) {
    case "constant":
      return mean;
    case "uniform":
      return Math.floor(2 * mean * share);
    case "exponential":
      return Math.floor(mean * -logarithm(share));
  }
}

/**
 * The natural logarithm of a number above 0 and up to 1. It uses only basic arithmetic, so it is the same to the last
 * bit on every engine; `Math.log` may not be.
 *
 * x = m * 2^e with m between 2/3 and 4/3, and ln m = 2 artanh z with z = (m - 1) / (m + 1). Because |z| is at most 1/5,
 * 12 terms of the series are enough.
 */
export function logarithm(x: number): number {
  let m = x, e = 0;
  for (; m < 2 / 3; m *= 2) e--;
  const z = (m - 1) / (m + 1), square = z * z;
  let sum = 0;
  for (let term = z, n = 1; n <= 23; n += 2, term *= square) sum += term / n;
  return 2 * sum + e * LN2;
}

/**
 * Numbers whose sums are exact.
 *
 * @module
 */

/**
 * Whether sums of such numbers do not depend on their order: whole numbers, and small ones with at most ten binary
 * places. Others, such as 0.1, are rounded: 0.1 + 0.2 is not 0.3, and a judge that adds them would accuse the innocent.
 */
export function isExactlySummed(value: unknown): value is number {
  return typeof value === "number" && (Number.isSafeInteger(value) || Number.isSafeInteger(value * 1024));
}

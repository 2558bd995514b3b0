/**
 * A value as JSON has it, for people and as a name.
 *
 * @module
 */

/**
 * JSON of any value that a history may hold; integers beyond 2^53 as their digits, what JSON has no word for as
 * JavaScript has it.
 */
export function jsonOf(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(value, digits) ?? String(value);
}

function digits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/**
 * A value as JSON has it, for people and as a name.
 *
 * @module
 */

/**
 * JSON of any value that a history may hold. Integers beyond 2^53 are their digits; what JSON has no word for, such as
 * `NaN`, is written as JavaScript has it. Different values have different texts.
 */
export function jsonOf(value: unknown): string {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${jsonOf(inner)}`).join(",")}}`;
}

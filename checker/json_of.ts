/**
 * Formats values as JSON, for people and as keys.
 *
 * @module
 */

/**
 * The JSON of any value in a history. Integers beyond 2^53 become their digits. Values that JSON cannot represent, such
 * as `NaN`, become JavaScript's text for them. Different values have different texts.
 */
export function jsonOf(value: unknown): string {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${jsonOf(inner)}`).join(",")}}`;
}

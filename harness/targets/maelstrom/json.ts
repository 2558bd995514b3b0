/**
 * JSON without loss: whole numbers beyond 2^53, which `JSON.parse` rounds, are read as bigints and written as their
 * digits. Nodes in other languages use such numbers, for example as 64-bit ids.
 *
 * @module
 */

/** Matches a string or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Matches a whole number that may be beyond 2^53. */
const LONG = /^-?\d{16,}$/;
/** Whether a text may contain such a number. */
const MAY_HAVE_LONG = /\d{16}/;
/** Marks a number that was put in quotes. A node's text begins like this only on purpose. */
const MARK = "\u0000number:";

/**
 * Reads one value.
 *
 * @throws {SyntaxError} If the text is not JSON.
 */
export function parseJson(text: string): unknown {
  if (!MAY_HAVE_LONG.test(text)) return JSON.parse(text);
  const marked = text.replace(TOKEN, (token) => LONG.test(token) ? JSON.stringify(MARK + token) : token);
  if (marked === text) return JSON.parse(text);
  return JSON.parse(marked, (_, value) => {
    if (typeof value !== "string" || !value.startsWith(MARK)) return value;
    const digits = value.slice(MARK.length);
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : BigInt(digits);
  });
}

/** Writes a value that `parseJson` may have returned. */
export function writeJson(value: unknown): string {
  let hasLong = false;
  const text = JSON.stringify(value, (_, inner) => {
    if (typeof inner !== "bigint") return inner;
    hasLong = true;
    return `${MARK}${inner}`;
  });
  if (!hasLong) return text;
  return text.replace(/"\\u0000number:(-?\d+)"/g, "$1");
}

/** A value for the history: a number that JSON parsers would round becomes the text of its digits. */
export function forHistory(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.some(hasLong) ? value.map(forHistory) : value;
  if (typeof value !== "object" || value === null || !hasLong(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, forHistory(inner)]));
}

function hasLong(value: unknown): boolean {
  if (typeof value === "bigint") return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasLong);
}

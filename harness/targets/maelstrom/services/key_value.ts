/**
 * The operations of Maelstrom's key-value stores, independent of how values are stored.
 *
 * @module
 */
import { writeJson } from "../json.ts";
import { type Body, errorBody, NO_SUCH_KEY, PRECONDITION_FAILED } from "../protocol.ts";

/** The effect of an operation: an answer, and a write, if any. */
interface Effect {
  /** The answer. */
  readonly answer: Body;
  /** The key's new value; left out if nothing changes. */
  readonly write?: { readonly value: unknown };
}

/**
 * The effect of `read`, `write` or `cas` if the key holds `value` (`undefined` if it does not exist); `null` for
 * another operation.
 */
export function effectOf(request: Body, value: unknown): Effect | null {
  switch (request.type) {
    case "read":
      return { answer: value === undefined ? noSuchKey() : { type: "read_ok", value } };
    case "write":
      return { answer: { type: "write_ok" }, write: { value: request["value"] ?? null } };
    case "cas": {
      const { from, to = null } = request;
      const set = { answer: { type: "cas_ok" }, write: { value: to } };
      if (value === undefined) return request["create_if_not_exists"] === true ? set : { answer: noSuchKey() };
      if (isSame(value, from ?? null)) return set;
      const text = `current value ${writeJson(value)} is not ${writeJson(from ?? null)}`;
      return { answer: errorBody(PRECONDITION_FAILED, text) };
    }
    default:
      return null;
  }
}

function noSuchKey(): Body {
  return errorBody(NO_SUCH_KEY, "key does not exist");
}

/** A key of any type, as text. */
export function keyOf(request: Body): string {
  return writeJson(request["key"] ?? null);
}

/** Whether two JSON values are equal; the order of an object's fields does not matter. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [of, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = Object.keys(of);
  return names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(of[name], other[name]));
}

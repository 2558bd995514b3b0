/**
 * The models that are built in, by name.
 *
 * @module
 */
import type { AnyModel } from "./model.ts";

/** The names of the built-in models. */
export const MODEL_NAMES: readonly string[] = ["register", "cas-register", "kv"];

/**
 * A built-in model by its name; `cas-register:0` sets the value that it begins with.
 *
 * @throws {RangeError} For a name that is none; the message lists those that are.
 * @throws {SyntaxError} For an initial value that is not JSON.
 */
export function modelByName(name: string): AnyModel {
  const colon = name.indexOf(":");
  const base = colon < 0 ? name : name.slice(0, colon);
  const initial: unknown = colon < 0 ? null : initialValue(name.slice(colon + 1), name);
  if (base === "register" || base === "cas-register" || base === "kv") {
    return { name, kind: "register", initial };
  }
  throw new RangeError(`Unknown model ${JSON.stringify(name)}: expected one of ${MODEL_NAMES.join(", ")}`);
}

function initialValue(text: string, name: string): unknown {
  if (text === "nil") return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(`Cannot read the model ${JSON.stringify(name)}: expected JSON after the colon`);
  }
}

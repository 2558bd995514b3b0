/**
 * From an object, as JSON or EDN has it, to an event.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { FormatError } from "./format_error.ts";

/**
 * Takes an object for an event. `index` and `time` may be missing, and `f` too: then it is a transaction.
 *
 * @param value What was read.
 * @param index The position that it has if it does not say.
 * @param line Where it stands, for errors.
 * @throws {FormatError} If it is no event.
 */
export function eventOf(value: unknown, index: number, line: number): HistoryEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FormatError(line, 1, `expected an event as an object, found ${found(value)}`);
  }
  const event = value as Record<string, unknown>;
  const { type, process } = event;
  if (type === undefined && process === undefined) {
    throw new FormatError(line, 1, `expected an event, with "type", "process" and "f", found ${found(value)}`);
  }
  assertType(type, line);
  const number = typeof process === "bigint" ? Number(process) : process;
  if (process !== "nemesis" && !(typeof number === "number" && Number.isInteger(number))) {
    throw new FormatError(line, 1, `expected "process" to be a whole number or "nemesis", found ${found(process)}`);
  }
  const { f = "txn" } = event;
  if (typeof f !== "string") {
    // The nemesis says what it likes.
    if (process !== "nemesis") throw new FormatError(line, 1, `expected "f" to be a text, found ${found(f)}`);
  }
  return {
    ...event,
    index: typeof event["index"] === "number" ? event["index"] : index,
    time: typeof event["time"] === "number" ? event["time"] : index,
    process: number as number | "nemesis",
    type,
    f: String(f ?? "none"),
  };
}

/**
 * Makes sure that something is the type of an event.
 *
 * @throws {FormatError} It is none.
 */
export function assertType(type: unknown, line: number): asserts type is HistoryEvent["type"] {
  if (type === "invoke" || type === "ok" || type === "fail" || type === "info") return;
  throw new FormatError(line, 1, `expected "type" to be invoke, ok, fail or info, found ${found(type)}`);
}

/** A value as an error quotes it: JSON, cut short. */
export function found(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? inner.toString() : inner);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

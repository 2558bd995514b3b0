/**
 * From a JSON object to an event.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { FormatError } from "./format_error.ts";

/**
 * Takes an object for an event; `index` and `time` may be missing.
 *
 * @param value What was read.
 * @param index The position that it has if it does not say.
 * @param line Where it stands, for errors.
 * @throws {FormatError} If it is none.
 */
export function eventOf(value: unknown, index: number, line: number): HistoryEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FormatError(line, 1, "expected a JSON object");
  }
  const event = value as Record<string, unknown>;
  const { type, process } = event;
  if (type !== "invoke" && type !== "ok" && type !== "fail" && type !== "info") {
    throw new FormatError(line, 1, `expected "type" to be invoke, ok, fail or info, found ${JSON.stringify(type)}`);
  }
  if (typeof process !== "number" && process !== "nemesis") {
    throw new FormatError(line, 1, `expected "process" to be a number or "nemesis", found ${JSON.stringify(process)}`);
  }
  const { f = "txn" } = event;
  if (typeof f !== "string") throw new FormatError(line, 1, `expected "f" to be a text, found ${JSON.stringify(f)}`);
  return {
    ...event,
    index: typeof event["index"] === "number" ? event["index"] : index,
    time: typeof event["time"] === "number" ? event["time"] : index,
    process,
    type,
    f,
  };
}

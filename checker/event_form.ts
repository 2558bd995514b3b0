/**
 * The form of an event: its process and its type, as programs and files give them.
 *
 * @module
 */
import type { HistoryEvent } from "./history.ts";
import { jsonOf } from "./json_of.ts";

/** What is wrong with the process or the type of an event that a program made; undefined if nothing is. */
export function formProblem({ process, type }: Partial<HistoryEvent>): string | undefined {
  if (typeof process !== "number" && typeof process !== "string") return processExpected(process);
  return isType(type) ? undefined : typeExpected(type);
}

/** Whether a text is a type of events. */
export function isType(type: unknown): boolean {
  return type === "invoke" || type === "ok" || type === "fail" || type === "info";
}

/** What was expected of an event's process, and what was found. */
export function processExpected(process: unknown): string {
  return `expected "process" to be a whole number, a name or "nemesis", found ${found(process)}`;
}

/** What was expected of an event's type, and what was found. */
export function typeExpected(type: unknown): string {
  return `expected "type" to be invoke, ok, fail or info, found ${found(type)}`;
}

/** A value as a message shows it. */
export function found(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = jsonOf(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

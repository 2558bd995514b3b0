/**
 * Whether an event that a program made has the form of one. Files are checked when they are read.
 *
 * @module
 */
import type { HistoryEvent } from "./history.ts";

const TYPES: ReadonlySet<unknown> = new Set(["invoke", "ok", "fail", "info"]);

/** What is wrong with an event's process or type; undefined if nothing is. */
export function formProblem({ process, type }: Partial<HistoryEvent>): string | undefined {
  if (typeof process !== "number" && typeof process !== "string") return `Its process is ${found(process)}`;
  return TYPES.has(type) ? undefined : `Its type is ${found(type)}, but there are ${[...TYPES].join(", ")}`;
}

function found(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}

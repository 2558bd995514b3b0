/**
 * Reads a history in whatever format it is.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { isJepsenLogLine, parseJepsenLog } from "./jepsen_log.ts";
import { parseJsonLines } from "./jsonl.ts";

/** A history, and the format that it was read from. */
export interface ReadHistory {
  readonly format: string;
  readonly events: readonly HistoryEvent[];
}

/**
 * Reads a history; the format is found out unless `options` names it.
 *
 * @throws {FormatError} If it cannot be read.
 */
export function readHistory(input: Uint8Array | string, options: { readonly format?: string } = {}): ReadHistory {
  const text = typeof input === "string" ? input : new TextDecoder().decode(input);
  const format = options.format ?? (isJepsenLogLine(text) ? "jepsen-log" : "jsonl");
  return { format, events: format === "jepsen-log" ? parseJepsenLog(text) : parseJsonLines(text) };
}

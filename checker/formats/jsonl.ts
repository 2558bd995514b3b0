/**
 * JSON lines: an event a line, as a run writes it.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { eventOf } from "./event.ts";
import { FormatError } from "./format_error.ts";

/**
 * Reads JSON lines; empty lines are passed over.
 *
 * @throws {FormatError} At the first line that is no event.
 */
export function parseJsonLines(text: string): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  let line = 0;
  for (let begin = 0; begin < text.length; line++) {
    let end = text.indexOf("\n", begin);
    if (end < 0) end = text.length;
    const part = text.slice(begin, end).trim();
    begin = end + 1;
    if (part === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(part);
    } catch {
      throw new FormatError(line + 1, 1, "expected a JSON object");
    }
    events.push(eventOf(value, events.length, line + 1));
  }
  return events;
}

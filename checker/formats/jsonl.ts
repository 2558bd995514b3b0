/**
 * JSON: an event a line, as a run writes it, or one array of events.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { eventOf } from "./event.ts";
import { FormatError } from "./format_error.ts";
import { JsonText, parseJson } from "./json_text.ts";

/** Events, and the line (from 1) on which each stands. */
export interface EventsWithLines {
  readonly events: HistoryEvent[];
  readonly lines: number[];
}

/** The lines of a text that are not empty, with their numbers from 1. */
export function* linesOf(text: string): Generator<{ readonly text: string; readonly number: number }> {
  let number = 1;
  for (let begin = text.charCodeAt(0) === 0xfeff ? 1 : 0; begin < text.length; number++) {
    let end = text.indexOf("\n", begin);
    if (end < 0) end = text.length;
    const line = text.slice(begin, end).trimEnd();
    begin = end + 1;
    if (line !== "") yield { text: line, number };
  }
}

/**
 * Reads JSON lines; empty lines are passed over.
 *
 * @throws {FormatError} At the first line that is no event.
 */
export function parseJsonLines(text: string): EventsWithLines {
  const events: HistoryEvent[] = [];
  const lines: number[] = [];
  for (const line of linesOf(text)) {
    events.push(eventOf(parseJson(line.text, line.number), events.length, line.number));
    lines.push(line.number);
  }
  return { events, lines };
}

/**
 * Reads one JSON array of events, or objects one after another, however they are broken into lines.
 *
 * @throws {FormatError} Where it is none.
 */
export function parseJsonText(text: string): EventsWithLines {
  const events: HistoryEvent[] = [];
  const lines: number[] = [];
  const reader = new JsonText(text);
  const add = (): void => {
    reader.hasMore();
    const line = reader.line;
    events.push(eventOf(reader.value(1), events.length, line));
    lines.push(line);
  };
  if (reader.take("[")) {
    if (!reader.take("]")) {
      do add(); while (reader.take(","));
      if (!reader.take("]")) throw reader.fail('"," or "]"');
    }
    if (reader.hasMore()) throw reader.fail("nothing after the array");
  } else {
    if (!reader.hasMore()) throw new FormatError(1, 1, "expected an array of events, but the file is empty");
    while (reader.hasMore()) {
      add();
      reader.take(",");
    }
  }
  return { events, lines };
}

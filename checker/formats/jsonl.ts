/**
 * JSON: an event a line, as a run writes it, or one array of events.
 *
 * @module
 */
import { EventList, type EventsWithLines } from "./events.ts";
import { FormatError } from "./format_error.ts";
import { JsonText, parseJson } from "./json_text.ts";

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
 * Reads JSON lines; empty lines are passed over, and a comma at the end of a line is too.
 *
 * @throws {FormatError} At the first line that is no event.
 */
export function parseJsonLines(text: string): EventsWithLines {
  const list = new EventList();
  for (const line of linesOf(text)) list.add(parseJson(withoutComma(line.text), line.number), line.number);
  return list;
}

/** A line of an array that was taken apart: without the comma after its object. */
export function withoutComma(line: string): string {
  return line.endsWith("},") ? line.slice(0, -1) : line;
}

/**
 * Reads one JSON array of events, or objects one after another, however they are broken into lines; or an object that
 * has the array as one of its values.
 *
 * @throws {FormatError} Where it is none.
 */
export function parseJsonText(text: string): EventsWithLines {
  const list = new EventList();
  const reader = new JsonText(text);
  const add = (): void => {
    reader.hasMore();
    const { line } = reader;
    const value = reader.value(1);
    const inside = list.events.length === 0 && !reader.hasMore() ? historyInside(value) : undefined;
    if (inside === undefined) list.add(value, line);
    else for (const event of inside) list.add(event, line);
  };
  if (reader.take("[")) {
    while (!reader.take("]")) {
      add();
      if (!reader.take(",") && !reader.isNext("]")) throw reader.fail('"," or "]"');
    }
    if (reader.hasMore()) throw reader.fail("nothing after the array");
  } else {
    if (!reader.hasMore()) throw new FormatError(1, 1, "expected an array of events, but the file is empty");
    while (reader.hasMore()) {
      add();
      reader.take(",");
    }
  }
  return list;
}

/** The list of events in an object such as `{"history": [...]}`. */
function historyInside(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || "type" in value) return undefined;
  return Object.values(value).find((inner) => Array.isArray(inner) && inner.length > 0 && inner.every(isObject));
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

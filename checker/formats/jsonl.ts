/**
 * Reads JSON: one event a line, as a run writes it, or one array of events.
 *
 * @module
 */
import { isRecord } from "../record.ts";
import { EventList, type EventsWithLines, isHistoryName } from "./events.ts";
import { FormatError } from "./format_error.ts";
import { JsonText, mayHaveLongIntegers, parseJson } from "./json_text.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The non-empty lines of a text, with their numbers from 1. */
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
 * Reads JSON lines. Empty lines, and a comma at the end of a line, are ignored.
 *
 * @throws {FormatError} At the first line that is not an event.
 */
export function parseJsonLines(input: Uint8Array | string): EventsWithLines {
  const list = new EventList();
  let number = 1;
  for (const block of blocksOf(input)) {
    // Most files have no long integers. Checking many lines at once costs a tenth of checking each.
    const hasLongIntegers = mayHaveLongIntegers(block);
    for (const { text: line, number: inside } of linesOf(block)) {
      const at = number + inside - 1;
      list.add(parseJson(withoutComma(line), at, hasLongIntegers), at);
    }
    number += countOf("\n", block);
  }
  return list;
}

/** How many characters are checked at once. */
const BLOCK = 1 << 20;

/** Blocks of complete lines, each of some megabytes: no string can hold a large file. */
function* blocksOf(input: Uint8Array | string): Generator<string> {
  let line = 1;
  for (let from = 0; from < input.length;) {
    const found = typeof input === "string" ? input.indexOf("\n", from + BLOCK) : input.indexOf(10, from + BLOCK);
    const end = found < 0 ? input.length : found + 1;
    const block = typeof input === "string" ? input.slice(from, end) : decodeUtf8(input.subarray(from, end), line);
    yield block;
    line += countOf("\n", block);
    from = end;
  }
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/** A line of an array that has one element a line: the element, without the comma behind it. */
export function withoutComma(line: string): string {
  return line.endsWith("},") ? line.slice(0, -1) : line;
}

/**
 * Reads one JSON array of events, or objects one after another, with any line breaks; or an object that has the array
 * as one of its values. A comma behind the last event is ignored, as in JSON lines.
 *
 * @throws {FormatError} If the text is not such a history.
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
  if (!isRecord(value) || "type" in value) return undefined;
  const entry = Object.entries(value).find(([name, inner]) =>
    Array.isArray(inner) && (inner.length > 0 || isHistoryName(name)) && inner.every(isRecord)
  );
  return entry?.[1] as unknown[] | undefined;
}

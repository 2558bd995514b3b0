/**
 * Reads a history in whatever format it is.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { HistoryError, type Operations, OperationsBuilder } from "../table/operations.ts";
import { detectFormat, FORMATS } from "./detect.ts";
import { parseEdnEvents } from "./edn_events.ts";
import { FormatError } from "./format_error.ts";
import { parseJepsenLog } from "./jepsen_log.ts";
import { JsonLinesOperations } from "./jsonl_operations.ts";
import { type EventsWithLines, parseJsonLines, parseJsonText } from "./jsonl.ts";
import { parseKayaWgl } from "./kaya_wgl.ts";

/** How a history is read. */
export interface ReadOptions {
  /** One of `FORMATS`. Default: found out from how the text begins. */
  readonly format?: string;
}

/** A history, and the format that it was read from. */
export interface ReadHistory {
  /** One of `FORMATS`. */
  readonly format: string;
  /** The events, in the order of the text. */
  readonly events: readonly HistoryEvent[];
  /** The line, from 1, on which each event stands. */
  readonly lines: readonly number[];
}

/**
 * Reads a history of events: every format but polysi and awdit, which record transactions without events.
 *
 * @param input The text, or its bytes in UTF-8.
 * @throws {FormatError} If it cannot be read: where, what was expected, what was found.
 * @throws {RangeError} If the format is none of ours.
 */
export function readHistory(input: Uint8Array | string, options: ReadOptions = {}): ReadHistory {
  const text = typeof input === "string" ? input : new TextDecoder().decode(input);
  const format = options.format ?? detectFormat(text);
  return { format, ...parse(text, format) };
}

function parse(text: string, format: string): EventsWithLines {
  if (FORMATS.includes(format) && text.trim() === "") return { events: [], lines: [] };
  switch (format) {
    case "jsonl":
      return parseJsonLines(text);
    case "json":
      return parseJsonText(text);
    case "edn":
      return parseEdnEvents(text);
    case "jepsen-log":
      return parseJepsenLog(text);
    case "kaya-wgl":
      return parseKayaWgl(text);
    case "polysi":
    case "awdit":
      throw new RangeError(`Cannot read ${format} as events: it records transactions by session`);
    default:
      throw new RangeError(`Unknown format ${JSON.stringify(format)}: expected one of ${FORMATS.join(", ")}`);
  }
}

/** A history as a table of operations. */
export interface ReadOperations {
  /** One of `FORMATS`. */
  readonly format: string;
  /** The table. */
  readonly operations: Operations;
}

/**
 * Reads a history for `checkOperations`, JSON lines without making objects of their events.
 *
 * In EDN and in Jepsen's logs a process that is invoked while it is busy leaves an operation of unknown outcome behind; elsewhere that is an error.
 *
 * @throws {FormatError} If it cannot be read, or is no history.
 */
export function readOperations(bytes: Uint8Array, options: ReadOptions = {}): ReadOperations {
  const format = options.format ?? detectFormat(new TextDecoder().decode(bytes.subarray(0, 4096)));
  if (format === "jsonl") {
    const reader = new JsonLinesOperations(new OperationsBuilder(Math.max(64, bytes.length >> 7)));
    reader.push(bytes);
    return { format, operations: reader.finish() };
  }
  return { format, operations: tableOf(readHistory(bytes, { format })) };
}

/**
 * The table of a history that was read.
 *
 * @throws {FormatError} If it is no history: a completion of nothing, or a busy process that is invoked.
 */
export function tableOf({ format, events, lines }: ReadHistory): Operations {
  const isLenient = format === "edn" || format === "jepsen-log";
  const builder = new OperationsBuilder(Math.max(16, events.length >> 1), isLenient);
  // Several events may share a line: then lines do not tell which came first.
  const hasOwnLines = lines.every((line, i) => i === 0 || line > lines[i - 1]!);
  for (let i = 0; i < events.length; i++) {
    try {
      builder.add(events[i]!, hasOwnLines ? lines[i]! : i);
    } catch (error) {
      if (error instanceof HistoryError) throw new FormatError(lines[i]!, 1, error.message);
      throw error;
    }
  }
  builder.operations.countsLines = hasOwnLines;
  if (format === "kaya-wgl" && !hasOwnLines) builder.operations.lineOf = lines;
  return builder.operations;
}

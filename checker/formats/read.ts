/**
 * Reads a history in whatever format it is.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { HistoryError, type Operations, OperationsBuilder } from "../table/operations.ts";
import { detectFormat, FORMATS, HEAD_BYTES } from "./detect.ts";
import { parseEdn } from "./edn.ts";
import { parseEdnEvents } from "./edn_events.ts";
import type { EventsWithLines } from "./events.ts";
import { FormatError } from "./format_error.ts";
import { eventsWithKeys, type Pairs, pairsOf } from "./independent.ts";
import { parseIntervals } from "./intervals.ts";
import { parseJepsenHistory, parseJepsenLog } from "./jepsen_log.ts";
import { JsonLinesOperations } from "./jsonl_operations.ts";
import { parseJson } from "./json_text.ts";
import { parseJsonLines, parseJsonText } from "./jsonl.ts";
import { parseKayaWgl } from "./kaya_wgl.ts";
import { parsePorcupine } from "./porcupine.ts";
import type { TimeGoesBack } from "./time.ts";

/** How a history is read. */
export interface ReadOptions {
  /** One of `FORMATS`. Default: found out from how the text begins. */
  readonly format?: string;
  /**
   * What a pair in the place of an operation's value is: its key and its value, as `jepsen.independent` writes them, or
   * a value. Default: keys if every value in the file is such a pair, and some ask for what they do not know.
   */
  readonly pairs?: "keys" | "values";
}

/** A history, and the format that it was read from. */
export interface ReadHistory {
  /** One of `FORMATS`. */
  readonly format: string;
  /** The events, in the order of the text. */
  readonly events: readonly HistoryEvent[];
  /** The line, from 1, on which each event stands. */
  readonly lines: readonly number[];
  /**
   * What pairs are that stand as values: `keys` were taken apart; `unclear` ones were taken for values. Default:
   * `values`.
   */
  readonly pairs?: Pairs;
  /** The time in nanoseconds from which the events' times count, where those of the file are beyond 2^53. */
  readonly timeZero?: bigint;
}

/**
 * Reads a history of events: every format but polysi and awdit, which record transactions without events.
 *
 * @param input The text, or its bytes in UTF-8.
 * @throws {FormatError} If it cannot be read, or would be taken for something else: where, what was expected, what was
 * found.
 * @throws {RangeError} If the format is none of ours.
 */
export function readHistory(input: Uint8Array | string, options: ReadOptions = {}): ReadHistory {
  const head = typeof input === "string"
    ? input.slice(0, HEAD_BYTES)
    : new TextDecoder().decode(input.subarray(0, HEAD_BYTES));
  const format = options.format ?? detectFormat(head);
  const { events, lines, timeZero } = format === "jsonl" ? parseJsonLines(input) : parse(textOf(input), format);
  const found = pairsOf(events);
  const pairs = found === "values" ? found : options.pairs ?? found;
  return {
    format,
    events: pairs === "keys" ? eventsWithKeys(events) : events,
    lines,
    pairs,
    ...(timeZero === undefined ? {} : { timeZero }),
  };
}

/** A history whose pairs are unclear, with what they start with as keys. */
export function withKeys(history: ReadHistory): ReadHistory {
  return { ...history, events: eventsWithKeys(history.events), pairs: "keys" };
}

/** No text has more characters than this on V8. */
const LONGEST_TEXT = 0x1fffffe8;

function textOf(input: Uint8Array | string): string {
  if (typeof input === "string") return input;
  if (input.length <= LONGEST_TEXT) return new TextDecoder().decode(input);
  const size = Math.round(input.length / (1 << 20));
  throw new FormatError(
    1,
    1,
    `the history has ${size} MB; more than 511 can be read as JSON lines, polysi or awdit only`,
  );
}

const PARSERS: Readonly<Record<string, (text: string) => EventsWithLines>> = {
  "json": parseJsonText,
  "edn": parseEdnEvents,
  "knossos": parseEdnEvents,
  "jepsen-history": parseJepsenHistory,
  "jepsen-log": parseJepsenLog,
  "intervals": parseIntervals,
  "porcupine": parsePorcupine,
  "kaya-wgl": parseKayaWgl,
};

function parse(text: string, format: string): EventsWithLines {
  if (FORMATS.includes(format) && text.trim() === "") return { events: [], lines: [] };
  if (format === "polysi" || format === "awdit") {
    throw new RangeError(`Cannot read ${format} as events: it records transactions by session`);
  }
  const parser = Object.hasOwn(PARSERS, format) ? PARSERS[format] : undefined;
  if (parser === undefined) {
    throw new RangeError(`Unknown format ${JSON.stringify(format)}: expected one of ${FORMATS.join(", ")}`);
  }
  return parser(text);
}

/**
 * Whether a format is Jepsen's or Knossos' own: there, a read of nil says nothing, and a process that is invoked while
 * it is busy leaves an operation of unknown outcome behind.
 */
export function isJepsens(format: string): boolean {
  return format === "edn" || format === "knossos" || format === "jepsen-history";
}

/** A history as a table of operations. */
export interface ReadOperations {
  /** One of `FORMATS`. */
  readonly format: string;
  /** The table. */
  readonly operations: Operations;
  /** The first place where the time of a client's event is before that of the event before it. */
  readonly goesBack?: TimeGoesBack;
}

/**
 * Reads a history for `checkOperations`, JSON lines without making objects of their events.
 *
 * In Jepsen's own formats a process that is invoked while it is busy leaves an operation of unknown outcome behind;
 * elsewhere that is an error.
 *
 * @throws {FormatError} If it cannot be read, or is no history.
 */
export function readOperations(bytes: Uint8Array, options: ReadOptions = {}): ReadOperations {
  const format = options.format ?? detectFormat(new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES)));
  if (format === "jsonl") {
    const reader = new JsonLinesOperations(new OperationsBuilder(Math.max(64, bytes.length >> 7)));
    reader.push(bytes);
    const operations = reader.finish();
    return { format, operations, ...(reader.goesBack === undefined ? {} : { goesBack: reader.goesBack }) };
  }
  return { format, operations: tableOf(readHistory(bytes, { ...options, format })) };
}

/**
 * The table of a history that was read.
 *
 * @throws {FormatError} If it is no history: a completion of nothing, or a busy process that is invoked.
 */
export function tableOf({ format, events, lines }: ReadHistory): Operations {
  const isLenient = isJepsens(format) || format === "jepsen-log";
  const builder = new OperationsBuilder(Math.max(16, events.length >> 1), isLenient);
  // Several events may share a line, or stand in another order: then lines do not tell which came first.
  const isAscending = lines.every((line, i) => i === 0 || line > lines[i - 1]!);
  for (let i = 0; i < events.length; i++) {
    try {
      builder.add(events[i]!, isAscending ? lines[i]! : i);
    } catch (error) {
      if (error instanceof HistoryError) throw new FormatError(lines[i]!, 1, error.message);
      throw error;
    }
  }
  builder.operations.countsLines = isAscending;
  const eventAt = new Map(isAscending ? lines.map((line, i) => [line, i]) : []);
  builder.operations.timeAt = (place) => events[isAscending ? eventAt.get(place) ?? -1 : place]?.time;
  const isInterval = format === "kaya-wgl" || format === "intervals" || format === "porcupine";
  const hasOwnLines = isAscending || isInterval || new Set(lines).size === lines.length;
  if (!isAscending && hasOwnLines) builder.operations.lineOf = lines;
  return builder.operations;
}

/**
 * One value, written as JSON or EDN.
 *
 * @throws {FormatError} It is neither, or more than one.
 */
export function parseValue(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    // JSON strings and numbers are EDN too, so that EDN's reader says what is wrong where both fail.
    const values = parseEdn(text);
    if (values.length === 1) return values[0];
    throw new FormatError(1, 1, `expected one value, found ${values.length}`);
  }
}

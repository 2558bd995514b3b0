/**
 * Reads a history in any of the formats.
 *
 * @module
 */
import { defined } from "../record.ts";
import type { HistoryEvent } from "../history.ts";
import { HistoryError, nodeOf, type Operations, OperationsBuilder } from "../table/operations.ts";
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
import { parseJsonLines, parseJsonText, withoutComma } from "./jsonl.ts";
import { parseKayaWgl } from "./kaya_wgl.ts";
import { parsePorcupine } from "./porcupine.ts";
import type { TimeGoesBack } from "./time.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The options of reading. */
export interface ReadOptions {
  /** One of `FORMATS`. Default: detected from the beginning of the text. */
  readonly format?: string;
  /**
   * The meaning of a pair as an operation's value: its key and value, as `jepsen.independent` writes them, or a plain
   * value. Default: keys if every value in the file is a pair, and some pairs ask for an unknown value.
   */
  readonly pairs?: "keys" | "values";
}

/** A history, with the format that it was read from. */
export interface ReadHistory {
  /** One of `FORMATS`. */
  readonly format: string;
  /** The events, in the order of the text. */
  readonly events: readonly HistoryEvent[];
  /** The line, from 1, on which each event stands. */
  readonly lines: readonly number[];
  /**
   * The meaning of pairs as values: pairs with `keys` were split; `unclear` ones are taken as values. Default:
   * `values`.
   */
  readonly pairs?: Pairs;
  /** The time in nanoseconds from which the events' times count, if the file's times are beyond 2^53. */
  readonly timeZero?: bigint;
}

/**
 * Reads a history of events in any format except polysi and awdit, which record transactions without events.
 *
 * @param input The text, or its bytes in UTF-8.
 * @throws {FormatError} If the history cannot be read, or would be misread. The error has the position, what was
 * expected and what was found.
 * @throws {RangeError} If the format is unknown.
 */
export function readHistory(input: Uint8Array | string, options: ReadOptions = {}): ReadHistory {
  const head = typeof input === "string"
    ? input.slice(0, HEAD_BYTES)
    : new TextDecoder().decode(input.subarray(0, HEAD_BYTES));
  const format = options.format ?? detectFormat(head);
  const { events, lines, timeZero } = format === "jsonl" ? parseJsonLines(input) : parse(textOf(input), format);
  const found = pairsOf(events);
  const pairs = found === "values" ? found : options.pairs ?? found;
  return defined({ format, events: pairs === "keys" ? eventsWithKeys(events) : events, lines, pairs, timeZero });
}

/** The history again, with its unclear pairs split into keys and values. */
export function withKeys(history: ReadHistory): ReadHistory {
  return { ...history, events: eventsWithKeys(history.events), pairs: "keys" };
}

/** The longest string of V8, in characters. */
const LONGEST_TEXT = 0x1fffffe8;

function textOf(input: Uint8Array | string): string {
  if (typeof input === "string") return input;
  if (input.length <= LONGEST_TEXT) return decodeUtf8(input);
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
 * Whether a format belongs to Jepsen or Knossos. In these, a read of nil tells nothing, and a busy process that is
 * invoked again leaves an operation of unknown outcome.
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
  /** The first client event whose time is before that of the client event before it. */
  readonly goesBack?: TimeGoesBack;
}

/**
 * Reads a history for `checkOperations`. From JSON lines it does not make objects.
 *
 * In Jepsen's own formats, a busy process that is invoked again leaves an operation of unknown outcome; in other
 * formats that is an error.
 *
 * @throws {FormatError} If it cannot be read, or is not a valid history.
 */
export function readOperations(bytes: Uint8Array, options: ReadOptions = {}): ReadOperations {
  const format = options.format ?? detectFormat(new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES)));
  if (format === "jsonl") {
    const reader = new JsonLinesOperations(new OperationsBuilder(Math.max(64, bytes.length >> 7)));
    reader.push(bytes);
    const operations = reader.finish();
    operations.nodeAt = nodesByLine(bytes);
    return defined({ format, operations, goesBack: reader.goesBack });
  }
  return { format, operations: tableOf(readHistory(bytes, { ...options, format })) };
}

/** Makes the function that returns the node that an event in JSON lines names, by the event's line. */
function nodesByLine(bytes: Uint8Array): (line: number) => string | undefined {
  // Where the lines begin, as far as they were asked for.
  const begins = [0];
  return (line) => {
    while (begins.length < line) begins.push(bytes.indexOf(10, begins.at(-1)) + 1);
    const begin = begins[line - 1]!;
    const end = bytes.indexOf(10, begin);
    const text = new TextDecoder().decode(bytes.subarray(begin, end < 0 ? undefined : end)).trim();
    const event = parseJson(withoutComma(text));
    return typeof event === "object" && event !== null ? nodeOf(event) : undefined;
  };
}

/**
 * Makes the table of a history that was read.
 *
 * @throws {FormatError} If it is not a valid history: a completion has no invocation, or a busy process is invoked.
 */
export function tableOf({ format, events, lines }: ReadHistory): Operations {
  const isLenient = isJepsens(format) || format === "jepsen-log";
  const builder = new OperationsBuilder(Math.max(16, events.length >> 1), isLenient);
  // If several events share a line, or the order differs from the file's, lines do not tell which event came first.
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
  const eventOf = (place: number): HistoryEvent | undefined => events[isAscending ? eventAt.get(place) ?? -1 : place];
  builder.operations.timeAt = (place) => eventOf(place)?.time;
  builder.operations.nodeAt = (place) => nodeOf(eventOf(place));
  const isInterval = format === "kaya-wgl" || format === "intervals" || format === "porcupine";
  const hasOwnLines = isAscending || isInterval || new Set(lines).size === lines.length;
  if (!isAscending && hasOwnLines) builder.operations.lineOf = lines;
  return builder.operations;
}

/**
 * Reads one value in JSON or EDN.
 *
 * @throws {FormatError} If the text is neither, or more than one value.
 */
export function parseValue(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    // JSON strings and numbers are also EDN. If both readers fail, EDN's says what is wrong.
    const values = parseEdn(text);
    if (values.length === 1) return values[0];
    throw new FormatError(1, 1, `expected one value, found ${values.length}`);
  }
}

/**
 * The log of a running node: text lines for people, or JSON for programs, by level.
 *
 * @module
 */

/** The levels of a line, the least important first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** The level of a line. */
export type LogLevel = typeof LOG_LEVELS[number];

/** The formats of a log. */
export const LOG_FORMATS = ["json", "lines"] as const;

/** The format of a log. */
export type LogFormat = typeof LOG_FORMATS[number];

/** The fields of a line besides its text. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes a line to the log. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** The options of a log. */
interface LogOptions {
  /** Gets each line, without its line break. */
  readonly write: (line: string) => void;
  readonly node: number;
  /** The lowest level that is written; `"info"` by default. */
  readonly least?: LogLevel;
  /** `"json"` by default. */
  readonly format?: LogFormat;
  /** Returns the time as text; in ISO 8601 by default. */
  readonly now?: () => string;
}

/** Makes the log of one node. */
export function createLog(options: LogOptions): Log {
  const { write, node, least = "info", format = "json", now = () => new Date().toISOString() } = options;
  const threshold = LOG_LEVELS.indexOf(least);
  return (level, event, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < threshold) return;
    const time = now();
    if (format === "json") return write(printable(JSON.stringify({ time, level, node, event, ...fields })));
    const words = Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [inWords(name, value)]);
    write(printable([time, level.padEnd(5), `node ${node}`, event, ...words].join(" ")));
  };
}

/** Matches a value that needs no quotes. */
const PLAIN = /^[\w.:-]+$/;

function inWords(name: string, value: unknown): string {
  const text = String(value);
  return PLAIN.test(text) ? `${name}=${text}` : `${name}=${JSON.stringify(text)}`;
}

/** Characters that a terminal or a reader would interpret; JSON escapes the other control characters. */
const CONTROLS = /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Escapes control characters: outsiders can put text into lines, and a terminal must not obey it. */
function printable(text: string): string {
  return text.replace(CONTROLS, (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"));
}

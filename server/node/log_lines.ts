/**
 * What a node tells of itself while it runs: lines for people or JSON for programs, by level.
 *
 * @module
 */

/** How much a line matters, the least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** How much a line matters. */
export type LogLevel = typeof LOG_LEVELS[number];

/** How lines are written. */
export const LOG_FORMATS = ["json", "lines"] as const;

/** How lines are written. */
export type LogFormat = typeof LOG_FORMATS[number];

/** What a line carries beside its text. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Takes a line. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** What a log is made with. */
interface LogOptions {
  /** Takes a line, without its end. */
  readonly write: (line: string) => void;
  readonly node: number;
  /** Lines that matter less are left out; `"info"` by default. */
  readonly least?: LogLevel;
  /** `"json"` by default. */
  readonly format?: LogFormat;
  /** The time as a text; in ISO 8601 by default. */
  readonly now?: () => string;
}

/** A log of one node. */
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

/** A value that needs no quotes. */
const PLAIN = /^[\w.:-]+$/;

function inWords(name: string, value: unknown): string {
  const text = String(value);
  return PLAIN.test(text) ? `${name}=${text}` : `${name}=${JSON.stringify(text)}`;
}

/** What a terminal or a reader would obey; JSON escapes the other control characters. */
const CONTROLS = /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Strangers put texts into lines: nothing that a terminal would obey gets through. */
function printable(text: string): string {
  return text.replace(CONTROLS, (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"));
}

/**
 * Jepsen's log of a compare-and-set register: `INFO  jepsen.util - PROCESS :TYPE :F VALUE`, separated by tabs or spaces.
 *
 * In these logs a compare-and-set that failed saw another value: its event gets `error: "mismatch"`.
 *
 * @module
 */
import type { EventType, HistoryEvent } from "../history.ts";
import { FormatError } from "./format_error.ts";
import { type EventsWithLines, linesOf } from "./jsonl.ts";

const LINE = /^INFO\s+jepsen\.util\s+-\s+(\S+)\s+:(\S+)\s+:(\S+)(?:\s+(.*?))?\s*$/;

/**
 * Reads a log.
 *
 * @throws {FormatError} At the first line that does not fit.
 */
export function parseJepsenLog(text: string): EventsWithLines {
  const events: HistoryEvent[] = [];
  const lines: number[] = [];
  for (const { text: line, number } of linesOf(text)) {
    const match = LINE.exec(line);
    if (match === null) {
      throw new FormatError(number, 1, "expected INFO  jepsen.util - PROCESS :TYPE :F VALUE");
    }
    const [, process = "", type = "", f = "", value = "nil"] = match;
    if (process === ":nemesis" || process === "nemesis") continue;
    if (!/^\d+$/.test(process)) throw new FormatError(number, line.indexOf(process) + 1, "expected a process number");
    if (type !== "invoke" && type !== "ok" && type !== "fail" && type !== "info") {
      throw new FormatError(number, line.indexOf(`:${type}`) + 1, "expected :invoke, :ok, :fail or :info");
    }
    events.push(eventOf(events.length, Number(process), type, f, value, number, line));
    lines.push(number);
  }
  return { events, lines };
}

function eventOf(
  index: number,
  process: number,
  type: EventType,
  f: string,
  text: string,
  line: number,
  whole: string,
): HistoryEvent {
  const event = { index, time: index, process, type, f };
  if (type === "fail" && f === "cas") return { ...event, error: "mismatch" };
  if (text.startsWith(":")) return { ...event, error: text.slice(1) };
  const value = valueOf(text);
  if (value === undefined) {
    throw new FormatError(line, whole.lastIndexOf(text) + 1, "expected nil, a number, [FROM TO] or a keyword");
  }
  return { ...event, value };
}

function valueOf(text: string): unknown {
  if (text === "nil") return null;
  if (/^-?\d+$/.test(text)) return Number(text);
  const pair = /^\[\s*(\S+)[\s,]+(\S+?)\s*\]$/.exec(text);
  if (pair !== null) {
    const from = valueOf(pair[1]!);
    const to = valueOf(pair[2]!);
    return from === undefined || to === undefined ? undefined : [from, to];
  }
  return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : undefined;
}

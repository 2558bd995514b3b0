/**
 * kaya-wgl's JSON lines: an operation a line, with the half-open interval of ticks in which it ran.
 *
 *     {"client":0,"start":1,"end":2,"op":"put","key":"k","value":"v","result":"ok"}
 *     {"client":1,"start":2,"end":5,"op":"get","key":"k","result":"v"}
 *     {"client":2,"start":2,"end":9,"op":"scan","prefix":"a","result":[["a1","v"]]}
 *
 * A result `{"error": "..."}` is an unknown outcome. Text is UTF-8, or hexadecimal after `0x`. Without `start` and `end` the operations follow each other.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { found } from "./event.ts";
import { FormatError } from "./format_error.ts";
import { parseJson } from "./json_text.ts";
import { type EventsWithLines, linesOf } from "./jsonl.ts";

interface Line {
  readonly number: number;
  readonly client: number;
  readonly start: number;
  readonly end: number;
  readonly operation: { readonly f: string; readonly key?: unknown; readonly value?: unknown };
  readonly isUnknown: boolean;
  readonly result: unknown;
}

/**
 * Reads the lines as events in the order of real time: at equal ticks what returns precedes what begins, for an interval does not contain its end.
 *
 * @throws {FormatError} At the first line that does not fit.
 */
export function parseKayaWgl(text: string): EventsWithLines {
  const lines: Line[] = [];
  for (const line of linesOf(text)) lines.push(lineOf(parseJson(line.text, line.number), lines.length, line.number));
  const marks = lines.flatMap((line, i) => [
    { time: line.start, order: 1, i, isEnd: false },
    // An interval of no length begins before it ends.
    ...(line.isUnknown ? [] : [{ time: line.end, order: line.end > line.start ? 0 : 2, i, isEnd: true }]),
  ]);
  marks.sort((x, y) => x.time - y.time || x.order - y.order || x.i - y.i);
  const events: HistoryEvent[] = [];
  const numbers: number[] = [];
  const busy = new Map<number, number>();
  let fresh = lines.reduce((most, line) => Math.max(most, line.client), -1) + 1;
  const processes: number[] = [];
  for (const { time, i, isEnd } of marks) {
    const { client, operation, result, number } = lines[i]!;
    if (!isEnd) {
      // A client that overlaps itself, or goes on after an unknown outcome, is several processes.
      processes[i] = busy.has(client) ? fresh++ : client;
      busy.set(processes[i]!, i);
    } else busy.delete(processes[i]!);
    const base = { index: events.length, time, process: processes[i]!, ...operation };
    const { value: _argument, ...completed } = base;
    if (!isEnd) events.push({ ...base, type: "invoke" });
    else if (operation.f === "get" || operation.f === "scan") events.push({ ...completed, type: "ok", value: result });
    else events.push({ ...base, type: "ok" });
    numbers.push(number);
  }
  return { events, lines: numbers };
}

function lineOf(value: unknown, i: number, number: number): Line {
  const fail = (expected: string, what: unknown): FormatError =>
    new FormatError(number, 1, `expected ${expected}, found ${found(what)}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fail("an operation as an object", value);
  }
  const { client = 0, start, end, op, key, prefix, value: written, result } = value as Record<string, unknown>;
  if (typeof client !== "number" || !Number.isSafeInteger(client)) throw fail('"client" to be a whole number', client);
  const isUnknown = typeof result === "object" && result !== null && !Array.isArray(result) && "error" in result;
  const ticks = start === undefined && end === undefined ? [2 * i, 2 * i + 1] : [start, isUnknown ? end ?? start : end];
  const [from, to] = ticks;
  if (typeof from !== "number") throw fail('"start" to be a number', start);
  if (typeof to !== "number" || to < from) throw fail('"end" to be a number not before "start"', end);
  const base = { number, client, start: from, end: to, isUnknown };
  switch (op) {
    case "put":
      if (written === undefined) throw fail('a put to have a "value"', written);
      return { ...base, operation: { f: "put", key: textOf(key), value: textOf(written) }, result: null };
    case "get":
      if (result === undefined) throw fail('a get to have a "result"', result);
      return { ...base, operation: { f: "get", key: textOf(key) }, result: isUnknown ? null : textOf(result) };
    case "delete":
      return { ...base, operation: { f: "delete", key: textOf(key) }, result: null };
    case "scan": {
      if (!isUnknown && !Array.isArray(result)) throw fail('a scan to have an array as its "result"', result);
      const pairs = isUnknown ? null : (result as unknown[]).map((pair) => {
        if (!Array.isArray(pair) || pair.length !== 2) throw fail("pairs of key and value", pair);
        return [textOf(pair[0]), textOf(pair[1])];
      });
      return { ...base, operation: { f: "scan", value: textOf(prefix ?? "") }, result: pairs };
    }
    default:
      throw fail('"op" to be put, get, delete or scan', op);
  }
}

/** Hexadecimal after `0x` becomes the text of its bytes, if they are UTF-8; otherwise it stays what it is, in lower case. */
function textOf(value: unknown): unknown {
  if (typeof value !== "string" || !/^0x(?:[0-9a-f]{2})*$/i.test(value)) return value;
  const bytes = Uint8Array.from(value.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return value.toLowerCase();
  }
}

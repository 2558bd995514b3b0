/**
 * kaya-wgl's JSON lines: an operation a line, with the half-open interval of ticks in which it ran.
 *
 *     {"client":0,"start":1,"end":2,"op":"put","key":"k","value":"v","result":"ok"}
 *     {"client":1,"start":2,"end":5,"op":"get","key":"k","result":"v"}
 *     {"client":2,"start":2,"end":9,"op":"scan","prefix":"a","result":[["a1","v"]]}
 *
 * A result `{"error": "..."}` means an unknown outcome. Text is UTF-8, or hexadecimal after `0x`. Without `start` and
 * `end`, the operations follow one another.
 *
 * @module
 */
import { isRecord } from "../record.ts";
import { found } from "../event_form.ts";
import type { EventsWithLines } from "./events.ts";
import { FormatError } from "./format_error.ts";
import { eventsOfIntervals, type Interval } from "./intervals.ts";
import { parseJson } from "./json_text.ts";
import { linesOf } from "./jsonl.ts";

/**
 * Reads the lines as events in the order of real time. At equal ticks, returns come before invocations, because an
 * interval does not contain its end.
 *
 * @throws {FormatError} At the first line that does not fit.
 */
export function parseKayaWgl(text: string): EventsWithLines {
  const intervals: Interval[] = [];
  for (const line of linesOf(text)) {
    intervals.push(intervalOf(parseJson(line.text, line.number), intervals.length, line.number));
  }
  return eventsOfIntervals(intervals, "apart");
}

function intervalOf(value: unknown, i: number, line: number): Interval {
  const fail = (expected: string, what: unknown): FormatError =>
    new FormatError(line, 1, `expected ${expected}, found ${found(what)}`);
  if (!isRecord(value)) {
    throw fail("an operation as an object", value);
  }
  const { client = 0, start, end, op, key, prefix, value: written, result } = value as Record<string, unknown>;
  if (typeof client !== "number" || !Number.isSafeInteger(client)) throw fail('"client" to be a whole number', client);
  const isUnknown = isRecord(result) && "error" in result;
  const ticks = start === undefined && end === undefined ? [2 * i, 2 * i + 1] : [start, isUnknown ? end ?? start : end];
  const [from, to] = ticks;
  if (typeof from !== "number") throw fail('"start" to be a number', start);
  if (typeof to !== "number" || to < from) throw fail('"end" to be a number not before "start"', end);
  const outcome: Interval["outcome"] = isUnknown ? "info" : "ok";
  const base = { line, client, start: from, end: to, outcome };
  switch (op) {
    case "put":
      if (written === undefined) throw fail('a put to have a "value"', written);
      return { ...base, operation: { f: "put", key: textOf(key), value: textOf(written) } };
    case "get":
      if (result === undefined) {
        throw fail(
          `a get to have a "result"${written === undefined ? "" : ' (did you mean result by "value"?)'}`,
          result,
        );
      }
      return { ...base, operation: { f: "get", key: textOf(key) }, result: isUnknown ? null : textOf(result) };
    case "delete":
      return { ...base, operation: { f: "delete", key: textOf(key) } };
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

/**
 * A text of hexadecimal digits after `0x` becomes the text of its bytes, if they are UTF-8; otherwise it only becomes
 * lower case.
 */
function textOf(value: unknown): unknown {
  if (typeof value !== "string" || !/^0x(?:[0-9a-f]{2})*$/i.test(value)) return value;
  const bytes = Uint8Array.from(value.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return value.toLowerCase();
  }
}

/**
 * Reads operations that each have a start and an end, into events.
 *
 * Many tools record an operation as one object. {@link parseIntervals} reads objects with the usual field names, such
 * as
 *
 *     {"process": 0, "op": "put", "key": "x", "value": 1, "start": 1, "end": 2}
 *     {"process": 1, "op": "get", "key": "x", "value": 1, "start": 3, "end": 4}
 *
 * @module
 */
import { defined, isRecord } from "../record.ts";
import type { HistoryEvent } from "../history.ts";
import { found } from "../event_form.ts";
import type { EventsWithLines } from "./events.ts";
import { typeMeant } from "./fields.ts";
import { FormatError } from "./format_error.ts";
import { JsonText } from "./json_text.ts";
import { ProcessNames } from "./process_names.ts";
import { isMisspelt } from "./spelling.ts";
import { TimeReader } from "./time.ts";

/** An operation, and the interval in which it ran. */
export interface Interval {
  /** The line of the operation. */
  readonly line: number;
  readonly client: number;
  readonly start: number | bigint;
  /** Undefined if it never ended. */
  readonly end: number | bigint | undefined;
  readonly operation: { readonly f: string; readonly key?: unknown; readonly value?: unknown };
  readonly outcome: "ok" | "fail" | "info";
  /** The result of an `ok`. */
  readonly result?: unknown;
  /** Why it failed. */
  readonly error?: unknown;
}

/**
 * What holds if one operation ends at the time at which another begins: `together` if they overlap, `apart` if the
 * first came before.
 */
type AtOneTime = "together" | "apart";

/**
 * Makes events of intervals, in the order of their times. A client whose operations overlap, or that continues after an
 * unknown outcome, becomes several processes.
 */
export function eventsOfIntervals(intervals: readonly Interval[], atOneTime: AtOneTime): EventsWithLines {
  const endsFirst = atOneTime === "apart" ? 0 : 2;
  const marks = intervals.flatMap((interval, i) => [
    { time: interval.start, order: 1, i, isEnd: false },
    // An empty interval begins before it ends.
    ...(interval.outcome === "info" || interval.end === undefined
      ? []
      : [{ time: interval.end, order: interval.end > interval.start ? endsFirst : 2, i, isEnd: true }]),
  ]);
  marks.sort((x, y) => x.time < y.time ? -1 : x.time > y.time ? 1 : x.order - y.order || x.i - y.i);
  const events: HistoryEvent[] = [];
  const lines: number[] = [];
  const busy = new Set<number>();
  let fresh = intervals.reduce((most, { client }) => Math.max(most, client), -1) + 1;
  const processes: number[] = [];
  const first = marks[0]?.time;
  const timeZero = typeof first === "bigint" ? first : undefined;
  for (const { i, isEnd, time: exact } of marks) {
    const { client, operation, result, error, outcome, line } = intervals[i]!;
    if (!isEnd) {
      processes[i] = busy.has(client) ? fresh++ : client;
      busy.add(processes[i]!);
    } else busy.delete(processes[i]!);
    const time = typeof exact === "bigint" ? Number(exact - (timeZero ?? 0n)) : exact;
    const base = { index: events.length, time, process: processes[i]!, ...operation };
    if (!isEnd) events.push({ ...base, type: "invoke" });
    else if (outcome === "fail") events.push({ ...base, type: "fail", ...defined({ error }) });
    else events.push({ ...base, type: "ok", ...defined({ value: result }) });
    lines.push(line);
  }
  return { events, lines, timeZero };
}

/** The names that each field of an operation may have, in lower case without underscores. */
const FIELDS = {
  client: ["process", "client", "clientid", "processid", "thread", "threadid", "worker", "proc", "session", "pid"],
  start: [
    "start",
    "call",
    "begin",
    "invoke",
    "invoked",
    "starttime",
    "calltime",
    "begintime",
    "startts",
    "from",
    "startns",
    "startms",
  ],
  end: [
    "end",
    "return",
    "finish",
    "complete",
    "completed",
    "returned",
    "endtime",
    "returntime",
    "finishtime",
    "stop",
    "endts",
    "to",
    "endns",
    "endms",
  ],
  f: ["f", "op", "operation", "function", "func", "method", "action", "command", "cmd", "name", "optype"],
  key: ["key", "k", "register"],
  argument: ["value", "arg", "argument", "input", "args", "val", "v"],
  result: ["result", "output", "ret", "response", "returnvalue"],
  outcome: ["type", "status", "outcome"],
  success: ["ok", "success"],
  error: ["error", "err"],
} as const;

type Field = keyof typeof FIELDS;

/** Whether an object is an operation with its interval, rather than an event. */
export function isInterval(fields: Readonly<Record<string, unknown>>): boolean {
  const names = nameOfFields(fields);
  if (!names.has("start") || !names.has("f")) return false;
  // The first operation may be one that never ended.
  return names.has("end") || (!("type" in fields) && names.has("client"));
}

/** Maps each kind of field to its name in an object. */
function nameOfFields(fields: Readonly<Record<string, unknown>>): Map<Field, string> {
  const names = new Map<Field, string>();
  const bare = new Map(Object.keys(fields).map((name) => [name.toLowerCase().replaceAll(/[-_]/g, ""), name]));
  for (const [field, spellings] of Object.entries(FIELDS)) {
    const spelling = spellings.find((each) => bare.has(each));
    if (spelling !== undefined) names.set(field as Field, bare.get(spelling)!);
  }
  return names;
}

/**
 * Reads operations with their intervals: an array of objects, or objects one after another.
 *
 * Operations overlap if one begins at the time at which the other ends. One with an error, or without an end, has an
 * unknown outcome.
 *
 * @throws {FormatError} At the first object that does not fit.
 */
export function parseIntervals(text: string): EventsWithLines {
  return eventsOfIntervalObjects(objectsOf(text));
}

/** An object of a file, and its line. */
interface ObjectOnLine {
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
}

/**
 * The events of operations that are objects with their intervals.
 *
 * @throws {FormatError} At the first that does not fit.
 */
export function eventsOfIntervalObjects(objects: Iterable<ObjectOnLine>): EventsWithLines {
  const clients = new ProcessNames();
  const times = new TimeReader();
  const intervals: Interval[] = [];
  for (const { value, line } of objects) intervals.push(intervalOf(value, line, clients, times));
  return eventsOfIntervals(intervals, "together");
}

/** The objects of a text: the elements of an array, or objects one after another. */
export function* objectsOf(text: string): Generator<ObjectOnLine> {
  const reader = new JsonText(text);
  const inArray = reader.take("[");
  while (inArray ? !reader.take("]") : reader.hasMore()) {
    reader.hasMore();
    const { line } = reader;
    const value = reader.value(1);
    if (!isRecord(value)) {
      throw new FormatError(line, 1, `expected an operation as an object, found ${found(value)}`);
    }
    yield { value: value as Record<string, unknown>, line };
    if (!reader.take(",") && inArray && !reader.isNext("]")) throw reader.fail('"," or "]"');
  }
  if (reader.hasMore()) throw reader.fail("nothing after the array");
}

function intervalOf(
  fields: Readonly<Record<string, unknown>>,
  line: number,
  clients: ProcessNames,
  times: TimeReader,
): Interval {
  const names = nameOfFields(fields);
  const get = (field: Field): unknown => names.has(field) ? fields[names.get(field)!] : undefined;
  const fail = (expected: string, what: unknown): FormatError =>
    new FormatError(line, 1, `expected ${expected}, found ${found(what)}`);
  const start = times.read(get("start"), line);
  if (start === undefined) throw fail("an operation to have the time of its start", get("start"));
  if (!names.has("end")) assertNoEnd(fields, line);
  const end = endOf(get("end"), start, line, times);
  const f = get("f");
  if (typeof f !== "string") throw fail('an operation to have its name as "f" or "op"', f);
  const client = get("client");
  if (typeof client !== "number" && typeof client !== "string") throw fail('an operation to have a "process"', client);
  const key = get("key");
  const outcome = outcomeOf(f, get, end, line);
  const isRead = READS.has(f.toLowerCase());
  const result = names.has("result") ? get("result") : isRead ? get("argument") : undefined;
  const argument = isRead && !names.has("result") ? undefined : get("argument");
  if (isRead && outcome === "ok" && result === undefined) throw fail(`a ${f} to have a "value" or "result"`, undefined);
  if (WRITES.has(f.toLowerCase()) && argument === undefined) throw fail(`a ${f} to have a "value"`, undefined);
  const isMismatch = f === "cas" && outcome === "ok" && get("result") === false;
  return {
    line,
    client: typeof client === "number" ? client : clients.numberOf(client),
    start,
    end,
    operation: defined({ f, key, value: argument }),
    outcome: isMismatch ? "fail" : outcome,
    ...(isMismatch ? { error: "mismatch" } : {}),
    ...(result === undefined || WRITES.has(f.toLowerCase()) ? {} : { result }),
  };
}

/** Operations that return what they read. */
export const READS: ReadonlySet<string> = new Set("get read r dequeue pop".split(" "));
const WRITES: ReadonlySet<string> = new Set("put write w set cas append add enqueue push remove".split(" "));

/**
 * Refuses an operation whose end may have another name, or that has a duration: it would be taken for an operation that
 * never ended.
 */
function assertNoEnd(fields: Readonly<Record<string, unknown>>, line: number): void {
  const meant = Object.keys(fields).find((name) =>
    (/^(?:duration|latency|elapsed|took)/i.test(name) && typeof fields[name] === "number") ||
    FIELDS.end.some((end) => end.length > 2 && isMisspelt(name, end))
  );
  if (meant === undefined) return;
  const what = `the operation has no end, but it has ${JSON.stringify(meant)}`;
  throw new FormatError(line, 1, `${what}; did you mean end?`);
}

function endOf(
  end: unknown,
  start: number | bigint,
  line: number,
  times: TimeReader,
): number | bigint | undefined {
  if (end === undefined || end === null || end === -1) return undefined;
  const time = times.read(end, line);
  if (time === undefined) {
    throw new FormatError(line, 1, `expected the end of an operation to be a time, found ${found(end)}`);
  }
  if (time < start) throw new FormatError(line, 1, `the operation ends at ${time}, before its start at ${start}`);
  return time;
}

function outcomeOf(
  f: string,
  get: (field: Field) => unknown,
  end: number | bigint | undefined,
  line: number,
): Interval["outcome"] {
  if (end === undefined) return "info";
  const word = get("outcome");
  if (typeof word === "string") {
    const type = typeMeant(word);
    if (type === "ok" || type === "fail" || type === "info") return type;
    throw new FormatError(line, 1, `expected the outcome of an operation to be ok, fail or info, found ${found(word)}`);
  }
  const error = get("error");
  if (error !== undefined && error !== null && error !== "" && error !== false) return "info";
  // A write that did not succeed may still have happened.
  if (get("success") === false) return f === "cas" ? "fail" : "info";
  return "ok";
}

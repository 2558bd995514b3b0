/**
 * Reads operations in JSON, in the form that Porcupine's users write: an array, or objects one after another.
 *
 *     {"ClientId":0,"Input":{"Type":"put","Key":"x","Value":"1"},"Call":0,"Output":{"Value":""},"Return":10}
 *
 * An operation of etcd's robustness tests is also such an object. Its input and output are kept as they are, for the
 * model `etcd`.
 *
 * @module
 */
import { defined, isRecord } from "../record.ts";
import { found } from "../event_form.ts";
import type { EventsWithLines } from "./events.ts";
import { FormatError } from "./format_error.ts";
import { eventsOfIntervals, type Interval, objectsOf, READS } from "./intervals.ts";
import { ProcessNames } from "./process_names.ts";
import { meant, type Synonyms } from "./spelling.ts";
import { nanosecondsOf } from "./time.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The names that users of Porcupine give to operations. */
const OPERATIONS: Synonyms = {
  get: ["getop", "kvget"],
  read: ["load", "readop"],
  put: ["putop", "kvput"],
  write: ["store", "writeop"],
  append: ["appendop"],
  delete: ["del", "remove"],
  cas: ["compareandset", "compareandswap", "testandset"],
  enqueue: [],
  dequeue: [],
  lock: [],
  unlock: [],
  acquire: [],
  release: [],
};

/**
 * Reads the operations. As in Porcupine, they overlap if one begins at the time at which the other ends. Go's empty
 * string means no value, and an output with an error means an unknown outcome.
 *
 * @throws {FormatError} At the first operation that does not fit.
 */
export function parsePorcupine(text: string): EventsWithLines {
  const intervals: Interval[] = [];
  const clients = new ProcessNames();
  for (const { value, line } of objectsOf(text)) intervals.push(intervalOf(value, line, clients));
  return eventsOfIntervals(intervals, "together");
}

function intervalOf(fields: Fields, line: number, clients: ProcessNames): Interval {
  const fail = (expected: string, what: unknown): FormatError =>
    new FormatError(line, 1, `expected ${expected}, found ${found(what)}`);
  const named = anyOf(fields, "clientid") ?? 0;
  const client = typeof named === "string" ? clients.numberOf(named) : named;
  if (typeof client !== "number") throw fail('"ClientId" to be a number or a name', client);
  const start = nanosecondsOf(anyOf(fields, "call"));
  if (start === undefined) throw fail('"Call" to be a time', anyOf(fields, "call"));
  const returned = anyOf(fields, "return");
  const neverReturned = returned === undefined || returned === null || returned === -1;
  const end = neverReturned ? undefined : nanosecondsOf(returned);
  if (end !== undefined && end < start) throw fail('"Return" not to be before "Call"', returned);
  const input = anyOf(fields, "input");
  const output = anyOf(fields, "output");
  const base = { line, client, start, end };
  if (isEtcd(input)) return { ...base, ...etcdOperation(input, output, end === undefined) };
  const operation = operationOf(input, fail);
  const outcome: Interval["outcome"] = end === undefined || hasError(output) ? "info" : "ok";
  if (operation.f === "cas") {
    const swapped = outcome === "ok" ? successOf(output) : true;
    if (swapped === undefined) throw fail("the output of a cas to say whether it took place", output);
    if (!swapped) return { ...base, operation, outcome: "fail", error: "mismatch" };
  }
  const isRead = READS.has(operation.f);
  return { ...base, operation, outcome, ...(isRead && outcome === "ok" ? { result: resultOf(output) } : {}) };
}

/** The value of the first field with one of these names, ignoring case and underscores. */
function anyOf(fields: unknown, ...names: readonly string[]): unknown {
  if (typeof fields !== "object" || fields === null) return undefined;
  for (const name of names) {
    for (const [field, value] of Object.entries(fields)) {
      if (field.toLowerCase().replaceAll("_", "") === name) return value;
    }
  }
  return undefined;
}

function operationOf(input: unknown, fail: (expected: string, what: unknown) => FormatError): Interval["operation"] {
  const type = anyOf(input, "type", "op", "operation", "method", "action", "cmd", "command", "name", "f", "kind");
  if (typeof type !== "string") {
    const why = typeof type === "number" ? " (only its program knows what a number stands for)" : "";
    throw fail(`"Input" to have the operation's name as "Type" or "Op"${why}`, type ?? input);
  }
  const f = meant(type, OPERATIONS) ?? type.toLowerCase();
  const key = anyOf(input, "key", "k");
  const value = f === "cas"
    ? [
      valueOf(anyOf(input, "from", "old", "oldvalue", "expected", "expect", "compare")),
      valueOf(anyOf(input, "to", "new", "newvalue", "desired", "value", "swap")),
    ]
    : READS.has(f) || f === "delete"
    ? undefined
    : valueOf(anyOf(input, "value", "val", "v", "arg", "data"));
  if (f === "cas" && (value as unknown[]).includes(undefined)) throw fail('a cas to have "From" and "To"', input);
  const needsValue = f === "put" || f === "write" || f === "append" || f === "enqueue";
  if (needsValue && value === undefined) throw fail(`the input of a ${f} to have a "Value"`, input);
  return defined({ f, key, value });
}

/** A value; Go's empty string means that there is none. */
function valueOf(value: unknown): unknown {
  return value === "" ? null : value;
}

function hasError(output: unknown): boolean {
  const error = anyOf(output, "error", "err");
  if (error !== undefined && error !== null && error !== "" && error !== false) return true;
  return anyOf(output, "unknown") === true || anyOf(output, "timeout") === true;
}

function successOf(output: unknown): boolean | undefined {
  const success = typeof output === "boolean" ? output : anyOf(output, "ok", "success", "swapped", "result", "value");
  return typeof success === "boolean" ? success : undefined;
}

function resultOf(output: unknown): unknown {
  if (!isRecord(output)) return valueOf(output);
  if (anyOf(output, "found", "exists") === false) return null;
  return valueOf(anyOf(output, "value", "val", "v", "result")) ?? null;
}

/** Whether an input is a request of etcd's robustness tests. */
function isEtcd(input: unknown): input is Fields {
  return typeof input === "object" && input !== null && "Type" in input && ("Txn" in input || "Range" in input);
}

/** A request of etcd, unchanged; the model `etcd` checks its output. */
function etcdOperation(
  input: Fields,
  output: unknown,
  neverEnded: boolean,
): Pick<Interval, "operation" | "outcome" | "result"> {
  const operation = { f: String(input["Type"]), value: input };
  if (neverEnded || hasError(output)) return { operation, outcome: "info" };
  return { operation, outcome: "ok", result: output };
}

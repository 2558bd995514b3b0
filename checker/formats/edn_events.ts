/**
 * Reads a history in EDN, as Jepsen and Knossos write it, into events.
 *
 * @module
 */
import { isRecord } from "../record.ts";
import type { HistoryEvent } from "../history.ts";
import { after, ednEntries, type EdnEntry, plainWord } from "./edn.ts";
import { found } from "../event_form.ts";
import { assertType } from "./event.ts";
import { EventList, type EventsWithLines, isHistoryName } from "./events.ts";
import { FormatError } from "./format_error.ts";
import { eventsOfIntervalObjects, isInterval } from "./intervals.ts";
import { Tuple } from "./tuple.ts";

/** Operations whose values are opaque: a read returns exactly what was written. */
const OPAQUE: ReadonlySet<unknown> = new Set("read write cas get put r w".split(" "));

/**
 * Reads a vector of maps, maps one after another, or Knossos' vectors `[process type f value]`. Fields may be missing.
 * A completion without a process ends the only open invocation.
 *
 * @throws {FormatError} If the text is not such a history.
 */
export function parseEdnEvents(text: string): EventsWithLines {
  const next = historyEntries(text);
  const first = next();
  if (first === undefined) return { events: [], lines: [] };
  if (isIntervalEntry(first.value)) return eventsOfIntervalObjects(intervalObjects(after([first], next)));
  const list = new EventList();
  const unnamed = new UnnamedProcesses(list.events);
  for (let entry: EdnEntry | undefined = first; entry !== undefined; entry = next()) {
    const { value, line } = entry;
    const fields = Array.isArray(value) ? fieldsOfVector(value, line) : value;
    if (typeof fields !== "object" || fields === null) {
      throw new FormatError(line, 1, `expected a map of an event, found ${found(value)}`);
    }
    const record = shared(fields as Record<string, unknown>);
    plainFields(record);
    assertType(record["type"], line, record);
    unnamed.complete(record, line);
    list.add(record, line);
  }
  return list;
}

/** Whether an entry is an operation with its beginning and end. */
function isIntervalEntry(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const fields = value as Record<string, unknown>;
  const isEvent = ["invoke", "ok", "fail", "info"].includes(String(plainWord(fields["type"])));
  return isInterval(fields) && (!isEvent || "start" in fields || "call" in fields);
}

/** Operations as maps, the words of their fields as plain texts. */
function* intervalObjects(
  next: () => EdnEntry | undefined,
): Generator<{ readonly value: Record<string, unknown>; readonly line: number }> {
  for (let entry = next(); entry !== undefined; entry = next()) {
    const { value, line } = entry;
    if (!isRecord(value)) {
      throw new FormatError(line, 1, `expected a map of an operation, found ${found(value)}`);
    }
    const known = Object.entries(value).filter(([, inner]) => inner !== undefined);
    yield { value: plainFields(Object.fromEntries(known.map(([name, inner]) => [name, wordOf(name, inner)]))), line };
  }
}

/** The words that say what an operation was, and how it ended, without their colons. */
function wordOf(field: string, value: unknown): unknown {
  return ["key", "value", "result", "arg", "argument"].includes(field) ? value : plainWord(value);
}

/**
 * The entries of the text. If the text is one map with a list of events, such as `{:history [...]}`, the list's
 * entries.
 */
function historyEntries(text: string): () => EdnEntry | undefined {
  const next = ednEntries(text);
  const first = next(), second = next();
  if (first === undefined) return next;
  if (second !== undefined) return after([first, second], next);
  const inside = historyInside(first.value)?.map((value) => ({ value: plainKeys(value), line: first.line }));
  return after(inside ?? [first], next);
}

/** The list of events in a map that has it as one of its values. */
function historyInside(value: unknown): readonly unknown[] | undefined {
  if (!isRecord(value)) return undefined;
  if ((value as Record<string, unknown>)["type"] !== undefined) return undefined;
  const entry = Object.entries(value).find(([name, inner]) =>
    Array.isArray(inner) && (inner.length > 0 || isHistoryName(name)) && inner.every(isEvent)
  );
  return entry?.[1] as unknown[] | undefined;
}

function isEvent(value: unknown): boolean {
  return typeof value === "object" && value !== null && (":type" in value || "type" in value);
}

function plainKeys(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [plainWord(name), inner]));
}

/** The fields of Knossos' vector of an event. */
function fieldsOfVector(vector: readonly unknown[], line: number): Record<string, unknown> {
  const [process, type, f, value, ...rest] = vector;
  assertType(plainWord(type), line);
  if (vector.length < 3 || rest.length > 1) {
    throw new FormatError(line, 1, `expected [process type f value], found ${found(vector)}`);
  }
  return { process, type, f, value: value ?? null, ...(rest.length === 1 ? { error: rest[0] } : {}) };
}

/** Removes a namespace that all fields share: `:op/type` becomes `type`. */
function shared(fields: Record<string, unknown>): Record<string, unknown> {
  if (fields["type"] !== undefined) return fields;
  const names = Object.keys(fields).filter((name) => fields[name] !== undefined);
  const space = names[0]?.slice(0, names[0].indexOf("/") + 1) ?? "";
  if (space === "" || !names.every((name) => name.startsWith(space))) return fields;
  return Object.fromEntries(names.map((name) => [name.slice(space.length), fields[name]]));
}

/** Removes the colons from an event's words, and from the names in its value. Returns the same object. */
export function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  fields["type"] = plainWord(fields["type"]);
  const { f, error, value } = fields;
  if (f !== undefined) fields["f"] = plainWord(f);
  if (typeof error === "string") fields["error"] = plainWord(error);
  if (typeof value === "object" && value !== null) fields["value"] = plainValue(value, fields["f"]);
  return fields;
}

/** A value with the names of its micro-operations, or of its fields, as plain texts. */
function plainValue(value: object, f: unknown): unknown {
  if (value instanceof Tuple) return new Tuple(value.key, plainInner(value.value, f));
  if (Array.isArray(value)) {
    // A pair of a key and a value, which holds micro-operations or fields.
    if (value.length === 2 && !startsWithWord(value[0])) return [value[0], plainInner(value[1], f)];
    if (value.length === 0 || !value.every(startsWithWord)) return value;
    for (const operation of value as unknown[][]) operation[0] = plainWord(operation[0]);
    return value;
  }
  return OPAQUE.has(f) ? value : plainKeys(value);
}

function plainInner(value: unknown, f: unknown): unknown {
  return typeof value === "object" && value !== null ? plainValue(value, f) : value;
}

function startsWithWord(operation: unknown): boolean {
  return Array.isArray(operation) && typeof operation[0] === "string" && operation[0].charCodeAt(0) === 0x3a;
}

/** Finds the process of events that do not name it, and the operation of completions that do not name it. */
class UnnamedProcesses {
  /** The `f` that each process has open. */
  readonly #open = new Map<number, string>();
  readonly #events: readonly HistoryEvent[];
  /** How many events were looked at: none, as long as every event names its process. */
  #seen = 0;
  /** The first of the numbers that unnamed processes get; no history uses them. */
  #fresh = 1_000_000_000;

  /** @param events The events before; others are added to them. */
  constructor(events: readonly HistoryEvent[]) {
    this.#events = events;
  }

  /** Fills in the process and the operation's name. */
  complete(fields: Record<string, unknown>, line: number): void {
    const { type, f, process } = fields;
    if (process !== undefined && process !== null && f !== undefined && f !== null) return;
    while (this.#seen < this.#events.length) this.#see(this.#events[this.#seen++]!);
    if (process === undefined || process === null) {
      if (type === "invoke") fields["process"] = this.#fresh++;
      else {
        const candidates = [...this.#open].filter(([, open]) => f === undefined || f === null || f === open);
        if (candidates.length !== 1) {
          const what = `found ${candidates.length} open invocations that it may end`;
          throw new FormatError(line, 1, `expected a completion to have a :process, ${what}`);
        }
        fields["process"] = candidates[0]![0];
      }
    }
    if (f === undefined || f === null) {
      const open = typeof fields["process"] === "number" ? this.#open.get(fields["process"]) : undefined;
      if (open !== undefined) fields["f"] = open;
      else delete fields["f"];
    }
  }

  #see({ process, type, f }: HistoryEvent): void {
    if (typeof process !== "number") return;
    if (type === "invoke") this.#open.set(process, f);
    else this.#open.delete(process);
  }
}

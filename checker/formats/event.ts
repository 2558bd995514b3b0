/**
 * Converts an object from JSON or EDN into an event.
 *
 * @module
 */
import { isRecord } from "../record.ts";
import { found, isType, processExpected, typeExpected } from "../event_form.ts";
import type { HistoryEvent } from "../history.ts";
import { assertFields, type Fields, hint, isHarmless, typeHint } from "./fields.ts";
import { FormatError } from "./format_error.ts";
import { ProcessNames } from "./process_names.ts";
import { TimeReader } from "./time.ts";

/** Converts the objects of a file into events, one after another. */
export class EventReader {
  /** The time of the last event, as the file has it; undefined if it has none. */
  exactTime: number | bigint | undefined;
  readonly #processes = new ProcessNames();
  readonly #times = new TimeReader();
  /** Names of unknown fields that were checked and are not misspelt ones. */
  readonly #harmless = new Set<string>();
  /** The first time that is beyond 2^53: such times count from it. */
  timeZero: bigint | undefined;

  /**
   * Converts an object into an event. `index` and `time` may be missing. `f` may be missing too: then it is a
   * transaction.
   *
   * @param value The object. It becomes the event itself, if possible.
   * @param index The position of the event, if the object has none.
   * @param line The line of the object, for errors.
   * @throws {FormatError} If it is not an event, or would be misread. The message says what was probably meant.
   */
  read(value: unknown, index: number, line: number): HistoryEvent {
    if (!isRecord(value)) {
      throw new FormatError(line, 1, `expected an event as an object, found ${found(value)}`);
    }
    const fields = unwrapped(value as Record<string, unknown>);
    const { type } = fields;
    if (type === undefined && fields["process"] === undefined) {
      const meant = hint(fields, "type") || hint(fields, "process");
      throw new FormatError(
        line,
        1,
        `expected an event, with "type", "process" and "f", found ${found(fields)}${meant}`,
      );
    }
    assertType(type, line, fields);
    const process = this.#processOf(fields, type, line);
    const f = nameOf(fields, process, line);
    if (process !== "nemesis") assertFields(fields, f, line, this.#isPlain(fields));
    if (typeof fields["index"] !== "number") fields["index"] = index;
    this.#setTime(fields, line);
    fields["process"] = process;
    fields["f"] = f;
    if (fields["final?"] !== undefined && fields["final"] === undefined) fields["final"] = fields["final?"];
    return fields as unknown as HistoryEvent;
  }

  #isPlain(fields: Fields): boolean {
    for (const field in fields) {
      if (this.#harmless.has(field)) continue;
      if (!isHarmless(field)) return false;
      this.#harmless.add(field);
    }
    return true;
  }

  #processOf(fields: Fields, type: string, line: number): number | "nemesis" {
    const { process } = fields;
    if (typeof process === "number" && Number.isInteger(process)) {
      return process === -1 && type === "info" ? "nemesis" : process;
    }
    if (typeof process === "bigint") return Number(process);
    if (typeof process === "string" && process !== "") {
      // A client's operation begins with an invoke. A nemesis only reports.
      const isKnown = this.#processes.has(process);
      if (/nemesis/i.test(process) || (type === "info" && !isKnown)) return "nemesis";
      if (isKnown || type === "invoke" || /\d$/.test(process)) return this.#processes.numberOf(process);
    }
    const meant = process === undefined ? hint(fields, "process") : "";
    throw new FormatError(
      line,
      1,
      `${processExpected(process)}${meant}`,
    );
  }

  #setTime(fields: Record<string, unknown>, line: number): void {
    const exact = this.#times.read(fields["time"] ?? fields["timestamp"] ?? fields["ts"], line);
    this.exactTime = exact;
    if (exact === undefined) {
      if (fields["time"] !== undefined) delete fields["time"];
    } else if (typeof exact === "bigint") {
      this.timeZero ??= exact;
      fields["time"] = Number(exact - this.timeZero);
    } else fields["time"] = exact;
  }
}

/** The fields of an event that is inside another object: `{"op": {...}}`. */
function unwrapped(fields: Record<string, unknown>): Record<string, unknown> {
  if (fields["type"] !== undefined || fields["process"] !== undefined) return fields;
  for (const inner of Object.values(fields)) {
    if (!isRecord(inner)) continue;
    if ("type" in inner && "process" in inner) return inner as Record<string, unknown>;
  }
  return fields;
}

function nameOf(fields: Fields, process: number | "nemesis", line: number): string {
  const { f } = fields;
  if (typeof f === "string") return f;
  if (process === "nemesis") return String(f ?? "none");
  if (f === undefined || f === null) {
    const meant = hint(fields, "f");
    if (meant === "") return "txn";
    throw new FormatError(line, 1, `expected "f", the operation's name${meant}`);
  }
  throw new FormatError(line, 1, `expected "f" to be a text, found ${found(f)}`);
}

/**
 * Checks that a value is the type of an event.
 *
 * @param fields The event's other fields; one of them may have been meant.
 * @throws {FormatError} If it is not.
 */
export function assertType(type: unknown, line: number, fields: Fields = {}): asserts type is HistoryEvent["type"] {
  if (isType(type)) return;
  const meant = type === undefined ? hint(fields, "type") : typeHint(type);
  throw new FormatError(line, 1, `${typeExpected(type)}${meant}`);
}

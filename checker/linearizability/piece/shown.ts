/**
 * Operations in the form that verdicts show to people.
 *
 * @module
 */
import { defined } from "../../record.ts";
import { jsonOf } from "../../json_of.ts";
import { type Place, UnknownOperationError } from "../../misfit.ts";
import { FAILED, MISMATCH, OK, type Operations } from "../../table/operations.ts";

/** An operation in the form that verdicts show. */
export interface ShownOperation {
  /** The number of the process. */
  readonly process: number;
  /** The operation's name. */
  readonly f: string;
  /** The key, if the operation has one. */
  readonly key?: unknown;
  /** The argument. */
  readonly value?: unknown;
  /** The result of an `ok`. */
  readonly result?: unknown;
  /** The value that a failed compare saw, if the store told it. */
  readonly actual?: unknown;
  /** How the operation ended; `info` may or may not have happened. */
  readonly type: "ok" | "fail" | "info";
  /** The node that was asked, where the history tells. */
  readonly node?: string;
  /** When it was invoked, where the history tells: nanoseconds, as a rule. */
  readonly time?: number;
  /** When it returned, likewise. */
  readonly returnedTime?: number;
  /** What it did, in the model's own words, if the model has any. */
  readonly description?: string;
  /** The place of the invocation: its position in the history, from 0, or its line in the file, from 1. */
  readonly invoked: number;
  /** The place of the completion; null if there is none. */
  readonly returned: number | null;
}

/** The place of an event, for people. */
export function placeOf({ lineOf }: Operations, at: number): number {
  return lineOf?.[at] ?? at;
}

/**
 * Makes the error for an operation that its model does not know. It names the line, or the event if there are no lines.
 */
export function misfit(table: Operations, row: number, what: string): UnknownOperationError {
  const place = placeOfRow(table, row);
  const where = place.line === undefined ? `event ${place.event}` : `line ${place.line}`;
  return new UnknownOperationError(`Cannot judge ${where}: ${what}`, what, place);
}

/** Where an operation begins: its line, or its event where there are no lines. */
export function placeOfRow(table: Operations, row: number): Place {
  const place = placeOf(table, table.invoked[row]!);
  return table.countsLines || table.lineOf !== undefined ? { line: place } : { event: place };
}

/** The operation with places for people; the internal ones only tell the order of events. */
export function placed(table: Operations, operation: ShownOperation): ShownOperation {
  const { invoked, returned } = operation;
  return {
    ...operation,
    invoked: placeOf(table, invoked),
    returned: returned === null ? null : placeOf(table, returned),
  };
}

function outcomeOf(outcome: number): ShownOperation["type"] {
  return outcome === OK ? "ok" : outcome === FAILED || outcome === MISMATCH ? "fail" : "info";
}

/** A row in the form that verdicts show, except that its places are those of the table. */
export function shown(table: Operations, row: number): ShownOperation {
  const outcome = table.outcome[row]!;
  const key = table.keys.at(table.key[row]!);
  const value = table.argumentOf(row);
  const actual = table.actual.get(row);
  const invoked = table.invoked[row]!;
  const returned = table.returned[row]! < 0 ? null : table.returned[row]!;
  const node = table.nodeAt?.(invoked) ?? (returned === null ? undefined : table.nodeAt?.(returned));
  const time = table.timeAt?.(invoked);
  const returnedTime = returned === null ? undefined : table.timeAt?.(returned);
  return defined({
    process: table.process[row]!,
    node,
    f: table.names[table.name[row]!]!,
    key: key ?? undefined,
    value: value ?? undefined,
    result: outcome === OK ? table.resultOf(row) : undefined,
    actual: actual === undefined ? undefined : table.values.at(actual),
    type: outcomeOf(outcome),
    invoked,
    returned,
    time,
    returnedTime,
  });
}

/** A value as text: JSON, truncated. */
export function text(value: unknown): string {
  const json = jsonOf(value ?? null);
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

/** Whether the operation only reads. */
export function isRead({ f }: ShownOperation): boolean {
  return f === "get" || f === "read" || f === "r";
}

/** The operation in a few words: `put 3`, `cas 1 to 2`, `get -> 3`. */
export function brief(operation: ShownOperation): string {
  if (operation.description !== undefined) return operation.description;
  const { f, value, result, type } = operation;
  const asked = f === "cas" && Array.isArray(value)
    ? ` ${text(value[0])} to ${text(value[1])}`
    : value === undefined
    ? ""
    : ` ${text(value)}`;
  if (type === "fail") {
    const seen = "actual" in operation ? `, saw ${text(operation.actual)}` : "";
    return `${f}${asked} (failed${seen})`;
  }
  if (type === "info") return `${f}${asked} (unknown)`;
  return isRead(operation) || (result !== null && result !== undefined)
    ? `${f}${asked} -> ${text(result)}`
    : `${f}${asked}`;
}

/** `process 3`, or `process 3 on n2` where the history tells which node was asked. */
export function who({ process, node }: Pick<ShownOperation, "process" | "node">): string {
  return node === undefined ? `process ${process}` : `process ${process} on ${/^\d/.test(node) ? "node " : ""}${node}`;
}

/** Smaller times are no nanoseconds, but numbers that only their file understands. */
const NANOSECONDS = 1_000_000;

/** ` at 12.345 s`: when an operation returned; empty where the history does not tell. */
export function at({ returnedTime }: Pick<ShownOperation, "returnedTime">): string {
  const isTold = returnedTime !== undefined && returnedTime >= NANOSECONDS;
  return isTold ? ` at ${(returnedTime / 1e9).toFixed(3)} s` : "";
}

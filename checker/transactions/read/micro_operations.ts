/**
 * The reads and writes of transactions, one after another.
 *
 * @module
 */
import { jsonOf } from "../../json_of.ts";
import { MisfitError, type Place } from "../../misfit.ts";
import { bytes, integers } from "./memory.ts";
import { Numbering } from "./numbering.ts";

/** The micro-operations of all transactions in flat arrays: those of `t` are `start[t]` to `start[t + 1]`. */
export interface MicroOperations {
  /** The first operation of each transaction, and the end of the last. */
  readonly start: Int32Array;
  /** 1 for a write, 0 for a read. */
  readonly isWrite: Uint8Array;
  /** The number of each operation's key. */
  readonly key: Int32Array;
  /** Each key, by its number. */
  readonly keys: readonly unknown[];
  /** The value that was written, or that a read returned. */
  valueOf(operation: number): unknown;
  /** The values, where all are integers of 32 bits. */
  readonly integers?: Int32Array;
}

/** A value as errors quote it. */
export function described(value: unknown): string {
  const text = jsonOf(value);
  return text.length > 60 ? text.slice(0, 57) + "..." : text;
}

/** The name of a transaction in errors. */
export function nameOfPlace({ event }: Place, transaction: number): string {
  return event === undefined ? `transaction ${transaction}` : `event ${event}`;
}

/**
 * Reads the micro-operations of events into flat arrays.
 *
 * @param workload Decides whether writes are called `append` or `w`.
 * @throws {MisfitError} If a micro-operation does not belong to the workload.
 */
export function microOperations(
  workload: "list-append" | "rw-register",
  count: number,
  operationsOf: (transaction: number) => readonly unknown[],
  placeOf: (transaction: number) => Place,
): MicroOperations {
  const isAppend = workload === "list-append";
  const writeName = isAppend ? "append" : "w";
  const start = integers(count + 1);
  for (let t = 0; t < count; t++) start[t + 1] = start[t]! + operationsOf(t).length;
  const total = start[count]!;
  const isWrite = bytes(total);
  const key = integers(total);
  const keys = new Numbering();
  const values: unknown[] = new Array(total);
  for (let t = 0, at = 0; t < count; t++) {
    for (const operation of operationsOf(t)) {
      const list = Array.isArray(operation) ? operation as readonly unknown[] : [];
      const isRead = list[0] === "r";
      const isWhole = isRead ? list.length > 1 : list[0] === writeName && list[2] !== undefined;
      if (!isWhole) {
        const read = isAppend ? "list" : "value";
        const expected = `expected ["${writeName}", key, value] or ["r", key, ${read}]`;
        const what = `${nameOfPlace(placeOf(t), t)} as ${workload}: ${expected}, found ${described(operation)}`;
        throw new MisfitError(`Cannot judge ${what}`, placeOf(t));
      }
      isWrite[at] = isRead ? 0 : 1;
      key[at] = keys.of(list[1]);
      values[at++] = list[2];
    }
  }
  return { start, isWrite, key, keys: keys.names, valueOf: (operation) => values[operation] };
}

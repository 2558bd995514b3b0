/**
 * Reads the time of an event in any form.
 *
 * @module
 */

import { FormatError } from "./format_error.ts";

const DATE = /^(?:#inst )?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)?/;

/**
 * A time as a number, in the file's unit; a date becomes nanoseconds. A time beyond 2^53 becomes a bigint, so it is not
 * rounded.
 *
 * @returns Undefined if it is not a time.
 */
export function nanosecondsOf(time: unknown): number | bigint | undefined {
  if (typeof time === "number") return Number.isFinite(time) ? time : undefined;
  if (typeof time === "bigint") return time;
  if (typeof time !== "string") return undefined;
  if (/^-?\d+$/.test(time)) return Number.isSafeInteger(Number(time)) ? Number(time) : BigInt(time);
  if (/^-?\d+\.\d+$/.test(time)) return Number(time);
  const [matched, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = DATE.exec(time) ?? [];
  if (matched === undefined) return undefined;
  const milliseconds = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute) - minutesOf(zone),
    Number(second),
  );
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** Reads the times of a file, which are all numbers, or all dates. */
export class TimeReader {
  #first: { readonly line: number; readonly isDate: boolean } | undefined;

  /**
   * Reads a time as {@link nanosecondsOf} does.
   *
   * @throws {FormatError} It is a date, and an earlier one was a number, or the other way round.
   */
  read(time: unknown, line: number): number | bigint | undefined {
    const read = nanosecondsOf(time);
    if (read === undefined) return undefined;
    const isDate = typeof time === "string" && DATE.test(time);
    this.#first ??= { line, isDate };
    if (this.#first.isDate === isDate) return read;
    const [one, other] = isDate ? ["a date", "a number"] : ["a number", "a date"];
    throw new FormatError(line, 1, `the time is ${one}, but that on line ${this.#first.line} is ${other}`);
  }
}

function minutesOf(zone: string): number {
  if (zone === "Z") return 0;
  const digits = zone.replace(":", "");
  return (digits.startsWith("-") ? -1 : 1) * (Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5)));
}

/** A client event whose time is before that of the client event before it. */
export interface TimeGoesBack {
  /** The line of the event. */
  readonly line: number;
  /** The line of the event before it. */
  readonly since: number;
}

/** From this value on, a time is split into whole billions and the rest. */
const LONG = 1e15;

/**
 * Splits a time in two parts, which compare exactly even beyond 2^53: whole billions and the rest. A short time stays
 * whole: its first part is 0.
 */
export function highAndLow(time: number | bigint): [high: number, low: number] {
  if (time < LONG) return [0, Number(time)];
  const exact = BigInt(Math.floor(Number(time)) === Number(time) ? time : Math.floor(Number(time)));
  const high = exact / 1_000_000_000n;
  return [Number(high), Number(exact - high * 1_000_000_000n)];
}

/**
 * The record of a run: every event in the order in which it happened, as the checkers read it and as a file holds it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { HistoryEvent } from "../checker/mod.ts";
import type { Clock } from "./clock.ts";

/** What an event says beside its position and time. */
export type Recorded = Omit<HistoryEvent, "index" | "time">;

/** How many operations ended how. An operation that never ended counts as `info`. */
export interface OperationCounts {
  /** How many happened. */
  readonly ok: number;
  /** How many surely did not happen. */
  readonly fail: number;
  /** Of how many nobody knows. */
  readonly info: number;
}

/** Writes events down as they happen. */
export class Recorder {
  readonly #clock: Clock;
  readonly #start: number;
  /** All that has happened so far. */
  readonly events: HistoryEvent[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = clock.now();
  }

  /** Writes an event down, at the present time. Fields that are undefined are left out. */
  record(event: Recorded): HistoryEvent {
    const written: Record<string, unknown> = {
      index: this.events.length,
      time: this.#clock.now() - this.#start,
      process: event.process,
      type: event.type,
      f: event.f,
    };
    if (event.key !== undefined) written["key"] = event.key;
    if (event.value !== undefined) written["value"] = event.value;
    if (event.error !== undefined) written["error"] = event.error;
    if (event.actual !== undefined) written["actual"] = event.actual;
    this.events.push(written as unknown as HistoryEvent);
    return written as unknown as HistoryEvent;
  }
}

/** Counts how operations ended; the nemesis has none. */
export function countOperations(events: readonly HistoryEvent[]): OperationCounts {
  let invoked = 0, ok = 0, fail = 0;
  for (const event of events) {
    if (event.process === "nemesis") continue;
    if (event.type === "invoke") invoked++;
    else if (event.type === "ok") ok++;
    else if (event.type === "fail") fail++;
  }
  return { ok, fail, info: invoked - ok - fail };
}

/** The bytes of `history.jsonl`, as text: an event a line, fields in their order, absent ones left out. */
export function historyLines(events: readonly HistoryEvent[]): string {
  let text = "";
  for (const event of events) text += `${eventLine(event)}\n`;
  return text;
}

/** One event as a line without its end. Written by hand: `JSON.stringify` of whole events takes three times as long. */
function eventLine(event: HistoryEvent): string {
  const process = event.process === "nemesis" ? '"nemesis"' : event.process;
  let line = `{"index":${event.index},"time":${event.time},"process":${process},"type":"${event.type}","f":${
    json(event.f)
  }`;
  if (event.key !== undefined) line += `,"key":${json(event.key)}`;
  if (event.value !== undefined) line += `,"value":${json(event.value)}`;
  if (event.error !== undefined) line += `,"error":${json(event.error)}`;
  if (event.actual !== undefined) line += `,"actual":${json(event.actual)}`;
  return `${line}}`;
}

const PLAIN = /^[ !#-[\]-~]*$/;

function json(value: unknown): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "null";
  if (typeof value === "string" && value.length < 40 && PLAIN.test(value)) return `"${value}"`;
  return JSON.stringify(value);
}

/** SHA-256 of the bytes of `history.jsonl`, in hexadecimal. */
export function historySha256(lines: string): string {
  return createHash("sha256").update(lines, "utf8").digest("hex");
}

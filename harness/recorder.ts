/**
 * The record of a run: every event in the order in which it happened, as the checkers read it.
 *
 * @module
 */
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

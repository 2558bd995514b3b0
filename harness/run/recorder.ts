/**
 * Records the events of a run in the order in which they happen, in the form that the checkers read.
 *
 * @module
 */
import type { HistoryEvent } from "../../checker/mod.ts";
import type { Clock } from "../../server/mod.ts";

/** The fields of an event, without its position and time. */
type Recorded = Omit<HistoryEvent, "index" | "time">;

/** How many operations ended in each way. An operation that never ended counts as `info`. */
export interface OperationCounts {
  /** How many happened. */
  readonly ok: number;
  /** How many certainly did not happen. */
  readonly fail: number;
  /** How many have an unknown outcome. */
  readonly info: number;
}

/** Records events as they happen. */
export class Recorder {
  readonly #clock: Clock;
  readonly #start: number;
  /** All events so far. */
  readonly events: HistoryEvent[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = clock.now();
  }

  /**
   * Records an event at the current time.
   *
   * Every event has every field, with undefined for missing values. Engines read objects of a single shape several
   * times as fast as objects of six, and the judge and the file read every field (4 % of a run).
   */
  record({ process, type, f, key, value, error, actual, final, node }: Recorded): void {
    const time = this.#clock.now() - this.#start;
    this.events.push({ index: this.events.length, time, process, type, f, key, value, error, actual, final, node });
  }
}

/** Counts how operations ended; events of the nemesis do not count. */
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

/** How many different errors a result lists: the most frequent ones. */
const ERRORS_TOLD = 5;

/** The most frequent errors of operations, and how often each occurred. */
export function countErrors(events: readonly HistoryEvent[]): Record<string, number> {
  const times = new Map<string, number>();
  for (const { process, error } of events) {
    if (process === "nemesis" || error === undefined) continue;
    const text = typeof error === "string" ? error : JSON.stringify(error);
    times.set(text, (times.get(text) ?? 0) + 1);
  }
  return Object.fromEntries([...times].sort(([, a], [, b]) => b - a).slice(0, ERRORS_TOLD));
}

/**
 * The record of a run: every event in the order in which it happened, as the checkers read it.
 *
 * @module
 */
import type { HistoryEvent } from "../../checker/mod.ts";
import type { Clock } from "../../server/clock.ts";

/** What an event says beside its position and time. */
type Recorded = Omit<HistoryEvent, "index" | "time">;

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

  /**
   * Writes an event down, at the present time.
   *
   * Every event has every field, undefined where there is nothing to say: engines read objects of one shape several
   * times as fast as objects of six, and judge and file read each field (4 % of a run).
   */
  record({ process, type, f, key, value, error, actual, final, node }: Recorded): void {
    const time = this.#clock.now() - this.#start;
    this.events.push({ index: this.events.length, time, process, type, f, key, value, error, actual, final, node });
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

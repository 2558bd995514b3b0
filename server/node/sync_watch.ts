/**
 * Measures the syncs of a disk: for the metrics, and for the log if one is slow or does not end.
 *
 * @module
 */
import { type Clock, MILLISECOND, SECOND } from "../clock.ts";
import type { LiveDisk } from "./disk.ts";
import { Histogram } from "./histogram.ts";
import type { Log } from "./log_lines.ts";

/** A longer sync is logged. */
const SLOW = SECOND / 2;
/** The time between two such lines, at least. */
const TOLD_EVERY = 10 * SECOND;

/** Measures the syncs of one disk. */
export class SyncWatch {
  readonly seconds: Histogram = new Histogram();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #begun = new Map<number, number>();
  #last = 0;
  #toldAt = -TOLD_EVERY;

  /** Measures every sync of the disk from now on. */
  constructor(disk: LiveDisk, clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    const sync = disk.sync.bind(disk);
    disk.sync = (file, done): void => {
      const number = ++this.#last;
      const begin = clock.now();
      this.#begun.set(number, begin);
      sync(file, (error) => {
        this.#begun.delete(number);
        const took = clock.now() - begin;
        this.seconds.add(took / SECOND);
        if (took >= SLOW) this.#tell("slow disk", took);
        done(error);
      });
    };
  }

  /** Whether a sync has been under way for too long. */
  get isHanging(): boolean {
    return this.#oldest() >= 4 * SLOW;
  }

  /** Looks for a sync that does not end. */
  look(): void {
    const oldest = this.#oldest();
    if (oldest >= SLOW) this.#tell("the disk does not answer", oldest);
  }

  #oldest(): number {
    for (const begin of this.#begun.values()) return this.#clock.now() - begin;
    return 0;
  }

  #tell(event: string, took: number): void {
    const now = this.#clock.now();
    if (now - this.#toldAt < TOLD_EVERY) return;
    this.#toldAt = now;
    this.#log("warn", event, { milliseconds: Math.round(took / MILLISECOND) });
  }
}

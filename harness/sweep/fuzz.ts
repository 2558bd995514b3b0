/**
 * Runs many seeds, here or on workers, and sums up the results.
 *
 * @module
 */
import type { Validity } from "../../checker/mod.ts";
import type { RunOptions } from "../run/options.ts";
import type { RunResult } from "../run/result.ts";

/** The seeds of a sweep. */
interface SweepOptions {
  /** The options of every run; the seed is that of the first run. */
  readonly options: RunOptions;
  /** How many seeds all shards have together; `Infinity` for no limit. */
  readonly runs: number;
  /** This shard takes every `of`-th seed, from the `index`-th, counted from 0. */
  readonly shard: { readonly index: number; readonly of: number };
  /** Whether to go on after a violation. */
  readonly keepGoing: boolean;
  /** Called before each run; `true` ends the sweep. */
  readonly isOver: () => boolean;
}

/** The summary of a sweep: the last line of `fuzz --json`. */
export interface SweepSummary {
  /** How many runs there were. */
  readonly runs: number;
  /** How many of them found a violation. */
  readonly violations: number;
  /** How many of them are unknown. */
  readonly unknown: number;
  /** Runs in a second of real time. */
  readonly seeds_per_second: number;
  /** Counters of events inside all runs. */
  readonly coverage: Readonly<Record<string, number>>;
}

/** The seeds of a sweep, one after another, and the sum of their results. */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #coverage: Record<string, number> = {};
  #next: number;
  #runs = 0;
  #violations = 0;
  #unknown = 0;
  #isStopped = false;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#next = options.shard.index;
  }

  /** How many runs have ended. */
  get runs(): number {
    return this.#runs;
  }

  /** How many of them found a violation. */
  get violations(): number {
    return this.#violations;
  }

  /** Whether it has stopped at a violation. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** The options of the next run, or `null` if the sweep is over. */
  next(): RunOptions | null {
    const { options, runs, shard, isOver } = this.#options;
    if (this.#isStopped || this.#next >= runs || isOver()) return null;
    const seed = options.seed + this.#next;
    if (!Number.isSafeInteger(seed)) return null;
    this.#next += shard.of;
    return { ...options, seed };
  }

  /** Adds the result of a run. */
  add(result: RunResult): void {
    this.#runs++;
    if (result.valid === false) this.#violations++;
    if (result.valid === "unknown") this.#unknown++;
    for (const [name, count] of Object.entries(result.coverage)) {
      this.#coverage[name] = (this.#coverage[name] ?? 0) + count;
    }
    if (result.valid === false && !this.#options.keepGoing) this.#isStopped = true;
  }

  /** The summary after `seconds` of real time. */
  summary(seconds: number): SweepSummary {
    return {
      runs: this.#runs,
      violations: this.#violations,
      unknown: this.#unknown,
      seeds_per_second: seconds > 0 ? Math.round(100 * this.#runs / seconds) / 100 : 0,
      coverage: this.#coverage,
    };
  }
}

/** The worst verdict of a sweep; `"unknown"` if there were no runs. */
export function sweepValidity(summary: SweepSummary): Validity {
  if (summary.violations > 0) return false;
  return summary.unknown > 0 || summary.runs === 0 ? "unknown" : true;
}

/** The counters that stayed at zero in all runs. */
export function neverReached(summary: SweepSummary): string[] {
  return Object.entries(summary.coverage).filter(([, count]) => count === 0).map(([name]) => name);
}

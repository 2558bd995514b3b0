/**
 * Limits repeated warnings, for example while a peer is away or a stranger dials in. Only the first of a series is a
 * warning; the others are logged at the level debug. The number of warnings that strangers can cause is limited.
 *
 * @module
 */
import { type Clock, SECOND } from "../clock.ts";
import type { Log, LogFields } from "./log_lines.ts";

/** For how many subjects the last warning is remembered. */
const SUBJECTS_MAX = 256;
/** How many warnings about strangers may come at once. */
const STRANGERS_BURST = 20;
/** The minimum time from one such warning to the next, after those that came at once. */
const STRANGER_EVERY = 3 * SECOND;

/** Logs warnings that may repeat. */
export class Warnings {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #said = new Map<string, string>();
  #credit = STRANGERS_BURST;
  #creditAt = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Warns, unless the last warning about this subject had the same reason. */
  once(about: string, event: string, fields: LogFields & { readonly reason: string }): void {
    const isRepeated = this.#said.get(about) === fields.reason;
    if (this.#said.size >= SUBJECTS_MAX) this.#said.clear();
    this.#said.set(about, fields.reason);
    this.#log(isRepeated ? "debug" : "warn", event, fields);
  }

  /** The trouble with the subject is over: its next warning is a new one. */
  over(about: string): void {
    this.#said.delete(about);
  }

  /** Warns of something that anybody can cause. */
  ofStranger(event: string, fields: LogFields): void {
    const now = this.#clock.now();
    this.#credit = Math.min(STRANGERS_BURST, this.#credit + (now - this.#creditAt) / STRANGER_EVERY);
    this.#creditAt = now;
    if (this.#credit < 1) return this.#log("debug", event, fields);
    this.#credit--;
    this.#log("warn", event, fields);
  }
}

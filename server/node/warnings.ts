/**
 * Warnings that would repeat themselves, as while a peer is away or a stranger knocks: the first of a row is a warning,
 * and the others matter only to who looks for them. What strangers cause is bounded, whatever they send.
 *
 * @module
 */
import { type Clock, SECOND } from "../clock.ts";
import type { Log, LogFields } from "./log_lines.ts";

/** Of so many subjects it is remembered what was last said. */
const SUBJECTS_MAX = 256;
/** So many warnings about strangers in a row, */
const STRANGERS_BURST = 20;
/** and then one in this time. */
const STRANGER_EVERY = 3 * SECOND;

/** Warns of what may repeat itself. */
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

  /** Warns, unless this reason was the last one that was given about this subject. */
  once(about: string, event: string, fields: LogFields & { readonly reason: string }): void {
    const isRepeated = this.#said.get(about) === fields.reason;
    if (this.#said.size >= SUBJECTS_MAX) this.#said.clear();
    this.#said.set(about, fields.reason);
    this.#log(isRepeated ? "debug" : "warn", event, fields);
  }

  /** The subject is well again: its next warning is a new one. */
  over(about: string): void {
    this.#said.delete(about);
  }

  /** Warns of what anybody can cause. */
  ofStranger(event: string, fields: LogFields): void {
    const now = this.#clock.now();
    this.#credit = Math.min(STRANGERS_BURST, this.#credit + (now - this.#creditAt) / STRANGER_EVERY);
    this.#creditAt = now;
    if (this.#credit < 1) return this.#log("debug", event, fields);
    this.#credit--;
    this.#log("warn", event, fields);
  }
}

/**
 * Makes a node's ticks as time passes, but not all of those that were missed while the process was held up.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** Ticks at a fixed rate. */
export class Ticker {
  readonly #clock: Clock;
  readonly #length: number;
  readonly #missedMax: number;
  readonly #tick: () => void;
  readonly #ticked: () => void;
  #next = 0;
  #timer: Timer | null = null;
  #isStopped = true;

  /**
   * @param length The length of a tick in the clock's unit.
   * @param missedMax How many missed ticks are made up for at once, at most.
   * @param tick Called for each tick.
   * @param ticked Called once after all ticks that were due.
   */
  constructor(clock: Clock, length: number, missedMax: number, tick: () => void, ticked: () => void) {
    this.#clock = clock;
    this.#length = length;
    this.#missedMax = missedMax;
    this.#tick = tick;
    this.#ticked = ticked;
  }

  start(): void {
    this.#isStopped = false;
    this.#next = this.#clock.now() + this.#length;
    this.#keepTicking();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Makes the ticks that are due. */
  tickWhenDue(): void {
    const now = this.#clock.now();
    if (this.#isStopped || now < this.#next) return;
    const missed = Math.floor((now - this.#next) / this.#length);
    this.#next += (missed + 1) * this.#length;
    for (let due = Math.min(missed + 1, this.#missedMax); due > 0 && !this.#isStopped; due--) this.#tick();
    this.#ticked();
  }

  #keepTicking(): void {
    this.tickWhenDue();
    if (this.#isStopped) return;
    this.#timer = this.#clock.after(Math.max(0, this.#next - this.#clock.now()), () => this.#keepTicking());
  }
}

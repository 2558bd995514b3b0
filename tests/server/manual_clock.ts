// A clock that stands still until it is told to go on, for tests of what waits.
import type { Clock, Timer } from "../../server/clock.ts";

interface Waiting {
  readonly time: number;
  readonly action: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  #waiting: Waiting[] = [];
  #watchers: { count: number; resolve: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delay: number, action: () => void): Timer {
    const entry = { time: this.#now + delay, action };
    this.#waiting.push(entry);
    this.#watchers = this.#watchers.filter(({ count, resolve }) => {
      if (this.#waiting.length >= count) resolve();
      return this.#waiting.length < count;
    });
    return { cancel: () => void (this.#waiting = this.#waiting.filter((other) => other !== entry)) };
  }

  /** The delays of what waits, in ascending order. */
  delays(): number[] {
    return this.#waiting.map(({ time }) => time - this.#now).sort((a, b) => a - b);
  }

  /** Resolves when so many actions wait. */
  waiting(count: number): Promise<void> {
    if (this.#waiting.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ count, resolve }));
  }

  /** Lets time pass; what is due runs in its order. */
  advance(duration: number): void {
    const end = this.#now + duration;
    for (;;) {
      const [next] = this.#waiting.filter(({ time }) => time <= end).sort((a, b) => a.time - b.time);
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.time);
      next.action();
    }
    this.#now = end;
  }
}

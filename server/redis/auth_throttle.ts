/**
 * Slows down who tries passwords: after some failures, tries are looked at one after the other, so many a second,
 * whoever makes them.
 *
 * A right password waits in the same line: if it were let in at once, a guess that is not let in at once would be known
 * to be wrong, and nobody would wait for the answer.
 *
 * @module
 */
import { type Clock, MILLISECOND, SECOND } from "../clock.ts";

/** So many failures are free, */
const FREE_FAILURES = 10;
/** and are forgotten after this time without another. */
const FORGOTTEN_AFTER = 60 * SECOND;
/** From then on, one try is looked at in this time. */
const EVERY = 20 * MILLISECOND;

/** A password that is to be looked at. */
interface AuthTry {
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
  /** Looks at it; `false` if it is wrong. */
  readonly look: () => boolean;
}

/** The line in which tries wait. */
export class AuthThrottle {
  readonly #clock: Clock;
  #failures = 0;
  #lastFailure = 0;
  #waiting: AuthTry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks at a try, at once or when its turn has come. */
  enter(attempt: AuthTry): void {
    const now = this.#clock.now();
    if (now - this.#lastFailure > FORGOTTEN_AFTER) this.#failures = 0;
    if (this.#failures < FREE_FAILURES) return this.#look(attempt);
    this.#waiting.push(attempt);
    if (this.#waiting.length === 1) this.#clock.after(EVERY, () => this.#next());
  }

  #next(): void {
    const waiting = this.#waiting.filter(({ isGone }) => !isGone());
    this.#waiting = waiting.slice(1);
    if (this.#waiting.length > 0) this.#clock.after(EVERY, () => this.#next());
    if (waiting.length > 0) this.#look(waiting[0]!);
  }

  #look(attempt: AuthTry): void {
    if (attempt.look()) return;
    this.#failures++;
    this.#lastFailure = this.#clock.now();
  }
}

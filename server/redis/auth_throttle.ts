/**
 * Slows down password guessing. After some failures, attempts are checked one after another, a limited number a second,
 * whoever makes them.
 *
 * A right password waits in the same queue. If it were accepted at once, a guesser would know that every attempt
 * without an immediate answer is wrong.
 *
 * @module
 */
import { type Clock, MILLISECOND, SECOND } from "../clock.ts";

/** How many failures are free. */
const FREE_FAILURES = 10;
/** After this long without a failure, the earlier ones are forgotten. */
const FORGOTTEN_AFTER = 60 * SECOND;
/** The time from one checked attempt to the next, once the free failures are used up. */
const EVERY = 20 * MILLISECOND;

/** An attempt to log in. */
interface AuthTry {
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
  /** Checks the password; `false` if it is wrong. */
  readonly look: () => boolean;
}

/** The queue of attempts. */
export class AuthThrottle {
  readonly #clock: Clock;
  #failures = 0;
  #lastFailure = 0;
  #waiting: AuthTry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Checks an attempt, at once or when its turn has come. */
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

/**
 * Slows down password guessing. After some failures, attempts are checked one after another, a limited number a second,
 * whoever makes them.
 *
 * A right password waits in the same queue. If it were accepted at once, a guesser would know that every attempt
 * without an immediate answer is wrong.
 *
 * The addresses take turns, so a guesser does not keep out who comes from elsewhere.
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
  /** The address that it comes from, without the port. */
  readonly host: string;
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
  /** Checks the password; `false` if it is wrong. */
  readonly look: () => boolean;
}

/** The queues of attempts. */
export class AuthThrottle {
  readonly #clock: Clock;
  readonly #random: (below: number) => number;
  #failures = 0;
  #lastFailure = 0;
  /** The attempts that wait, by address. The first address has the next turn. */
  readonly #waiting = new Map<string, AuthTry[]>();
  #isWaiting = false;

  /** @param random Draws a whole number from 0 to below the bound. */
  constructor(clock: Clock, random: (below: number) => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Checks an attempt, at once or when its turn has come. */
  enter(attempt: AuthTry): void {
    const now = this.#clock.now();
    if (now - this.#lastFailure > FORGOTTEN_AFTER) this.#failures = 0;
    if (this.#failures < FREE_FAILURES) return this.#look(attempt);
    const queue = this.#waiting.get(attempt.host);
    if (queue === undefined) this.#waiting.set(attempt.host, [attempt]);
    else queue.push(attempt);
    if (!this.#isWaiting) this.#later();
  }

  #later(): void {
    this.#isWaiting = true;
    this.#clock.after(EVERY, () => {
      const attempt = this.#take();
      this.#isWaiting = false;
      if (this.#waiting.size > 0) this.#later();
      if (attempt !== null) this.#look(attempt);
    });
  }

  /** Takes an attempt of the next address: any of them, since nobody can say which of many deserves to be first. */
  #take(): AuthTry | null {
    for (const [host, queue] of this.#waiting) {
      this.#waiting.delete(host);
      const waiting = queue.filter(({ isGone }) => !isGone());
      if (waiting.length === 0) continue;
      const [taken] = waiting.splice(this.#random(waiting.length), 1);
      if (waiting.length > 0) this.#waiting.set(host, waiting);
      return taken!;
    }
    return null;
  }

  #look(attempt: AuthTry): void {
    if (attempt.look()) return;
    this.#failures++;
    this.#lastFailure = this.#clock.now();
  }
}

/**
 * What runs for seconds lets a signal through, and a line of progress, several times a second.
 *
 * @module
 */

/** So much real time passes from one turn to the next, in milliseconds. */
const TURN_MS = 100;

/** Real time in turns: a long computation asks now and then whether its turn is over, and lets others have theirs. */
export class Turns {
  #endsAt = performance.now() + TURN_MS;

  /** Whether it is time for others. */
  get isOver(): boolean {
    return performance.now() >= this.#endsAt;
  }

  /** Lets everything that waits happen, and begins the next turn. */
  async pass(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#endsAt = performance.now() + TURN_MS;
  }
}

/**
 * Lets a long computation give other code its turn, several times a second, for signals and a line of progress.
 *
 * @module
 */

/** The length of a turn, in milliseconds of real time. */
const TURN_MS = 100;

/** Turns of real time. A long computation asks now and then whether its turn is over, and then lets other code run. */
export class Turns {
  #endsAt = performance.now() + TURN_MS;

  /** Whether the turn is over. */
  get isOver(): boolean {
    return performance.now() >= this.#endsAt;
  }

  /** Lets other code run, and begins the next turn. */
  async pass(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#endsAt = performance.now() + TURN_MS;
  }
}

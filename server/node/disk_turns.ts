/**
 * The order of disk operations: those on one file take effect one after another, in the order of the calls; those on
 * different files run concurrently.
 *
 * @module
 */

/** An operation that waits or is under way, with its files. */
interface Turn {
  readonly names: readonly string[];
  readonly begin: () => void;
  /** How many of its files are still busy with earlier operations. */
  busy: number;
}

/** The queues of one disk. */
export class DiskTurns {
  /** For each file, the operations that were called and have not ended; the first is under way. */
  readonly #queues = new Map<string, Turn[]>();

  /** Whether no operation is under way. */
  get isIdle(): boolean {
    return this.#queues.size === 0;
  }

  /**
   * Begins an operation when all earlier ones for its files have ended, or at once if there are none. The operation
   * calls `end` when it ends.
   */
  take(names: readonly string[], begin: (end: () => void) => void): void {
    const turn: Turn = { names, begin: () => begin(() => this.#end(turn)), busy: 0 };
    for (const name of names) {
      const queue = this.#queues.get(name);
      if (queue === undefined) this.#queues.set(name, [turn]);
      else {
        queue.push(turn);
        turn.busy++;
      }
    }
    if (turn.busy === 0) turn.begin();
  }

  #end(turn: Turn): void {
    const due: Turn[] = [];
    for (const name of turn.names) {
      const queue = this.#queues.get(name)!;
      queue.shift();
      if (queue.length === 0) this.#queues.delete(name);
      else if (--queue[0]!.busy === 0) due.push(queue[0]!);
    }
    for (const next of due) next.begin();
  }
}

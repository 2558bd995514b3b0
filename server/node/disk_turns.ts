/**
 * The order of verbs: those of one file take effect one after the other, in the order in which they were called; others
 * go on beside them.
 *
 * @module
 */

/** A verb that waits, or is under way, with the files that it is about. */
interface Turn {
  readonly names: readonly string[];
  readonly begin: () => void;
  /** How many of its files are still busy with earlier verbs. */
  busy: number;
}

/** The turns of one disk. */
export class DiskTurns {
  /** For each file the verbs that were called and have not ended; the first is under way. */
  readonly #queues = new Map<string, Turn[]>();

  /** Whether no verb is under way. */
  get isIdle(): boolean {
    return this.#queues.size === 0;
  }

  /**
   * Begins a verb once those that were called before for its files have ended: at once where there are none. `end` ends
   * it.
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

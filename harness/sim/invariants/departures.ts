/**
 * Departures: a message that waits for the disk leaves once nothing waits for the disk any more, and each leaves once.
 *
 * @module
 */

/** A journal, as far as this looks at it. */
export interface Flushed {
  readonly isDirty: boolean;
  readonly isFlushing: boolean;
}

/** Counts the messages of one life of a node. */
export class Departures {
  readonly #id: number;
  readonly #journal: Flushed;
  readonly #broken: (what: string) => void;
  #made = 0;
  #left = 0;

  constructor(id: number, journal: Flushed, broken: (what: string) => void) {
    this.#id = id;
    this.#journal = journal;
    this.#broken = broken;
  }

  /** The core has made messages. Returns them. */
  made<T>(messages: T[]): T[] {
    this.#made += messages.length;
    return messages;
  }

  /** A message has left. */
  left(): void {
    this.#left++;
  }

  /** The node is between two inputs. */
  rests(): void {
    const waiting = this.#made - this.#left;
    if (waiting === 0 || (waiting > 0 && (this.#journal.isDirty || this.#journal.isFlushing))) return;
    this.#broken(`departures: ${this.#made} messages of node ${this.#id} were made, and ${this.#left} have left`);
    this.#made = this.#left;
  }
}

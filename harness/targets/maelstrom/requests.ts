/**
 * The requests that wait for their answers.
 *
 * @module
 */
import type { Body } from "./protocol.ts";

/** The maximum of waiting requests. Beyond it, the oldest are dropped; their clients gave up long ago. */
const WAITING_MAX = 100_000;

/** The requests of all clients, by `msg_id`. */
export class Requests {
  readonly #waiting = new Map<number, (answer: Body) => void>();
  #made = 0;

  /** Adds a request and returns its number. `then` gets the first answer to it. */
  open(then: (answer: Body) => void): number {
    const id = ++this.#made;
    this.#waiting.set(id, then);
    if (this.#waiting.size > WAITING_MAX) this.#waiting.delete(this.#waiting.keys().next().value!);
    return id;
  }

  /** Handles an answer. An answer that nobody waits for came late or twice, and is ignored. */
  take(answer: Body): void {
    const id = answer["in_reply_to"];
    if (typeof id !== "number") return;
    const then = this.#waiting.get(id);
    this.#waiting.delete(id);
    then?.(answer);
  }
}

/**
 * Requests that wait for their answers.
 *
 * @module
 */
import type { Body } from "./protocol.ts";

/** More requests than this do not wait: the oldest have been given up by their clients long ago. */
const WAITING_MAX = 100_000;

/** The requests of all clients, by their `msg_id`. */
export class Requests {
  readonly #waiting = new Map<number, (answer: Body) => void>();
  #made = 0;

  /** A new request's number; `then` hears the first answer to it. */
  open(then: (answer: Body) => void): number {
    const id = ++this.#made;
    this.#waiting.set(id, then);
    if (this.#waiting.size > WAITING_MAX) this.#waiting.delete(this.#waiting.keys().next().value!);
    return id;
  }

  /** Takes an answer in. One to a request that nobody waits for is passed over: it comes late, or twice. */
  take(answer: Body): void {
    const id = answer["in_reply_to"];
    if (typeof id !== "number") return;
    const then = this.#waiting.get(id);
    this.#waiting.delete(id);
    then?.(answer);
  }
}

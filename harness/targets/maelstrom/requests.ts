/**
 * The requests that wait for their answers.
 *
 * @module
 */
import { writeJson } from "./json.ts";
import type { Body } from "./protocol.ts";

/** The maximum of waiting requests. Beyond it, the oldest are dropped; their clients gave up long ago. */
const WAITING_MAX = 100_000;

/** The requests of all clients, by `msg_id`. */
export class Requests {
  readonly #waiting = new Map<number, (answer: Body) => void>();
  /** The client that made each request: request 1 stands first. */
  readonly #askers: string[] = [];

  /** Adds a client's request and returns its number. `then` gets the first answer to it. */
  open(client: string, then: (answer: Body) => void): number {
    const id = this.#askers.push(client);
    this.#waiting.set(id, then);
    if (this.#waiting.size > WAITING_MAX) this.#waiting.delete(this.#waiting.keys().next().value!);
    return id;
  }

  /**
   * What is wrong with a message to a client, in words; `null` if it answers a request of this client, or if it answers
   * none: a message without `in_reply_to` is legal, though nobody reads it.
   */
  problemOf(client: string, { in_reply_to: id }: Body): string | null {
    if (id === undefined || id === null) return null;
    if (typeof id !== "number") {
      return `answered ${client} with in_reply_to ${
        writeJson(id)
      }, but a number was expected: the msg_id of the request`;
    }
    const asker = this.#askers[id - 1];
    if (asker === client) return null;
    const whose = asker === undefined ? "nobody has made a request with this msg_id" : `${asker} made that request`;
    return `sent ${client} an answer with in_reply_to ${id}, but ${whose}`;
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

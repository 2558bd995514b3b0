/**
 * The front of a node: while a leader has not answered a write, the front does not ask it again, because a slow leader
 * would get slower. Each write ends once, and within its time.
 *
 * @module
 */
import type { Respond } from "../../../server/mod.ts";

/** Watches the writes of one front. Commands are told apart as objects. */
export class Front {
  readonly #id: number;
  readonly #broken: (what: string) => void;
  /** The attempts that have no answer, with the term of the leader that was asked. */
  readonly #asked = new Map<Uint8Array, { readonly term: number }>();

  constructor(id: number, broken: (what: string) => void) {
    this.#id = id;
    this.#broken = broken;
  }

  /**
   * The front asks the leader of a term (0: nobody leads) to execute a write. Returns what it must call with the
   * answer.
   */
  asks(term: number, command: Uint8Array, reply: Respond): Respond {
    const asked = { term };
    if (term > 0 && this.#asked.get(command)?.term === term) {
      this.#broken(`front: node ${this.#id} asks the leader of term ${term} twice at once`);
    }
    this.#asked.set(command, asked);
    return (answer) => {
      if (this.#asked.get(command) === asked) this.#asked.delete(command);
      reply(answer);
    };
  }

  /** A client asks for a write. Returns what must be called with the answer, once. */
  takes(reply: Respond): Respond {
    let hasEnded = false;
    return (answer) => {
      if (hasEnded) this.#broken(`front: node ${this.#id} answers a request twice`);
      hasEnded = true;
      reply(answer);
    };
  }
}

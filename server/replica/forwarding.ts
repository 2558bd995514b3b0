/**
 * Requests between replicas: those that this node has forwarded to a leader, and those that were forwarded to it.
 *
 * A network may deliver a packet twice, and a leader must not propose its request twice. A forwarded request names the
 * term of the leader that it is meant for. As a node leads a term in one incarnation only, what it remembers of that
 * term's requests is all there is to know.
 *
 * @module
 */
import type { ClientReply } from "./client.ts";

/** Called with how a request ended. */
export type Respond = (reply: ClientReply) => void;

interface Sent {
  readonly respond: Respond;
  readonly deadline: number;
}

/** The requests that this node has forwarded and that were not answered yet. */
export class SentForwards {
  readonly #sent = new Map<number, Sent>();
  #lastNumber = 0;

  /** How many are open. */
  get size(): number {
    return this.#sent.size;
  }

  /** Takes a request in and returns its number. Deadlines must not fall from one call to the next. */
  add(respond: Respond, deadline: number): number {
    this.#sent.set(++this.#lastNumber, { respond, deadline });
    return this.#lastNumber;
  }

  /** An answer has come: the second one to the same request finds nothing. */
  answer(number: number, reply: ClientReply): void {
    const sent = this.#sent.get(number);
    if (sent === undefined) return;
    this.#sent.delete(number);
    sent.respond(reply);
  }

  /** Gives up on those whose deadline is past: nobody knows what became of them. */
  expire(now: number): void {
    if (this.#sent.size === 0) return;
    for (const [number, sent] of this.#sent) {
      if (sent.deadline > now) return;
      this.#sent.delete(number);
      sent.respond({ type: "info", error: "no answer from the leader" });
    }
  }
}

/** How many requests of one sender may overtake each other before the oldest is taken for a duplicate and dropped. */
const WINDOW = 512;

/** Node ids of replicas lie below this, so that an id and an incarnation of 32 bits make one exact number. */
export const MAX_NODE_ID = 0x10_0000;

/**
 * What becomes of a forwarded request: it is new, it is a duplicate or of unknown history (and gets no answer), or it
 * surely was never taken.
 */
type Admission = "new" | "drop" | "never";

/** What was forwarded to this node in the latest term that it led. */
export class ReceivedForwards {
  /** Terms up to this one may have been led by an earlier incarnation, of which nothing is known. */
  readonly #firstTerm: number;
  #term = 0;
  /** For each sender's incarnation: at `number % WINDOW` the number that was seen last. */
  #seen = new Map<number, Float64Array>();

  /** @param termAtStart The node's term when this incarnation began. */
  constructor(termAtStart: number) {
    this.#firstTerm = termAtStart + 1;
  }

  /**
   * Whether a request that is meant for the leader of `term` may be taken; `leads` is the term that this node leads at
   * present, or 0.
   */
  admit(from: number, incarnation: number, number: number, term: number, leads: number): Admission {
    if (leads > this.#term) {
      this.#term = leads;
      this.#seen.clear();
    }
    if (term < this.#firstTerm || term < this.#term) return "drop";
    if (term > this.#term) return "never";
    const sender = incarnation * MAX_NODE_ID + from;
    let seen = this.#seen.get(sender);
    if (seen === undefined) {
      seen = new Float64Array(WINDOW);
      this.#seen.set(sender, seen);
    }
    const slot = number % WINDOW;
    if (seen[slot]! >= number) return "drop";
    seen[slot] = number;
    return leads === term ? "new" : "never";
  }
}

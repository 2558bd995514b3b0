/**
 * Requests between replicas: those that this node has forwarded to a leader, and those that others forwarded to it.
 *
 * A network may deliver a packet twice, but a leader must propose its request only once. A forwarded request names the
 * term of the leader that it is meant for. A node never leads the same term in two incarnations, so its memory of
 * the requests that it took in that term is complete.
 *
 * @module
 */
import type { ClientReply } from "./client.ts";

/** Called with the result of a request. */
export type Respond = (reply: ClientReply) => void;

interface Sent {
  readonly respond: Respond;
  readonly deadline: number;
  /** The node that got it, and how many bytes it has. */
  readonly to: number;
  readonly bytes: number;
}

const NO_ANSWER: ClientReply = { type: "info", error: "no answer from the leader" };

/** The requests that this node has forwarded and that have no answer yet. */
export class SentForwards {
  readonly #sent = new Map<number, Sent>();
  #lastNumber = 0;
  #bytes = 0;

  /** How many bytes they have. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many requests are open. */
  get size(): number {
    return this.#sent.size;
  }

  /** Adds a request and returns its number. Deadlines must not decrease from one call to the next. */
  add(sent: Sent): number {
    this.#sent.set(++this.#lastNumber, sent);
    this.#bytes += sent.bytes;
    return this.#lastNumber;
  }

  /** Handles an answer. A second answer to the same request is ignored. */
  answer(number: number, reply: ClientReply): void {
    const sent = this.#sent.get(number);
    if (sent === undefined) return;
    this.#end(number, sent, reply);
  }

  /** Gives up requests whose deadline has passed: their outcome is unknown. */
  expire(now: number): void {
    if (this.#sent.size === 0) return;
    for (const [number, sent] of this.#sent) {
      if (sent.deadline > now) return;
      this.#end(number, sent, NO_ANSWER);
    }
  }

  /** The connection to a node was lost, perhaps with requests on it: their outcome is unknown. */
  lost(to: number): void {
    // A reply may bring the next request: that one is not lost.
    const open = [...this.#sent].filter(([, sent]) => sent.to === to);
    for (const [number] of open) this.answer(number, NO_ANSWER);
  }

  /** Ends the node: nobody is answered any more. */
  stop(): void {
    this.#sent.clear();
  }

  #end(number: number, sent: Sent, reply: ClientReply): void {
    this.#sent.delete(number);
    this.#bytes -= sent.bytes;
    sent.respond(reply);
  }
}

/** How many requests of one sender may overtake each other before the oldest counts as a duplicate and is dropped. */
const WINDOW = 512;

/** The limit of a replica's node id: an id below it and an incarnation of 32 bits together make one exact number. */
export const MAX_NODE_ID = 0x10_0000;

/**
 * What to do with a forwarded request. `new`: take it. `drop`: it is a duplicate or its history is unknown, so it gets
 * no answer. `never`: it was certainly never taken.
 */
type Admission = "new" | "drop" | "never";

/** The requests that were forwarded to this node in the latest term that it led. */
export class ReceivedForwards {
  /** An earlier incarnation may have led terms up to this one; nothing is known of those. */
  readonly #firstTerm: number;
  #term = 0;
  /** For each sender's incarnation: the last number seen, at `number % WINDOW`. */
  #seen = new Map<number, Float64Array>();

  /** @param termAtStart The node's term when this incarnation began. */
  constructor(termAtStart: number) {
    this.#firstTerm = termAtStart + 1;
  }

  /**
   * Decides on a request that is meant for the leader of `term`. `leads` is the term that this node leads now, or 0.
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

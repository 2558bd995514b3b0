/**
 * The messages of a node to its peers. Each is held back until what it depends on is durable.
 *
 * ```text
 *   post ──> may leave at once ─────────────────────────────> send
 *       ──> depends on what no flush covers ──> held ── flush begins ──> covered ── flush ends ──> send
 * ```
 *
 * @module
 */
import type { Envelope } from "../../raft/mod.ts";
import type { Journal } from "../journal/journal.ts";

/** The outgoing envelopes of one replica, and the flushes that they wait for. */
export class Outbox {
  readonly #journal: Journal;
  readonly #send: (envelope: Envelope) => void;
  /** Envelopes that depend on what the next flush will cover. */
  #held: Envelope[] = [];
  /** Envelopes that depend on the flush under way. */
  #covered: Envelope[] = [];
  /** Called when the flush under way has ended and the envelopes that it covered were sent. */
  #onFlushed: ((error: Error | null) => void) | null = null;

  constructor(journal: Journal, send: (envelope: Envelope) => void) {
    this.#journal = journal;
    this.#send = send;
  }

  /** Sends the envelopes that may leave, and holds the others. */
  post(envelopes: readonly Envelope[]): void {
    for (let i = 0; i < envelopes.length; i++) {
      const envelope = envelopes[i]!;
      if (!envelope.afterSync) this.#send(envelope);
      else if (this.#journal.isDirty) this.#held.push(envelope);
      else if (this.#journal.isFlushing) this.#covered.push(envelope);
      else this.#send(envelope);
    }
  }

  /**
   * Makes the journal durable, unless a flush is under way. One flush serves all envelopes that were posted before it
   * began.
   */
  flush(done: (error: Error | null) => void): void {
    if (this.#journal.isFlushing || !this.#journal.isDirty) return;
    this.#covered = this.#held;
    this.#held = [];
    this.#onFlushed = done;
    this.#journal.flush(this.#flushed);
  }

  /** Ends the node: nothing more is sent. */
  stop(): void {
    this.#held = [];
    this.#covered = [];
    this.#onFlushed = null;
  }

  readonly #flushed = (error: Error | null): void => {
    const done = this.#onFlushed;
    if (done === null) return;
    if (error === null) this.#sendCovered();
    done(error);
  };

  /**
   * Sends the envelopes that the flush covered. If a snapshot has replaced the log meanwhile, the flush has covered
   * everything, and no envelope waits any longer.
   */
  #sendCovered(): void {
    let due = this.#covered;
    this.#covered = [];
    if (!this.#journal.isDirty && this.#held.length > 0) {
      due = [...due, ...this.#held];
      this.#held = [];
    }
    for (let i = 0; i < due.length; i++) this.#send(due[i]!);
  }
}

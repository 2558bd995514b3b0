/**
 * What a node says to its peers, held back until what it depends on is durable.
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

/** The envelopes of one replica on their way out, and the flushes that they wait for. */
export class Outbox {
  readonly #journal: Journal;
  readonly #send: (envelope: Envelope) => void;
  /** Depends on what the next flush will cover. */
  #held: Envelope[] = [];
  /** Depends on the flush under way. */
  #covered: Envelope[] = [];
  /** Told of the end of the flush under way, when what it covered was sent. */
  #onFlushed: ((error: Error | null) => void) | null = null;

  constructor(journal: Journal, send: (envelope: Envelope) => void) {
    this.#journal = journal;
    this.#send = send;
  }

  /** Sends what may leave, and holds the rest. */
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
   * Makes durable what the journal was given, unless that is under way. One flush serves all that was posted before it
   * began.
   */
  flush(done: (error: Error | null) => void): void {
    if (this.#journal.isFlushing || !this.#journal.isDirty) return;
    this.#covered = this.#held;
    this.#held = [];
    this.#onFlushed = done;
    this.#journal.flush(this.#flushed);
  }

  /** The node has ended: nothing is sent any more. */
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

  /** A log that a snapshot replaces is written with all that came meanwhile: then nothing is left to wait for. */
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

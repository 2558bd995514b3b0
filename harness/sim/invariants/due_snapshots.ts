/**
 * Due snapshots: a node takes a snapshot only when it is asked to, or when the commands that it has applied since the
 * last one have more bytes than its setting and its last snapshot. So what is written stays in proportion.
 *
 * @module
 */
import type { Snapshot } from "../../../raft/mod.ts";

/** Counts the commands of one life of a node. */
export class DueSnapshots {
  readonly #id: number;
  readonly #journal: { readonly snapshot: Pick<Snapshot, "bytes"> | null };
  readonly #dueBytes: number;
  readonly #broken: (what: string) => void;
  #applied = 0;
  #isAsked = false;

  constructor(
    id: number,
    journal: { readonly snapshot: Pick<Snapshot, "bytes"> | null },
    dueBytes: number,
    broken: (what: string) => void,
  ) {
    this.#id = id;
    this.#journal = journal;
    this.#dueBytes = dueBytes;
    this.#broken = broken;
  }

  /** The node has applied a command. */
  applied(command: Uint8Array): void {
    this.#applied += command.length;
  }

  /** The node has loaded a leader's snapshot, or begins to. */
  loaded(): void {
    this.#applied = 0;
  }

  /** The node is asked for a snapshot. */
  asked<T>(take: () => T): T {
    this.#isAsked = true;
    try {
      return take();
    } finally {
      this.#isAsked = false;
    }
  }

  /** The node begins a snapshot. */
  begins(): void {
    const bytes = Math.max(this.#dueBytes, this.#journal.snapshot?.bytes ?? 0), applied = this.#applied;
    this.#applied = 0;
    if (this.#isAsked || applied > bytes) return;
    this.#broken(`due snapshots: node ${this.#id} takes one after ${applied} bytes, but it is due after ${bytes}`);
  }
}

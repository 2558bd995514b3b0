/**
 * Flushes: a log is durable no further than a flush has written it and a sync has ended, less what was cut off since.
 *
 * The same holds for term and vote. The naive count here looks at the disk's calls. A journal that believes more
 * acknowledges what a crash would lose.
 *
 * @module
 */
import type { HardState, Term } from "../../../raft/mod.ts";

const NO_STATE: HardState = { term: 0 as Term, votedFor: null };

/** Counts for one life of a node how far its log is durable. */
export class Flushes {
  readonly #id: number;
  readonly #broken: (what: string) => void;
  #durable: number;
  /** Up to where the flush that is under way has written the log. */
  #written: number;
  #durableState: HardState;
  #writtenState: HardState;

  /** @param durableIndex How far the log was durable when the node started. */
  constructor(id: number, durableIndex: number, broken: (what: string) => void, state: HardState = NO_STATE) {
    this.#id = id;
    this.#durableState = this.#writtenState = state;
    this.#broken = broken;
    this.#durable = this.#written = durableIndex;
  }

  /** A flush has written the log up to its end. */
  wrote(lastIndex: number, state: HardState = this.#durableState): void {
    this.#written = lastIndex;
    this.#writtenState = state;
  }

  /** The sync of that flush has ended well. */
  synced(): void {
    this.#durable = Math.max(this.#durable, this.#written);
    this.#durableState = this.#writtenState;
  }

  /** A write of that flush has failed: its sync says nothing. */
  failed(): void {
    this.#written = this.#durable;
    this.#writtenState = this.#durableState;
  }

  /** The log ends at an index now: its rest was cut off, or a snapshot has replaced it. */
  cutTo(index: number): void {
    this.#durable = Math.min(this.#durable, index);
    this.#written = Math.min(this.#written, index);
  }

  /** A message leaves the node, whose journal believes to be durable up to an index. */
  leaves(durableIndex: number, { term, votedFor }: HardState = this.#durableState): void {
    const { term: right, votedFor: vote } = this.#durableState;
    if (term !== right || votedFor !== vote) {
      this.#broken(
        `flushes: node ${this.#id} believes term ${term} and its vote for ${votedFor} to be durable, but those are ` +
          `term ${right} and ${vote}`,
      );
      this.#durableState = { term, votedFor };
    }
    if (durableIndex <= this.#durable) return;
    this.#broken(
      `flushes: node ${this.#id} believes its log to be durable up to entry ${durableIndex}, but it is up to ` +
        `${this.#durable}`,
    );
    this.#durable = durableIndex;
  }
}

/**
 * How many bytes of a log are not durable, and for how long its disk made no progress. This bounds the memory of a node
 * whose disk hangs without an error.
 *
 * @module
 */
import { entryBytes, type RaftLog } from "./log.ts";
import type { LogIndex } from "./types.ts";

/**
 * The bytes of a log's entries that are not durable, counted on request. Each entry is looked at twice: when it has
 * been appended, and when it has become durable.
 */
export class UnsyncedBytes {
  readonly #log: RaftLog;
  /** The counted entries: those of (from, to]. */
  #from = 0;
  #to = 0;
  #bytes = 0;

  /** @param log The log. */
  constructor(log: RaftLog) {
    this.#log = log;
  }

  /** How many bytes are not durable now, counted by `entryBytes`. */
  count(): number {
    const { durableIndex, lastIndex, firstIndex } = this.#log;
    if (durableIndex >= lastIndex) {
      this.#from = this.#to = lastIndex;
      return this.#bytes = 0;
    }
    // The log was truncated or compacted, or a snapshot replaced it, so the counted entries are gone.
    const isGone = firstIndex > this.#from + 1 && this.#from < this.#to;
    if (isGone || lastIndex < this.#to || durableIndex < this.#from || durableIndex > this.#to) {
      this.#from = this.#to = durableIndex;
      this.#bytes = 0;
    }
    while (this.#to < lastIndex) this.#bytes += this.#bytesAt(++this.#to);
    while (this.#from < durableIndex) this.#bytes -= this.#bytesAt(++this.#from);
    return this.#bytes;
  }

  /** Starts the count again: entries were dropped, and others may have their indexes. */
  reset(): void {
    this.#from = this.#to = this.#bytes = 0;
  }

  #bytesAt(index: number): number {
    const entry = this.#log.entryAt(index as LogIndex);
    return entry === undefined ? 0 : entryBytes(entry);
  }
}

/** For how many ticks a log with unsynced data has not become more durable. */
export class SyncStall {
  readonly #log: RaftLog;
  #durableIndex: number;
  #ticks = 0;

  /** @param log The log. */
  constructor(log: RaftLog) {
    this.#log = log;
    this.#durableIndex = log.durableIndex;
  }

  /** How many ticks; 0 if everything is durable. */
  get ticks(): number {
    return this.#ticks;
  }

  /** A tick has passed. */
  tick(): void {
    const { durableIndex, lastIndex, state, durableState } = this.#log;
    const isDurable = durableIndex >= lastIndex && durableState.term === state.term &&
      durableState.votedFor === state.votedFor;
    this.#ticks = isDurable || durableIndex > this.#durableIndex ? 0 : this.#ticks + 1;
    this.#durableIndex = durableIndex;
  }
}

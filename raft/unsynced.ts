/**
 * How much of a log is not durable, and for how long its disk has not moved: what bounds the memory of a node whose
 * disk hangs without an error.
 *
 * @module
 */
import { entryBytes, type RaftLog } from "./log.ts";
import type { LogIndex } from "./types.ts";

/**
 * The bytes of a log's entries that are not durable. They are counted as they are asked for: each entry is looked at
 * twice, once when it is seen at the log's end, and once when it has become durable.
 */
export class UnsyncedBytes {
  readonly #log: RaftLog;
  /** What is counted: the entries of (from, to]. */
  #from = 0;
  #to = 0;
  #bytes = 0;

  /** @param log The log. */
  constructor(log: RaftLog) {
    this.#log = log;
  }

  /** How many bytes there are now, counted by `entryBytes`. */
  count(): number {
    const { durableIndex, lastIndex } = this.#log;
    if (durableIndex >= lastIndex) {
      this.#from = this.#to = lastIndex;
      return this.#bytes = 0;
    }
    // Truncated since, or a snapshot took the log's place: what was counted is not there any more.
    if (lastIndex < this.#to || durableIndex < this.#from || durableIndex > this.#to) {
      this.#from = this.#to = durableIndex;
      this.#bytes = 0;
    }
    while (this.#to < lastIndex) this.#bytes += this.#bytesAt(++this.#to);
    while (this.#from < durableIndex) this.#bytes -= this.#bytesAt(++this.#from);
    return this.#bytes;
  }

  /** Forgets what was counted: entries were dropped, and others may stand in their place. */
  reset(): void {
    this.#from = this.#to = this.#bytes = 0;
  }

  #bytesAt(index: number): number {
    const entry = this.#log.entryAt(index as LogIndex);
    return entry === undefined ? 0 : entryBytes(entry);
  }
}

/** For how many ticks a log that has something to sync has not become more durable. */
export class SyncStall {
  readonly #log: RaftLog;
  #durableIndex: number;
  #ticks = 0;

  /** @param log The log. */
  constructor(log: RaftLog) {
    this.#log = log;
    this.#durableIndex = log.durableIndex;
  }

  /** The ticks; 0 where everything is durable. */
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

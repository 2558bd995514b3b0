/**
 * A log for explored nodes: entries are durable once they are synced, and a crash returns the log to that state.
 *
 * @module
 */
import { type Entry, type HardState, initialState, type LogIndex, MemLog } from "../../../raft/mod.ts";

/** A log whose syncs are actions of the exploration. */
export class SyncedLog extends MemLog {
  #disk: readonly Entry[] = [];
  #diskState: HardState = initialState;
  #durableIndex = 0;

  /** The last index that is durable. */
  override get durableIndex(): LogIndex {
    return this.#durableIndex as LogIndex;
  }

  /** The durable part of term and vote. */
  override get durableState(): HardState {
    return this.#diskState;
  }

  /** Whether a sync would change nothing. */
  get isDurable(): boolean {
    return this.#durableIndex === this.lastIndex && this.#disk.length === this.lastIndex &&
      this.#diskState === this.state;
  }

  override truncate(from: LogIndex): void {
    super.truncate(from);
    this.#durableIndex = Math.min(this.#durableIndex, from - 1);
  }

  /** Makes everything durable. */
  sync(): void {
    this.#disk = this.entries();
    this.#diskState = this.state;
    this.#durableIndex = this.lastIndex;
  }

  /** The log after a crash. */
  crashed(): SyncedLog {
    return filled(this.#disk, this.#diskState, this.#disk, this.#diskState, this.#disk.length);
  }

  /** A log with the same content, in memory and on disk. */
  copy(): SyncedLog {
    return filled(this.entries(), this.state, this.#disk, this.#diskState, this.#durableIndex);
  }

  /** Every entry. */
  entries(): Entry[] {
    return this.slice(1 as LogIndex, this.lastIndex + 1 as LogIndex);
  }

  /** A text that is equal for equal logs. */
  text(): string {
    const { term, votedFor } = this.state;
    const disk = this.#diskState;
    const isSame = this.isDurable;
    return `${describeEntries(this.entries())} ${term}/${votedFor}` +
      (isSame ? "" : ` disk ${describeEntries(this.#disk)} ${disk.term}/${disk.votedFor} ${this.#durableIndex}`);
  }

  /** Puts content in a new log. */
  fill(entries: readonly Entry[], state: HardState): void {
    this.append(entries);
    this.setState(state);
  }

  /** Sets the content of the disk. */
  setDisk(entries: readonly Entry[], state: HardState, durableIndex: number): void {
    this.#disk = entries;
    this.#diskState = state;
    this.#durableIndex = durableIndex;
  }
}

function filled(
  entries: readonly Entry[],
  state: HardState,
  disk: readonly Entry[],
  diskState: HardState,
  durableIndex: number,
): SyncedLog {
  const log = new SyncedLog();
  log.fill(entries, state);
  log.setDisk(disk, diskState, durableIndex);
  return log;
}

/** An entry in a few characters: its term and its content. */
export function entryText({ term, kind, data }: Entry): string {
  return `${term}${kind === "command" ? `:${data.join(".")}` : kind === "noop" ? "" : `c${data.join(".")}`}`;
}

function describeEntries(entries: readonly Entry[]): string {
  return `[${entries.map(entryText).join(" ")}]`;
}

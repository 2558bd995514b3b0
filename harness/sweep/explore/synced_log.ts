/**
 * A log for explored nodes: what was written is durable once it is synced, and a crash takes it back to there.
 *
 * @module
 */
import { type Entry, type HardState, initialState, type LogIndex, MemLog } from "../../../raft/mod.ts";

/** A log whose syncs are actions of the exploration. */
export class SyncedLog extends MemLog {
  #disk: readonly Entry[] = [];
  #diskState: HardState = initialState;
  #durableIndex = 0;

  /** Up to where the log is durable. */
  override get durableIndex(): LogIndex {
    return this.#durableIndex as LogIndex;
  }

  /** What of term and vote is durable. */
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

  /** All that was written becomes durable. */
  sync(): void {
    this.#disk = this.entries();
    this.#diskState = this.state;
    this.#durableIndex = this.lastIndex;
  }

  /** What a crash leaves. */
  crashed(): SyncedLog {
    return filled(this.#disk, this.#diskState, this.#disk, this.#diskState, this.#disk.length);
  }

  /** A log with the same content, here and on the disk. */
  copy(): SyncedLog {
    return filled(this.entries(), this.state, this.#disk, this.#diskState, this.#durableIndex);
  }

  /** Every entry. */
  entries(): Entry[] {
    return this.slice(1 as LogIndex, this.lastIndex + 1 as LogIndex);
  }

  /** Text that is the same for equal logs. */
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

  /** Sets what is on the disk. */
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

/** An entry in a few characters: its term, and what it holds. */
export function entryText({ term, kind, data }: Entry): string {
  return `${term}${kind === "command" ? `:${data.join(".")}` : kind === "noop" ? "" : `c${data.join(".")}`}`;
}

function describeEntries(entries: readonly Entry[]): string {
  return `[${entries.map(entryText).join(" ")}]`;
}

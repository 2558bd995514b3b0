/**
 * Takes snapshots of a replica's machine. Writes them slice by slice into the journal, one slice with each batch of
 * inputs and only as fast as the disk writes, so that nothing waits for long.
 *
 * @module
 */
import type { SnapshotContent } from "../../raft/mod.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { copyBytes, newBytes } from "../bytes/small_arrays.ts";
import type { Journal } from "../journal/journal.ts";
import type { SnapshotDraft } from "../journal/snapshot_draft.ts";
import { slicesOf } from "./snapshot_slices.ts";
import type { StateMachine } from "./state_machine.ts";

/** How many unwritten bytes may be in memory, besides one slice. */
const UNWRITTEN_MAX = 4 << 20;
/** After how many ticks a state that was too large is tried again, if something was applied. */
const RETRY_TICKS = 100;
/** A log may grow to this many times a snapshot's size. Reading it at a start takes as many times as long. */
const RELAXED_FACTOR = 4;

/** The parts that the writer needs. */
interface SnapshotWriterOptions {
  readonly machine: StateMachine;
  readonly journal: Journal;
  /**
   * A snapshot is due after this many bytes of applied commands, or the size of the last snapshot, whichever is more.
   */
  readonly dueBytes: number;
  /** Up to this many bytes, it is due after four times the size of the last snapshot; 0 if left out. */
  readonly relaxedBytes?: number;
  /** The largest snapshot in bytes. */
  readonly maxBytes: number;
  /** Takes the snapshot of the state at an index; the journal holds its bytes. */
  readonly take: (index: number, content: SnapshotContent) => void;
}

/** A snapshot that is being written. */
interface Growing {
  readonly index: number;
  readonly draft: SnapshotDraft;
  readonly slices: Generator<void, void>;
}

/** Writes the snapshots of one replica's machine. */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #slice = new ByteWriter();
  #appliedBytes = 0;
  #lastBytes: number;
  #growing: Growing | null = null;
  /** Ticks until a state that was too large is tried again; 0 while it is not. */
  #ticksToRetry = 0;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
    this.#lastBytes = options.journal.snapshot?.bytes ?? 0;
  }

  /** Whether enough was applied that the next snapshot is due. */
  get isDue(): boolean {
    if (this.#ticksToRetry > 0) return this.#ticksToRetry === 1 && this.#appliedBytes > 0;
    const { dueBytes, relaxedBytes = 0 } = this.#options;
    const last = this.#lastBytes;
    return this.#appliedBytes > Math.max(dueBytes, last, Math.min(RELAXED_FACTOR * last, relaxedBytes));
  }

  /** Whether the state was too large for a snapshot at the last attempt. */
  get isTooLarge(): boolean {
    return this.#ticksToRetry > 0;
  }

  /** One tick of the node's clock. */
  tick(): void {
    if (this.#ticksToRetry > 1) this.#ticksToRetry--;
  }

  /** Counts a command that was applied. */
  applied(command: Uint8Array): void {
    this.#appliedBytes += command.length;
  }

  /** Handles a leader's snapshot that replaced the machine's state: gives up the snapshot that is being written. */
  replaced(bytes: number): void {
    this.#abandon();
    this.#lastBytes = bytes;
    this.#appliedBytes = 0;
    this.#ticksToRetry = 0;
  }

  /** Begins a snapshot of the current state. Returns `false` if one is being written already. */
  begin(index: number): boolean {
    if (this.#growing !== null) return false;
    const { machine, journal } = this.#options;
    // Commands that are applied from now on count towards the next snapshot.
    this.#appliedBytes = 0;
    this.#slice.clear();
    this.#growing = { index, draft: journal.stageSnapshot(), slices: slicesOf(machine, this.#slice) };
    // The first slice fixes the state of the snapshot.
    this.step();
    return true;
  }

  /** Writes the next slice of the snapshot that was begun. */
  step(): void {
    if (this.#growing === null) return;
    const { index, draft, slices } = this.#growing;
    if (draft.unwritten > UNWRITTEN_MAX) return;
    const isDone = slices.next().done === true;
    if (this.#slice.length > 0) draft.add(withLength(this.#slice));
    this.#slice.clear();
    if (draft.bytes > this.#options.maxBytes) {
      this.#abandon();
      this.#ticksToRetry = RETRY_TICKS;
      return;
    }
    if (!isDone) return;
    this.#growing = null;
    this.#ticksToRetry = 0;
    this.#lastBytes = draft.bytes;
    this.#options.take(index, { bytes: draft.bytes, digest: draft.digest });
  }

  #abandon(): void {
    if (this.#growing === null) return;
    this.#growing.slices.return();
    this.#growing = null;
    this.#options.journal.unstageSnapshot();
  }
}

function withLength(slice: ByteWriter): Uint8Array {
  const { length, memory } = slice;
  const bytes = newBytes(4 + length);
  for (let i = 0; i < 4; i++) bytes[i] = length >>> 8 * i;
  copyBytes(memory, 0, length, bytes, 4);
  return bytes;
}

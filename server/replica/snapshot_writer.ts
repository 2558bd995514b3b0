/**
 * When a replica takes a snapshot of its machine, and how: slice by slice into the journal, one with each batch of
 * inputs and as far as the disk keeps up, so that nothing waits for long.
 *
 * @module
 */
import type { SnapshotContent } from "../../raft/mod.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import type { Journal } from "../journal/journal.ts";
import type { SnapshotDraft } from "../journal/snapshot_draft.ts";
import { slicesOf } from "./snapshot_slices.ts";
import type { StateMachine } from "./state_machine.ts";

/** So many bytes are in memory at most, beside a slice. */
const UNWRITTEN_MAX = 4 << 20;
/** A state that was too large is tried again after so many ticks, if something was applied. */
const RETRY_TICKS = 100;

/** What the snapshots need. */
interface SnapshotWriterOptions {
  readonly machine: StateMachine;
  readonly journal: Journal;
  /** A snapshot is due after so many bytes of applied commands, or as many as the last one had, whichever is more. */
  readonly dueBytes: number;
  /** More bytes a snapshot must not have. */
  readonly maxBytes: number;
  /** Takes the snapshot of the state at an index, which stands in the journal. */
  readonly take: (index: number, content: SnapshotContent) => void;
}

/** A snapshot that is being written. */
interface Growing {
  readonly index: number;
  readonly draft: SnapshotDraft;
  readonly slices: Generator<void, void>;
}

/** The snapshots of one replica's machine. */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #slice = new ByteWriter(65_536);
  #appliedBytes = 0;
  #lastBytes: number;
  #growing: Growing | null = null;
  /** Ticks until a state that was too large is tried again; 0 while it is not. */
  #ticksToRetry = 0;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
    this.#lastBytes = options.journal.snapshot?.bytes ?? 0;
  }

  /** Whether so much was applied that the next one is due. */
  get isDue(): boolean {
    if (this.#ticksToRetry > 0) return this.#ticksToRetry === 1 && this.#appliedBytes > 0;
    return this.#appliedBytes > this.#options.dueBytes && this.#appliedBytes > this.#lastBytes;
  }

  /** Whether the state was larger than a snapshot may be when it was last tried. */
  get isTooLarge(): boolean {
    return this.#ticksToRetry > 0;
  }

  /** One tick of the node's clock. */
  tick(): void {
    if (this.#ticksToRetry > 1) this.#ticksToRetry--;
  }

  /** A command was applied. */
  applied(command: Uint8Array): void {
    this.#appliedBytes += command.length;
  }

  /** A leader's snapshot takes the machine's place: what is being written of the old state is given up. */
  replaced(bytes: number): void {
    this.#abandon();
    this.#lastBytes = bytes;
    this.#appliedBytes = 0;
    this.#ticksToRetry = 0;
  }

  /** Begins a snapshot of the state as of now, unless one is being written: then `false`. */
  begin(index: number): boolean {
    if (this.#growing !== null) return false;
    const { machine, journal } = this.#options;
    // What is applied while it grows counts towards the next one.
    this.#appliedBytes = 0;
    this.#slice.clear();
    this.#growing = { index, draft: journal.stageSnapshot(), slices: slicesOf(machine, this.#slice) };
    // The first slice fixes the state.
    this.step();
    return true;
  }

  /** Writes the next slice of what was begun. */
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
  const bytes = new Uint8Array(4 + slice.length);
  new DataView(bytes.buffer).setUint32(0, slice.length, true);
  bytes.set(slice.memory.subarray(0, slice.length), 4);
  return bytes;
}

/**
 * A replica's Raft log on a disk: segments of batches (`segments.ts`), and snapshots in files of their own
 * (`snapshot_store.ts`).
 *
 * The log in memory is ahead of the log on disk. New entries and state go into a batch, and `flush` makes the batch
 * durable with one write and one sync. Only one flush is under way at a time, so a crash can tear only the last batch.
 *
 * Compaction writes the snapshot first, and removes segments when the snapshot is durable. A crash in between leaves a
 * journal that begins earlier than needed; recovery drops that part. An installed snapshot is written the same way;
 * after a crash, recovery finds a journal that ends before the snapshot.
 *
 * @module
 */
import {
  type Entry,
  entryBytes,
  type HardState,
  type LogIndex,
  logIndex,
  type RaftLog,
  type Snapshot,
  type Term,
  term,
} from "../../raft/mod.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import type { Disk, DiskDone } from "./disk.ts";
import {
  BATCH_HEADER_BYTES,
  beginBatch,
  finishBatch,
  type JournalIdentity,
  writeBase,
  writeDoubt,
  writeEntry,
  writeOpening,
  writeState,
  writeTruncation,
} from "./journal_format.ts";
import type { Doubt, RecoveredJournal } from "./journal_recovery.ts";
import { Segments } from "./segments.ts";
import type { SnapshotDraft } from "./snapshot_draft.ts";
import { SnapshotStore } from "./snapshot_store.ts";

const NO_INDEX: LogIndex = logIndex(0);
const NO_TERM: Term = term(0);

/** The parts of a journal; `openJournal` makes them. */
interface JournalParts {
  readonly disk: Disk;
  readonly identity: JournalIdentity;
  readonly recovered: RecoveredJournal;
  /** When a segment has this many bytes, the next one begins. */
  readonly segmentBytes: number;
}

/**
 * A `RaftLog` on a disk.
 *
 * `openJournal` makes it. The host calls `flush` when `isDirty`, one flush at a time, and must stop the node after any
 * failure.
 */
export class Journal implements RaftLog {
  readonly #birth: number;
  readonly #segments: Segments;
  readonly #snapshots: SnapshotStore;

  /** `#entries[i]` has the index `#baseIndex + 1 + i`. */
  #entries: Entry[];
  #baseIndex: number;
  #baseTerm: Term;
  #snapshot: Snapshot | null;
  #state: HardState;
  #durableState: HardState;
  #durableIndex: number;
  #doubt: Doubt | null;

  /** The batch that the next flush writes. A second buffer is lent to the disk by the flush that is under way. */
  #batch: ByteWriter = new ByteWriter();
  #lent: ByteWriter = new ByteWriter();
  #batchNumber: number;
  /** The highest index of an entry in the batch. */
  #batchHighest = 0;
  /** Where the log ended after the last batch that was handed to the disk. */
  #filed: { index: number; term: number };
  #flushing = false;
  /** Called when the flush that is under way ends. */
  #onFlushed: DiskDone | null = null;
  /** The last index of the current flush that is still valid; a truncation lowers it. */
  #flushedIndex = 0;
  #flushedState: HardState;
  #flushedDoubt: Doubt | null;

  /**
   * Whether the next segment must begin with records that the segments lack, because the log was replaced, or the end
   * of the last segment is damaged.
   */
  #needsOpening: boolean;
  /** The entry after which a replaced log begins, as long as the segments do not record it. */
  #newBase: { readonly index: number; readonly term: number } | null = null;
  /** How many snapshots that replaced the log are not durable yet. */
  #installing = 0;
  /** Continues a flush that waits until these snapshots are durable. */
  #whenInstalled: (() => void) | null = null;
  /** A failure outside a flush that nobody was told of. */
  #untold: Error | null = null;

  /** Called with a failure outside a flush. Without it, the next flush fails with that error. */
  onFailure: ((error: Error) => void) | null = null;
  /** Called when the journal has read or written bytes of a snapshot that its user waits for. */
  onProgress: (() => void) | null = null;

  /** Use `openJournal`. */
  constructor({ disk, identity, recovered, segmentBytes }: JournalParts) {
    const onFailure = (error: Error): void => {
      if (this.onFailure === null) this.#untold = error;
      else this.onFailure(error);
    };
    const onProgress = (): void => this.onProgress?.();
    const { birth, segments: found, isNextReady } = recovered;
    this.#birth = birth;
    this.#segments = new Segments({
      ...{ disk, identity, birth, segmentBytes, found, isNextReady },
      onFailure,
    });
    this.#snapshots = new SnapshotStore({ disk, identity, found: recovered.snapshot, onProgress, onFailure });
    this.#entries = recovered.entries;
    this.#baseIndex = recovered.baseIndex;
    this.#baseTerm = term(recovered.baseTerm);
    this.#snapshot = recovered.snapshot;
    this.#state = this.#durableState = this.#flushedState = recovered.state;
    this.#doubt = this.#flushedDoubt = recovered.doubt;
    this.#durableIndex = this.#lastIndex;
    this.#batchNumber = recovered.batches;
    this.#filed = { index: this.#lastIndex, term: this.lastTerm };
    this.#needsOpening = !recovered.isWhole || found.length === 0;
    if (recovered.isReplaced) this.#newBase = { index: recovered.baseIndex, term: recovered.baseTerm };
  }

  get #lastIndex(): number {
    return this.#baseIndex + this.#entries.length;
  }

  /** The last index that the snapshot covers; 0 without one. */
  get snapshotIndex(): LogIndex {
    return this.#snapshot === null ? NO_INDEX : this.#snapshot.index;
  }

  /** The term of the entry at `snapshotIndex`. */
  get snapshotTerm(): Term {
    return this.#snapshot === null ? NO_TERM : this.#snapshot.term;
  }

  /** The latest snapshot, which may not be on disk yet. */
  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  /** The index of the latest snapshot that would survive a crash. */
  get durableSnapshotIndex(): number {
    return this.#snapshots.durableIndex;
  }

  /**
   * A random number, drawn when the journal was begun. If the same node has lost its journal and begun a new one, the
   * number tells the two apart.
   */
  get birth(): number {
    return this.#birth;
  }

  /** The first entry still held. */
  get firstIndex(): LogIndex {
    return logIndex(this.#baseIndex + 1);
  }

  /** The last entry; without entries, the index that the snapshot or the compaction left. */
  get lastIndex(): LogIndex {
    return this.#lastIndex as LogIndex;
  }

  /** The term at `lastIndex`. */
  get lastTerm(): Term {
    const last = this.#entries.at(-1);
    return last === undefined ? this.#baseTerm : last.term;
  }

  /** The last index that is durable. A truncation lowers it. */
  get durableIndex(): LogIndex {
    return this.#durableIndex as LogIndex;
  }

  /** Term and vote as set last. */
  get state(): HardState {
    return this.#state;
  }

  /** Term and vote that are certainly on disk. */
  get durableState(): HardState {
    return this.#durableState;
  }

  /** What the node may have acknowledged and then lost, until `resolveDoubt`. */
  get doubt(): Doubt | null {
    return this.#doubt;
  }

  /** Whether the log has changes that no flush has begun to write. */
  get isDirty(): boolean {
    return this.#batch.length > 0 || this.#needsOpening;
  }

  /** Whether a flush is under way. */
  get isFlushing(): boolean {
    return this.#flushing;
  }

  /** The size of the segments, including what is not flushed yet. */
  get bytes(): number {
    return this.#segments.bytes + this.#batch.length;
  }

  /** How many segments hold only entries that the latest durable snapshot covers. They are about to be removed. */
  get idleSegments(): number {
    return this.#segments.idleUpTo(Math.min(this.#baseIndex, this.#snapshots.durableIndex));
  }

  /** Whether a snapshot of the node's own state is staged, and neither taken nor given up. */
  get isSnapshotting(): boolean {
    return this.#snapshots.isStaged;
  }

  /** How many bytes are not durable yet. */
  get unflushedBytes(): number {
    return this.#batch.length + (this.#flushing ? this.#lent.length : 0);
  }

  /** The term at an index; `undefined` if it is compacted away or beyond the end. */
  termAt(index: LogIndex): Term | undefined {
    if (index === this.#baseIndex) return this.#baseTerm;
    if (this.#snapshot !== null && index === this.#snapshot.index) return this.#snapshot.term;
    if (index === 0) return NO_TERM;
    return this.#entries[index - this.#baseIndex - 1]?.term;
  }

  /** The entry at an index; `undefined` if the journal does not hold it. */
  entryAt(index: LogIndex): Entry | undefined {
    return this.#entries[index - this.#baseIndex - 1];
  }

  /**
   * The first entries of `[from, to)` that have no more than `maxBytes` together, counted by `entryBytes`, but at least
   * one. Throws a RangeError if the journal does not hold them.
   */
  slice(from: LogIndex, to: LogIndex, maxBytes: number = Infinity): Entry[] {
    const begin = from - this.#baseIndex - 1;
    const end = to - this.#baseIndex - 1;
    if (begin < 0 || end > this.#entries.length) {
      throw new RangeError(
        `Cannot read entries ${from} to ${to}: the journal holds ${this.firstIndex} to ${this.#lastIndex}`,
      );
    }
    if (maxBytes === Infinity) return this.#entries.slice(begin, end);
    let bytes = 0;
    let i = begin;
    for (; i < end; i++) {
      bytes += entryBytes(this.#entries[i]!);
      if (bytes > maxBytes && i > begin) break;
    }
    return this.#entries.slice(begin, i);
  }

  /** Appends entries, which must follow the last one without a gap. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) this.appendOne(entry);
  }

  /** Appends one entry. Throws a RangeError if it does not follow the last one. */
  appendOne(entry: Entry): void {
    if (entry.index !== this.#lastIndex + 1) {
      throw new RangeError(`Cannot append entry ${entry.index}: the journal ends at ${this.#lastIndex}`);
    }
    this.#entries.push(entry);
    if (entry.index > this.#batchHighest) this.#batchHighest = entry.index;
    writeEntry(this.#openBatch(), entry);
  }

  /** Drops every entry from `from` on. */
  truncate(from: LogIndex): void {
    if (from > this.#lastIndex) return;
    if (from <= this.#baseIndex) {
      throw new RangeError(`Cannot truncate from ${from}: the journal begins after ${this.#baseIndex}`);
    }
    this.#entries.length = from - this.#baseIndex - 1;
    if (this.#durableIndex >= from) this.#durableIndex = from - 1;
    if (this.#flushedIndex >= from) this.#flushedIndex = from - 1;
    writeTruncation(this.#openBatch(), from, this.lastTerm);
  }

  /** Sets term and vote. */
  setState(state: HardState): void {
    this.#state = state;
    writeState(this.#openBatch(), state);
  }

  /** Ends the doubt: the entries that may be lost were replicated again. */
  resolveDoubt(): void {
    if (this.#doubt === null) return;
    this.#doubt = null;
    writeDoubt(this.#openBatch(), null);
  }

  /** Begins to write a snapshot of the node's own state. `compact` takes it. */
  stageSnapshot(): SnapshotDraft {
    return this.#snapshots.stage();
  }

  /** Gives up the snapshot that `stageSnapshot` began. */
  unstageSnapshot(): void {
    this.#snapshots.unstage();
  }

  /**
   * Takes the node's own snapshot, which was staged. Drops the entries before `keepFrom`, and their segments once the
   * snapshot is durable.
   */
  compact(snapshot: Snapshot, keepFrom: LogIndex): void {
    this.#snapshots.take(snapshot, () => this.#dropSegments());
    this.#snapshot = snapshot;
    const kept = Math.min(keepFrom, snapshot.index + 1) - 1;
    if (kept <= this.#baseIndex) return;
    this.#baseTerm = this.termAt(logIndex(kept))!;
    this.#entries = this.#entries.slice(kept - this.#baseIndex);
    this.#baseIndex = kept;
  }

  /** Takes a chunk of a leader's snapshot, in order; `false` if it cannot take it now. */
  receiveSnapshot(snapshot: Snapshot, offset: number, chunk: Uint8Array): boolean {
    return this.#snapshots.receive(snapshot, offset, chunk);
  }

  /** How many bytes of the incoming snapshot are written. */
  get receivedBytes(): number {
    return this.#snapshots.receivedBytes;
  }

  /** Replaces the whole log by the snapshot that was received; `false` if its bytes do not match its identity. */
  restore(snapshot: Snapshot): boolean {
    const isWhole = this.#snapshots.install(snapshot, () => {
      this.#dropSegments();
      if (--this.#installing > 0) return;
      const then = this.#whenInstalled;
      this.#whenInstalled = null;
      then?.();
    });
    if (!isWhole) return false;
    this.#installing++;
    this.#snapshot = snapshot;
    this.#entries = [];
    this.#baseIndex = snapshot.index;
    this.#baseTerm = snapshot.term;
    this.#durableIndex = Math.min(this.#durableIndex, snapshot.index);
    // The current flush still makes durable what it was given before, so messages that wait for it may leave when it
    // ends.
    this.#flushedIndex = Math.min(this.#flushedIndex, snapshot.index);
    this.#batch.clear();
    this.#batchHighest = 0;
    this.#needsOpening = true;
    this.#newBase = { index: snapshot.index, term: snapshot.term };
    return true;
  }

  /**
   * Reads bytes of a snapshot from an offset: at least one, if there are any. `null` means "not yet"; `onProgress` says
   * when to ask again.
   */
  readSnapshot(snapshot: Snapshot, offset: number, maxBytes: number): Uint8Array | null {
    return this.#snapshots.read(snapshot, offset, maxBytes);
  }

  /** Keeps the files of these snapshots, which are being sent, beside that of the latest. */
  holdSnapshots(snapshots: readonly Snapshot[]): void {
    this.#snapshots.hold(snapshots);
  }

  /**
   * Makes durable what the log was given so far. When `done` is called, `durableIndex` and `durableState` have risen.
   *
   * Changes that come during a flush wait for the next one.
   */
  flush(done: DiskDone): void {
    if (this.#flushing) throw new Error("A flush of the journal is under way already");
    if (this.#untold !== null) return done(this.#untold);
    this.#flushing = true;
    this.#onFlushed = done;
    // The journal may begin after its snapshot only once the snapshot is on disk.
    if (this.#installing > 0) this.#whenInstalled = this.#openSegment;
    else if (this.#needsOpening) this.#openSegment();
    else if (this.#segments.isNextDue) this.#writeOpening();
    else this.#writeBatch();
  }

  // These callbacks are made once, not for each flush, because nothing else here happens as often.

  readonly #flushed: DiskDone = (error) => {
    const done = this.#onFlushed!;
    this.#onFlushed = null;
    this.#flushing = false;
    if (error === null) {
      this.#durableState = this.#flushedState;
      if (this.#flushedIndex > this.#durableIndex) this.#durableIndex = this.#flushedIndex;
      if (this.#segments.count > 1) this.#dropSegments();
    }
    done(error);
  };

  readonly #openSegment = (): void => {
    // Another snapshot may have replaced the log meanwhile.
    if (this.#installing > 0) this.#whenInstalled = this.#openSegment;
    else this.#segments.readyNext(() => this.#installing > 0 ? this.#openSegment() : this.#writeOpening());
  };

  /** Begins a segment: repeats what a reader must know of the segments before, and then writes the batch. */
  #writeOpening(): void {
    const records = this.#batch;
    const opened = this.#lent;
    opened.clear();
    beginBatch(opened);
    writeOpening(opened, { number: this.#batchNumber, ...this.#filed });
    if (this.#newBase !== null) writeBase(opened, this.#newBase.index, this.#newBase.term);
    writeState(opened, this.#needsOpening ? this.#state : this.#durableState);
    writeDoubt(opened, this.#flushedDoubt);
    if (records.length > 0) opened.bytes(records.memory.subarray(BATCH_HEADER_BYTES, records.length));
    this.#batch = opened;
    this.#lent = records;
    this.#needsOpening = false;
    this.#newBase = null;
    this.#segments.openNext();
    this.#writeBatch();
  }

  #writeBatch(): void {
    const batch = this.#batch;
    this.#batch = this.#lent;
    this.#batch.clear();
    this.#lent = batch;
    const lastIndex = this.#flushedIndex = this.#lastIndex;
    this.#flushedState = this.#state;
    this.#flushedDoubt = this.#doubt;
    this.#filed = { index: lastIndex, term: this.lastTerm };
    if (batch.length === 0) beginBatch(batch);
    finishBatch(batch, ++this.#batchNumber, { lastIndex, term: this.#state.term }, this.#segments.salt);
    const highest = this.#batchHighest;
    this.#batchHighest = 0;
    this.#segments.write(batch.view(), highest, this.#flushed);
  }

  #openBatch(): ByteWriter {
    if (this.#batch.length === 0) beginBatch(this.#batch);
    return this.#batch;
  }

  /** Drops segments whose entries the log has dropped and a durable snapshot covers. */
  #dropSegments(): void {
    this.#segments.dropTo(Math.min(this.#baseIndex, this.#snapshots.durableIndex));
  }
}

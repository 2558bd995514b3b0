/**
 * A replica's Raft log, on a disk: segments of batches (`segments.ts`), and snapshots in files of their own
 * (`snapshot_store.ts`).
 *
 * The log in memory is ahead of the one on disk: what it is given is gathered into a batch, and `flush` makes the batch
 * durable with one write and one sync. Only one flush is under way at a time, so only the last batch can be torn by a
 * crash.
 *
 * Compaction writes the snapshot first and lets segments go when it is durable. A crash in between leaves a journal
 * that reaches further back than it needs to, which the recovery cuts. An installed snapshot goes the same way, and
 * there the recovery finds a journal that ends before the snapshot.
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

/** What a journal is made of; `openJournal` makes it. */
interface JournalParts {
  readonly disk: Disk;
  readonly identity: JournalIdentity;
  readonly recovered: RecoveredJournal;
  /** A segment that has so many bytes is followed by another. */
  readonly segmentBytes: number;
}

/**
 * A `RaftLog` on a disk.
 *
 * Made by `openJournal`. The host calls `flush` when `isDirty`, one at a time, and treats any failure as the end of the
 * node.
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

  /** The batch that the next flush writes, and a second buffer that the flush under way has lent to the disk. */
  #batch: ByteWriter = new ByteWriter();
  #lent: ByteWriter = new ByteWriter();
  #batchNumber: number;
  /** The highest index of an entry in the batch. */
  #batchHighest = 0;
  /** The log's end as the batches before have it. */
  #filed: { index: number; term: number };
  #flushing = false;
  /** Told of the end of the flush under way. */
  #onFlushed: DiskDone | null = null;
  /** The last index of the flush under way that still stands; a truncation lowers it. */
  #flushedIndex = 0;
  #flushedState: HardState;
  #flushedDoubt: Doubt | null;

  /**
   * Whether the segments lack something that the next one must begin with: the log was replaced, or the last segment's
   * end is damaged.
   */
  #needsOpening: boolean;
  /** The log begins anew after this entry, which the segments do not say yet. */
  #newBase: { readonly index: number; readonly term: number } | null = null;
  /** Snapshots that the log was replaced by and that are not durable. */
  #installing = 0;
  #whenInstalled: (() => void) | null = null;

  /** Told of a failure outside a flush. */
  onFailure: ((error: Error) => void) | null = null;
  /** Told that bytes of a snapshot were read or written for which somebody waits. */
  onProgress: (() => void) | null = null;

  /** Use `openJournal`. */
  constructor({ disk, identity, recovered, segmentBytes }: JournalParts) {
    const onFailure = (error: Error): void => this.onFailure?.(error);
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

  /** The index up to which the snapshot holds everything; 0 without one. */
  get snapshotIndex(): LogIndex {
    return this.#snapshot === null ? NO_INDEX : this.#snapshot.index;
  }

  /** The term of the entry at `snapshotIndex`. */
  get snapshotTerm(): Term {
    return this.#snapshot === null ? NO_TERM : this.#snapshot.term;
  }

  /** The latest snapshot, which may still be on its way to the disk. */
  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  /** The index of the latest snapshot that a crash leaves. */
  get durableSnapshotIndex(): number {
    return this.#snapshots.durableIndex;
  }

  /**
   * The number that was drawn when the journal was begun: it tells a journal from another that the same node began
   * anew, and knows nothing of the first.
   */
  get birth(): number {
    return this.#birth;
  }

  /** The first entry still held. */
  get firstIndex(): LogIndex {
    return logIndex(this.#baseIndex + 1);
  }

  /** The last entry, or what the snapshot or the compaction left as its index. */
  get lastIndex(): LogIndex {
    return this.#lastIndex as LogIndex;
  }

  /** The term at `lastIndex`. */
  get lastTerm(): Term {
    const last = this.#entries.at(-1);
    return last === undefined ? this.#baseTerm : last.term;
  }

  /** Up to where the entries are durable. Falls with a truncation. */
  get durableIndex(): LogIndex {
    return this.#durableIndex as LogIndex;
  }

  /** Term and vote as last given. */
  get state(): HardState {
    return this.#state;
  }

  /** Term and vote as the disk has them for certain. */
  get durableState(): HardState {
    return this.#durableState;
  }

  /** What the node may have acknowledged and lost, until `resolveDoubt`. */
  get doubt(): Doubt | null {
    return this.#doubt;
  }

  /** Whether the log was given something that no flush has begun to write. */
  get isDirty(): boolean {
    return this.#batch.length > 0 || this.#needsOpening;
  }

  /** Whether a flush is under way. */
  get isFlushing(): boolean {
    return this.#flushing;
  }

  /** Bytes of the segments with everything that was given to them so far. */
  get bytes(): number {
    return this.#segments.bytes + this.#batch.length;
  }

  /** Bytes that were given and are not durable. */
  get unflushedBytes(): number {
    return this.#batch.length + (this.#flushing ? this.#lent.length : 0);
  }

  /** The term at an index; `undefined` where it is compacted away or beyond the end. */
  termAt(index: LogIndex): Term | undefined {
    if (index === this.#baseIndex) return this.#baseTerm;
    if (this.#snapshot !== null && index === this.#snapshot.index) return this.#snapshot.term;
    if (index === 0) return NO_TERM;
    return this.#entries[index - this.#baseIndex - 1]?.term;
  }

  /** The entry at an index, where it is held. */
  entryAt(index: LogIndex): Entry | undefined {
    return this.#entries[index - this.#baseIndex - 1];
  }

  /**
   * The entries of `[from, to)`, at least one and then no more than `maxBytes`, counted by `entryBytes`. A RangeError
   * if they are not held.
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

  /** Adds entries, contiguous after the last. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) this.appendOne(entry);
  }

  /** Adds one entry after the last. A RangeError if it does not follow. */
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

  /** What was in doubt was replicated again. */
  resolveDoubt(): void {
    if (this.#doubt === null) return;
    this.#doubt = null;
    writeDoubt(this.#openBatch(), null);
  }

  /** Begins to write the node's own state. `compact` takes it as the snapshot. */
  stageSnapshot(): SnapshotDraft {
    return this.#snapshots.stage();
  }

  /** Gives up what `stageSnapshot` began. */
  unstageSnapshot(): void {
    this.#snapshots.unstage();
  }

  /**
   * Takes the node's own snapshot, which was staged: the entries before `keepFrom` go, and their segments when the
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

  /** Takes a chunk of a leader's snapshot, in order; `false`: not now. */
  receiveSnapshot(snapshot: Snapshot, offset: number, chunk: Uint8Array): boolean {
    return this.#snapshots.receive(snapshot, offset, chunk);
  }

  /** How much of the snapshot that comes in is written. */
  get receivedBytes(): number {
    return this.#snapshots.receivedBytes;
  }

  /**
   * Puts the snapshot that has come in in the place of the whole log; `false` if its bytes are not those that it names.
   */
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
    // A flush under way still makes durable what it was given before: what waits for it may leave when it ends.
    this.#flushedIndex = Math.min(this.#flushedIndex, snapshot.index);
    this.#batch.clear();
    this.#batchHighest = 0;
    this.#needsOpening = true;
    this.#newBase = { index: snapshot.index, term: snapshot.term };
    return true;
  }

  /**
   * Bytes of a snapshot's data from an offset: at least one, where there are any; `null`: not yet, `onProgress` tells
   * when to ask again.
   */
  readSnapshot(snapshot: Snapshot, offset: number, maxBytes: number): Uint8Array | null {
    return this.#snapshots.read(snapshot, offset, maxBytes);
  }

  /** Keeps these snapshots beside the latest, as they are being sent. */
  holdSnapshots(snapshots: readonly Snapshot[]): void {
    this.#snapshots.hold(snapshots);
  }

  /**
   * Makes durable what the log was given so far; `durableIndex` and `durableState` have risen when `done` is called.
   *
   * What is given while it is under way waits for the next flush.
   */
  flush(done: DiskDone): void {
    if (this.#flushing) throw new Error("A flush of the journal is under way already");
    this.#flushing = true;
    this.#onFlushed = done;
    // The journal may begin after its snapshot only when the snapshot is on disk.
    if (this.#installing > 0) this.#whenInstalled = this.#openSegment;
    else if (this.#needsOpening) this.#openSegment();
    else if (this.#segments.isNextDue) this.#writeOpening();
    else this.#writeBatch();
  }

  // What every flush tells the disk to call is made once: of flushes there are more than of anything else here.

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
    // Another snapshot may have taken the log's place meanwhile.
    if (this.#installing > 0) this.#whenInstalled = this.#openSegment;
    else this.#segments.readyNext(() => this.#installing > 0 ? this.#openSegment() : this.#writeOpening());
  };

  /** Begins a segment: with what it has to be told of those before, and then the batch. */
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

  /** Entries that the log has let go, and that a durable snapshot covers, are needed by nobody. */
  #dropSegments(): void {
    this.#segments.dropTo(Math.min(this.#baseIndex, this.#snapshots.durableIndex));
  }
}

/**
 * A replica's Raft log, on a disk of four verbs: one append-only file of batches, and a file for the snapshot.
 *
 * The log in memory is ahead of the one on disk: what it is given is gathered into a batch, and `flush` makes the batch durable with one append and
 * one sync. Only one flush is under way at a time, so only the last batch of the file can be torn by a crash.
 *
 * Compaction replaces the snapshot first and the journal after it. A crash in between leaves a journal that reaches further back than it needs to,
 * which the recovery cuts. An installed snapshot goes the same way, and there the recovery finds a journal that ends before the snapshot.
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
  beginBatch,
  finishBatch,
  finishHeader,
  type JournalIdentity,
  writeBase,
  writeEntry,
  writeHeader,
  writeSnapshot,
  writeState,
  writeTruncation,
} from "./journal_format.ts";
import { type RecoveredJournal, recoverJournal } from "./journal_recovery.ts";

/** The names of the two files of a journal. */
export const JOURNAL_FILE = "journal";
/** The snapshot's file. */
export const SNAPSHOT_FILE = "snapshot";

const NO_INDEX: LogIndex = logIndex(0);
const NO_TERM: Term = term(0);

/**
 * A `RaftLog` on a disk.
 *
 * Made by `openJournal`. The host calls `flush` when `isDirty`, one at a time, and treats any failure as the end of the node.
 */
export class Journal implements RaftLog {
  readonly #disk: Disk;
  readonly #identity: JournalIdentity;
  readonly #salt: number;

  /** `#entries[i]` has the index `#baseIndex + 1 + i`. */
  #entries: Entry[];
  #baseIndex: number;
  #baseTerm: Term;
  #snapshot: Snapshot | null;
  #state: HardState;
  #durableState: HardState;
  #durableIndex: number;

  /** The batch that the next flush appends, and a second buffer that the flush under way has lent to the disk. */
  #batch: ByteWriter = new ByteWriter();
  #lent: ByteWriter = new ByteWriter();
  #batchNumber: number;
  #fileBytes: number;
  #flushing = false;
  /** Told of the end of the flush under way. */
  #onFlushed: DiskDone | null = null;
  /** Why the append of the flush under way failed. */
  #appendError: Error | null = null;
  /** The last index of the flush under way that still stands; a truncation lowers it. */
  #flushedIndex = 0;
  #flushedState: HardState;

  /** A snapshot on its way to the disk, and the one that waits behind it. */
  #snapshotUnderWay = false;
  #snapshotWaiting: Snapshot | null = null;
  /** Called when no snapshot is under way or waiting. */
  #afterSnapshots: (() => void) | null = null;
  /** Whether the log was replaced by a snapshot that is not durable yet. */
  #restored = false;
  /** Whether the file holds entries that a durable snapshot has made needless. */
  #rewriteDue = false;

  /** Told of a failure outside a flush. */
  onFailure: ((error: Error) => void) | null = null;

  /** Use `openJournal`. */
  constructor(disk: Disk, identity: JournalIdentity, recovered: RecoveredJournal) {
    this.#disk = disk;
    this.#identity = identity;
    this.#salt = recovered.salt;
    this.#entries = recovered.entries;
    this.#baseIndex = recovered.baseIndex;
    this.#baseTerm = term(recovered.baseTerm);
    this.#snapshot = recovered.snapshot;
    this.#state = recovered.state;
    this.#durableState = recovered.state;
    this.#flushedState = recovered.state;
    this.#durableIndex = this.#lastIndex;
    this.#batchNumber = recovered.batches;
    this.#fileBytes = recovered.fileBytes;
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

  /** The number that was drawn when the journal was begun: it tells a journal from another that the same node began anew, and knows nothing of the first. */
  get birth(): number {
    return this.#salt;
  }

  /** The snapshot, which may still be on its way to the disk. */
  get snapshot(): Snapshot | null {
    return this.#snapshot;
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

  /** Whether the log was given something that no flush has begun to write. */
  get isDirty(): boolean {
    return this.#batch.length > 0 || this.#restored;
  }

  /** Whether a flush is under way. */
  get isFlushing(): boolean {
    return this.#flushing;
  }

  /** Bytes of the journal's file with everything that was given to it so far. */
  get bytes(): number {
    return this.#fileBytes + this.#batch.length;
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

  /** The entries of `[from, to)`, at least one and then no more than `maxBytes`, counted by `entryBytes`. A RangeError if they are not held. */
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
    writeTruncation(this.#openBatch(), from);
  }

  /** Sets term and vote. */
  setState(state: HardState): void {
    this.#state = state;
    writeState(this.#openBatch(), state);
  }

  /** Takes the node's own snapshot: the entries before `keepFrom` go. The snapshot is written beside what goes on. */
  compact(snapshot: Snapshot, keepFrom: LogIndex): void {
    this.#snapshot = snapshot;
    const kept = Math.min(keepFrom, snapshot.index + 1) - 1;
    if (kept > this.#baseIndex) {
      this.#baseTerm = this.termAt(logIndex(kept))!;
      this.#entries = this.#entries.slice(kept - this.#baseIndex);
      this.#baseIndex = kept;
    }
    this.#snapshotWaiting = snapshot;
    this.#writeSnapshots();
  }

  /** Takes an installed snapshot that the log does not match: the whole log is replaced by it. */
  restore(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#entries = [];
    this.#baseIndex = snapshot.index;
    this.#baseTerm = snapshot.term;
    this.#durableIndex = Math.min(this.#durableIndex, snapshot.index);
    this.#flushedIndex = 0;
    this.#restored = true;
    this.#snapshotWaiting = snapshot;
    this.#writeSnapshots();
  }

  #openBatch(): ByteWriter {
    if (this.#batch.length === 0) beginBatch(this.#batch);
    return this.#batch;
  }

  /**
   * Makes durable what the log was given so far; `durableIndex` and `durableState` have risen when `done` is called.
   *
   * What is given while it is under way waits for the next flush.
   */
  flush(done: DiskDone): void {
    if (this.#flushing) throw new Error("A flush of the journal is under way already");
    this.#flushing = true;
    this.#flushedIndex = this.#lastIndex;
    this.#flushedState = this.#state;
    this.#onFlushed = done;
    if (this.#restored) this.#flushRestored();
    else if (this.#rewriteDue && !this.#snapshotUnderWay) this.#rewrite();
    else this.#appendBatch();
  }

  // What every flush tells the disk to call is made once: of flushes there are more than of anything else here.

  readonly #flushed: DiskDone = (error) => {
    const done = this.#onFlushed!;
    this.#onFlushed = null;
    this.#flushing = false;
    if (error === null) {
      this.#durableState = this.#flushedState;
      if (this.#flushedIndex > this.#durableIndex) this.#durableIndex = this.#flushedIndex;
    }
    done(error);
  };

  readonly #appended: DiskDone = (error) => {
    this.#appendError = error;
  };

  readonly #synced: DiskDone = (error) => this.#flushed(this.#appendError ?? error);

  #appendBatch(): void {
    const batch = this.#batch;
    this.#batch = this.#lent;
    this.#batch.clear();
    this.#lent = batch;
    if (batch.length === 0) beginBatch(batch);
    finishBatch(batch, 0, ++this.#batchNumber, this.#salt);
    this.#fileBytes += batch.length;
    this.#appendError = null;
    this.#disk.append(JOURNAL_FILE, batch.view(), this.#appended);
    this.#disk.sync(JOURNAL_FILE, this.#synced);
  }

  /** The journal may begin after its snapshot only when the snapshot is on disk. */
  #flushRestored(): void {
    const rewrite = (): void => {
      this.#restored = false;
      // What came in since the flush began is in the log, and so in the file.
      this.#flushedIndex = this.#lastIndex;
      this.#flushedState = this.#state;
      this.#rewrite();
    };
    if (this.#snapshotUnderWay) this.#afterSnapshots = rewrite;
    else rewrite();
  }

  /** Puts a journal of what is still needed in the place of the old one. */
  #rewrite(): void {
    this.#rewriteDue = false;
    this.#batch.clear();
    this.#batchNumber = 1;
    const file = wholeJournal(this.#identity, this.#salt, {
      state: this.#state,
      baseIndex: this.#baseIndex,
      baseTerm: this.#baseTerm,
      entries: this.#entries,
    });
    this.#fileBytes = file.length;
    this.#disk.replace(JOURNAL_FILE, file, this.#flushed);
  }

  #writeSnapshots(): void {
    const snapshot = this.#snapshotWaiting;
    if (this.#snapshotUnderWay || snapshot === null) return;
    this.#snapshotWaiting = null;
    this.#snapshotUnderWay = true;
    const writer = new ByteWriter(snapshot.data.length + 512);
    writeSnapshot(writer, this.#identity, snapshot);
    this.#disk.replace(SNAPSHOT_FILE, writer.view(), (error) => {
      this.#snapshotUnderWay = false;
      if (error !== null) return this.onFailure?.(error);
      this.#rewriteDue = true;
      this.#writeSnapshots();
      if (this.#snapshotUnderWay) return;
      const after = this.#afterSnapshots;
      this.#afterSnapshots = null;
      after?.();
    });
  }
}

/** The bytes of a journal that is written at once. */
export function wholeJournal(
  identity: JournalIdentity,
  salt: number,
  log: Pick<RecoveredJournal, "state" | "baseIndex" | "baseTerm" | "entries">,
): Uint8Array {
  const writer = new ByteWriter(1024);
  writeHeader(writer, identity, salt);
  const from = writer.length;
  beginBatch(writer);
  writeState(writer, log.state);
  writeBase(writer, log.baseIndex, log.baseTerm);
  for (const entry of log.entries) writeEntry(writer, entry);
  finishBatch(writer, from, 1, salt);
  finishHeader(writer);
  return writer.view();
}

/**
 * Opens a node's journal, or makes a new one where there is none.
 *
 * A torn last batch is cut off. What was read is made durable before `done` is called, so that the node may speak of it.
 *
 * @param done Gets a `JournalDamagedError` if something is lost that may have been acknowledged, a `JournalIdentityError` if it belongs to another
 * cluster, node or version, or the disk's error.
 * @param salt Any 32 bits that clients cannot know, the `birth` of a new journal; an old one has its own.
 */
export function openJournal(
  disk: Disk,
  identity: JournalIdentity,
  done: (error: Error | null, journal: Journal | null) => void,
  salt: number = 0,
): void {
  const finish = (recovered: RecoveredJournal) => (error: Error | null): void => {
    if (error !== null) done(error, null);
    else done(null, new Journal(disk, identity, recovered));
  };
  disk.read(SNAPSHOT_FILE, (snapshotError, snapshotBytes) => {
    if (snapshotError !== null) return done(snapshotError, null);
    disk.read(JOURNAL_FILE, (journalError, journalBytes) => {
      if (journalError !== null) return done(journalError, null);
      let recovered: RecoveredJournal;
      try {
        recovered = recoverJournal(identity, snapshotBytes, journalBytes, salt >>> 0);
      } catch (error) {
        return done(error as Error, null);
      }
      if (recovered.isWhole) return disk.sync(JOURNAL_FILE, finish(recovered));
      const file = wholeJournal(identity, recovered.salt, recovered);
      disk.replace(JOURNAL_FILE, file, finish({ ...recovered, batches: 1, fileBytes: file.length }));
    });
  });
}

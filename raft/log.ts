/**
 * The log that a node writes through, and `MemLog`, which keeps it in memory.
 *
 * ```text
 *        snapshot covers ..snapshotIndex            firstIndex may lie before it: entries kept for slow followers
 *   ─────────────────────────┤
 *               ├────────────┼───────────────┼──────────────┤
 *               firstIndex                   durableIndex   lastIndex
 * ```
 *
 * @module
 */
import { crc32c } from "./crc32c.ts";
import {
  type Doubt,
  type Entry,
  type HardState,
  isSameSnapshot,
  type LogIndex,
  type Snapshot,
  type SnapshotContent,
  type Term,
} from "./types.ts";

/**
 * A log, and what else must outlive a restart. A host that is to survive one implements it on a disk.
 *
 * Writing methods return at once; what was given becomes durable later, all of it in the order in which it was given,
 * and the host then calls `persisted()` of the node. Reading methods see what was written at once.
 */
export interface RaftLog {
  /** The last entry that the snapshot covers; 0 without a snapshot. */
  readonly snapshotIndex: LogIndex;
  /** That entry's term; 0 without a snapshot. */
  readonly snapshotTerm: Term;
  /** The latest snapshot. */
  readonly snapshot: Snapshot | null;
  /** The first entry that is still held, `lastIndex + 1` where none is. Never above `snapshotIndex + 1`. */
  readonly firstIndex: LogIndex;
  /** The last entry, or `snapshotIndex` where there is none after it. */
  readonly lastIndex: LogIndex;
  /** Its term. */
  readonly lastTerm: Term;
  /**
   * Up to where the log is durable. It falls with a truncation, and a sync raises it only to what was appended before
   * the sync began.
   */
  readonly durableIndex: LogIndex;
  /** What was last set. */
  readonly state: HardState;
  /** What of it is durable. */
  readonly durableState: HardState;
  /**
   * The term of an entry; also for `snapshotIndex`, and 0 for index 0. `undefined` where it was compacted away or is
   * beyond the end.
   */
  termAt(index: LogIndex): Term | undefined;
  /** An entry; `undefined` where it was compacted away or is beyond the end. */
  entryAt(index: LogIndex): Entry | undefined;
  /**
   * The entries of `[from, to)`; of these the first ones that are together no larger than `maxBytes` (counted by
   * `entryBytes`), but at least one.
   *
   * @throws {RangeError} Where the range is not all held.
   */
  slice(from: LogIndex, to: LogIndex, maxBytes?: number): Entry[];
  /**
   * Adds entries at the end.
   *
   * @throws {RangeError} Where they do not follow it without a gap.
   */
  append(entries: readonly Entry[]): void;
  /** Adds one entry at the end, as `append` does. */
  appendOne(entry: Entry): void;
  /**
   * Drops every entry from `from` on.
   *
   * @throws {RangeError} Where `from` is not above `snapshotIndex`.
   */
  truncate(from: LogIndex): void;
  /** Sets term and vote. */
  setState(state: HardState): void;
  /**
   * Takes a snapshot of what was applied, whose bytes the host has given to the log: the entries before `keepFrom` go,
   * those from there on stay.
   *
   * @throws {RangeError} Where the log does not have those bytes.
   */
  compact(snapshot: Snapshot, keepFrom: LogIndex): void;
  /**
   * Bytes of the latest snapshot, or of one that is held: from `offset`, at most `maxBytes`, at least one unless there
   * are none. `null`: not yet; when they are at hand, the host calls `broadcast()`.
   */
  readSnapshot(snapshot: Snapshot, offset: number, maxBytes: number): Uint8Array | null;
  /** The snapshots that are being sent: the log keeps their bytes, besides those of its latest. */
  holdSnapshots(snapshots: readonly Snapshot[]): void;
  /**
   * Takes bytes of a leader's snapshot, in order; those from offset 0 begin anew. They are not copied.
   *
   * @returns Whether it did: a log whose disk is behind may refuse them for now.
   */
  receiveSnapshot(snapshot: Snapshot, offset: number, chunk: Uint8Array): boolean;
  /** How many bytes of the snapshot that comes in are written. When it rises, the host calls `persisted()`. */
  readonly receivedBytes: number;
  /**
   * Puts the snapshot that has come in in place of the whole log. Term and vote stay.
   *
   * @returns `false`, and nothing has changed, where its bytes do not match its digest.
   */
  restore(snapshot: Snapshot): boolean;
  /** What the node may have acknowledged and lost; left out by a log that never is in doubt. */
  readonly doubt?: Doubt | null;
  /** What was in doubt was replicated again. */
  resolveDoubt?(): void;
}

/** What an entry counts for where bytes are bounded: its data, and 24 bytes for the rest of it. */
export function entryBytes({ data }: Pick<Entry, "data">): number {
  return data.length + 24;
}

/** Where a node without a past begins. */
export const initialState: HardState = { term: 0 as Term, votedFor: null };

/**
 * A log in memory: everything is durable at once, and gone with the process. For tests, simulations, and hosts that
 * persist elsewhere.
 *
 * | | cost |
 * |---|---|
 * | `append`, `truncate` | the entries given or dropped |
 * | `termAt`, `entryAt` | constant |
 * | `slice` | the entries returned |
 * | `compact` | the entries dropped, over all calls together |
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { logIndex, MemLog, term } from "@kayadb/raft/raft";
 *
 * const log = new MemLog();
 * log.appendOne({ index: logIndex(1), term: term(1), kind: "command", data: new Uint8Array([7]) });
 * assert.equal(log.termAt(logIndex(1)), 1);
 * assert.equal(log.durableIndex, 1);
 * ```
 */
export class MemLog implements RaftLog {
  // entries[head] is the entry at firstIndex; what lies before head was dropped and is not referred to any more
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #firstIndex = 1;
  #lastIndex = 0;
  #lastTerm = 0;
  #snapshotIndex = 0;
  #snapshotTerm = 0;
  #snapshot: Snapshot | null = null;
  #state: HardState = initialState;
  // The bytes of the snapshots: the latest, those that are sent, the one that comes in, and what was staged.
  #contents: { readonly snapshot: Snapshot; readonly data: Uint8Array }[] = [];
  #held: readonly Snapshot[] = [];
  #incoming: { readonly snapshot: Snapshot; readonly chunks: Uint8Array[]; bytes: number } | null = null;
  #staged: Uint8Array | null = null;

  get snapshotIndex(): LogIndex {
    return this.#snapshotIndex as LogIndex;
  }
  get snapshotTerm(): Term {
    return this.#snapshotTerm as Term;
  }
  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }
  get firstIndex(): LogIndex {
    return this.#firstIndex as LogIndex;
  }
  get lastIndex(): LogIndex {
    return this.#lastIndex as LogIndex;
  }
  get lastTerm(): Term {
    return this.#lastTerm as Term;
  }
  get durableIndex(): LogIndex {
    return this.#lastIndex as LogIndex;
  }
  get state(): HardState {
    return this.#state;
  }
  get durableState(): HardState {
    return this.#state;
  }

  termAt(index: LogIndex): Term | undefined {
    if (index === this.#lastIndex) return this.#lastTerm as Term;
    if (index >= this.#firstIndex && index < this.#lastIndex) {
      return this.#entries[this.#head + index - this.#firstIndex]!.term;
    }
    return index === this.#snapshotIndex ? this.#snapshotTerm as Term : undefined;
  }

  entryAt(index: LogIndex): Entry | undefined {
    if (index < this.#firstIndex || index > this.#lastIndex) return undefined;
    return this.#entries[this.#head + index - this.#firstIndex];
  }

  slice(from: LogIndex, to: LogIndex, maxBytes: number = Infinity): Entry[] {
    if (from < this.#firstIndex || to > this.#lastIndex + 1 || from > to) {
      throw new RangeError(
        `Cannot slice [${from}, ${to}): the log holds [${this.#firstIndex}, ${this.#lastIndex + 1})`,
      );
    }
    const start = this.#head + from - this.#firstIndex;
    const end = start + to - from;
    if (end - start === 1) return [this.#entries[start]!];
    let fits = start;
    for (let bytes = 0; fits < end; fits++) {
      bytes += entryBytes(this.#entries[fits]!);
      if (bytes > maxBytes && fits > start) break;
    }
    return this.#entries.slice(start, fits) as Entry[];
  }

  append(entries: readonly Entry[]): void {
    for (let i = 0; i < entries.length; i++) this.appendOne(entries[i]!);
  }

  appendOne(entry: Entry): void {
    if (entry.index !== this.#lastIndex + 1 || entry.term < this.#lastTerm) {
      throw new RangeError(
        `Cannot append entry ${entry.index} of term ${entry.term}: the log ends at ${this.#lastIndex} of term ${this.#lastTerm}`,
      );
    }
    this.#entries.push(entry);
    this.#lastIndex = entry.index;
    this.#lastTerm = entry.term;
  }

  truncate(from: LogIndex): void {
    if (from <= this.#snapshotIndex) {
      throw new RangeError(`Cannot truncate from ${from}: the snapshot covers everything up to ${this.#snapshotIndex}`);
    }
    if (from > this.#lastIndex) return;
    this.#lastTerm = this.termAt(from - 1 as LogIndex)!;
    this.#lastIndex = from - 1;
    this.#entries.length = this.#head + from - this.#firstIndex;
  }

  setState(state: HardState): void {
    this.#state = state;
  }

  compact(snapshot: Snapshot, keepFrom: LogIndex): void {
    if (snapshot.index <= this.#snapshotIndex || snapshot.index > this.#lastIndex || keepFrom > snapshot.index + 1) {
      throw new RangeError(
        `Cannot compact to ${snapshot.index}, keeping from ${keepFrom}: the snapshot is at ${this.#snapshotIndex}, the log ends at ${this.#lastIndex}`,
      );
    }
    const staged = this.#staged;
    if (staged === null || staged.length !== snapshot.bytes || crc32c(staged) !== snapshot.digest) {
      throw new RangeError(`Cannot compact to ${snapshot.index}: the log was not given these ${snapshot.bytes} bytes`);
    }
    this.#staged = null;
    this.#keep(snapshot, staged);
    this.#snapshotIndex = snapshot.index;
    this.#snapshotTerm = snapshot.term;
    for (let index = this.#firstIndex; index < keepFrom; index++) this.#entries[this.#head++] = undefined;
    this.#firstIndex = Math.max(this.#firstIndex, keepFrom);
    // Moving what is left once it is the smaller half keeps the cost of a dropped entry constant.
    if (this.#head > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  get receivedBytes(): number {
    return this.#incoming?.bytes ?? 0;
  }

  /** The bytes of the latest snapshot; `null` without one. */
  get snapshotData(): Uint8Array | null {
    return this.#contents.at(-1)?.data ?? null;
  }

  /**
   * Takes the bytes of a snapshot that the host is about to `compact` to.
   *
   * @param data They are not copied: they must not be changed afterwards.
   * @returns What the node is told of them.
   */
  stage(data: Uint8Array): SnapshotContent {
    this.#staged = data;
    return { bytes: data.length, digest: crc32c(data) };
  }

  readSnapshot(snapshot: Snapshot, offset: number, maxBytes: number): Uint8Array | null {
    const content = this.#contents.find((one) => isSameSnapshot(one.snapshot, snapshot));
    if (content === undefined) throw new RangeError(`Cannot read the snapshot at ${snapshot.index}: it is not held`);
    return content.data.subarray(offset, offset + maxBytes);
  }

  holdSnapshots(snapshots: readonly Snapshot[]): void {
    this.#held = snapshots;
    this.#dropContents();
  }

  receiveSnapshot(snapshot: Snapshot, offset: number, chunk: Uint8Array): boolean {
    const isAnother = this.#incoming === null || !isSameSnapshot(this.#incoming.snapshot, snapshot);
    if (offset === 0) this.#incoming = { snapshot, chunks: [], bytes: 0 };
    else if (isAnother) return false;
    const incoming = this.#incoming!;
    if (offset !== incoming.bytes) return false;
    incoming.chunks.push(chunk);
    incoming.bytes += chunk.length;
    return true;
  }

  restore(snapshot: Snapshot): boolean {
    const incoming = this.#incoming;
    this.#incoming = null;
    if (incoming === null || !isSameSnapshot(incoming.snapshot, snapshot)) return false;
    const data = joined(incoming.chunks, incoming.bytes);
    if (data.length !== snapshot.bytes || crc32c(data) !== snapshot.digest) return false;
    this.#keep(snapshot, data);
    this.#snapshotIndex = this.#lastIndex = snapshot.index;
    this.#snapshotTerm = this.#lastTerm = snapshot.term;
    this.#firstIndex = snapshot.index + 1;
    this.#entries = [];
    this.#head = 0;
    return true;
  }

  #keep(snapshot: Snapshot, data: Uint8Array): void {
    this.#snapshot = snapshot;
    this.#contents.push({ snapshot, data });
    this.#dropContents();
  }

  #dropContents(): void {
    this.#contents = this.#contents.filter(({ snapshot }) =>
      snapshot === this.#snapshot || this.#held.some((held) => isSameSnapshot(held, snapshot))
    );
  }
}

function joined(chunks: readonly Uint8Array[], totalBytes: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(totalBytes);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/**
 * The last index of `[low, high]` whose entry's term is not above `term`. Terms never fall along a log, so halving
 * finds it.
 *
 * @param log The log.
 * @param low An index that is taken for the answer without being looked at.
 * @param high Not beyond the log's end.
 * @param term The bound.
 * @returns The index; what was compacted away counts as not above.
 */
export function lastIndexWithTermAtMost(log: RaftLog, low: LogIndex, high: LogIndex, term: Term): LogIndex {
  let least: number = low;
  let most: number = high;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if ((log.termAt(middle as LogIndex) ?? 0) <= term) least = middle;
    else most = middle - 1;
  }
  return least as LogIndex;
}

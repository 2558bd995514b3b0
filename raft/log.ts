/**
 * The interface of the log that a node writes to, and `MemLog`, which keeps a log in memory.
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
 * A log, with the other state that must survive a restart. A host whose node survives restarts implements it on a disk.
 *
 * Writing methods return at once. What they wrote becomes durable later, in the order of the calls, and the host then
 * calls the node's `persisted()`. Reading methods see written data at once.
 */
export interface RaftLog {
  /** The last entry that the snapshot covers; 0 without a snapshot. */
  readonly snapshotIndex: LogIndex;
  /** That entry's term; 0 without a snapshot. */
  readonly snapshotTerm: Term;
  /** The latest snapshot. */
  readonly snapshot: Snapshot | null;
  /** The first entry that the log still holds, or `lastIndex + 1` if it holds none. Never above `snapshotIndex + 1`. */
  readonly firstIndex: LogIndex;
  /** The last entry, or `snapshotIndex` if there is none after it. */
  readonly lastIndex: LogIndex;
  /** The last entry's term. */
  readonly lastTerm: Term;
  /**
   * The last index that is durable. A truncation lowers it, and a sync raises it only to what was appended before the
   * sync began.
   */
  readonly durableIndex: LogIndex;
  /** The last value given to `setState`. */
  readonly state: HardState;
  /** The last such value that is durable. */
  readonly durableState: HardState;
  /**
   * The term of an entry; also of `snapshotIndex`, and 0 for index 0. `undefined` if the entry was compacted away or is
   * beyond the end.
   */
  termAt(index: LogIndex): Term | undefined;
  /** An entry; `undefined` if it was compacted away or is beyond the end. */
  entryAt(index: LogIndex): Entry | undefined;
  /**
   * The first entries of `[from, to)` that are together no larger than `maxBytes` (counted by `entryBytes`), but at
   * least one.
   *
   * @throws {RangeError} If the log does not hold the whole range.
   */
  slice(from: LogIndex, to: LogIndex, maxBytes?: number): Entry[];
  /**
   * Adds entries at the end.
   *
   * @throws {RangeError} If they do not continue the log without a gap.
   */
  append(entries: readonly Entry[]): void;
  /** Adds one entry at the end, as `append` does. */
  appendOne(entry: Entry): void;
  /**
   * Drops every entry from `from` on.
   *
   * @throws {RangeError} If `from` is not above `snapshotIndex`.
   */
  truncate(from: LogIndex): void;
  /** Sets term and vote. */
  setState(state: HardState): void;
  /**
   * Takes a snapshot of the applied state, whose bytes the host has given to the log before. Drops the entries before
   * `keepFrom`, and keeps those from there on.
   *
   * @throws {RangeError} If the log does not have those bytes.
   */
  compact(snapshot: Snapshot, keepFrom: LogIndex): void;
  /**
   * Reads bytes of the latest snapshot, or of one that is held: from `offset`, at most `maxBytes`, at least one unless
   * there are none. `null` means "not yet": when the bytes are available, the host calls `broadcast()`.
   */
  readSnapshot(snapshot: Snapshot, offset: number, maxBytes: number): Uint8Array | null;
  /** Names the snapshots that are being sent. The log keeps their bytes, besides those of its latest. */
  holdSnapshots(snapshots: readonly Snapshot[]): void;
  /**
   * Receives bytes of a leader's snapshot, in order. Bytes at offset 0 start it again. They are not copied.
   *
   * @returns Whether the log took them. A log whose disk is behind may refuse them for now.
   */
  receiveSnapshot(snapshot: Snapshot, offset: number, chunk: Uint8Array): boolean;
  /** How many bytes of the incoming snapshot are written. When it rises, the host calls `persisted()`. */
  readonly receivedBytes: number;
  /**
   * Replaces the whole log by the snapshot that was received. Term and vote stay.
   *
   * @returns `false` if the bytes do not match the digest; then nothing has changed.
   */
  restore(snapshot: Snapshot): boolean;
  /** What the node may have acknowledged and then lost. Left out by a log that is never in doubt. */
  readonly doubt?: Doubt | null;
  /** Ends the doubt: the entries that may be lost were replicated again. */
  resolveDoubt?(): void;
}

/** How much an entry counts towards limits in bytes: its data, and 24 bytes for its other fields. */
export function entryBytes({ data }: Pick<Entry, "data">): number {
  return data.length + 24;
}

/** The state of a node that has never run. */
export const initialState: HardState = { term: 0 as Term, votedFor: null };

/**
 * A log in memory. Everything is durable at once, and gone with the process. For tests, simulations, and hosts that
 * persist the log in another way.
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
  // The bytes of snapshots: the latest, those being sent, the incoming one, and the staged one.
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
    // The array moves only when at least half of it is unused, so dropping an entry costs constant time.
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
   * Takes the bytes of a snapshot for which the host will call `compact`.
   *
   * @param data The bytes. They are not copied, so they must not change afterwards.
   * @returns The snapshot's size and digest, for `compact`.
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
 * The last index of `[low, high]` whose entry's term is not above `term`, by binary search: terms never fall along a
 * log.
 *
 * @param log The log.
 * @param low The answer if no later index qualifies. Its own term is not looked at.
 * @param high At most the log's last index.
 * @param term The bound.
 * @returns The index. Entries that were compacted away count as not above `term`.
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

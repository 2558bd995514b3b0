/**
 * Recovers the log of a node after a crash, from the bytes of its segments and the identity of its snapshot.
 *
 * The functions are pure, so tests can try every prefix, torn write and flipped bit.
 *
 * @module
 */
import { type Entry, type HardState, nodeId, type Snapshot, term } from "../../raft/mod.ts";
import { ByteReader } from "../bytes/byte_reader.ts";
import {
  type BatchHeader,
  batchHeaderAt,
  type BatchPromise,
  flippedHeaderAt,
  isHeaderTorn,
  isPayloadWhole,
  isUnreadable,
  JournalDamagedError,
  type JournalIdentity,
  type JournalRecord,
  laterBatch,
  promiseOfPayload,
  readHeader,
  readRecord,
  restAt,
  saltOf,
  type SegmentHeader,
  type SegmentOpening,
} from "./journal_format.ts";
import type { Segment } from "./segments.ts";

/** What a node may have lost: it acknowledged entries up to `index`, in terms up to `term`, and holds less. */
export type Doubt = BatchPromise;

/** A segment's file. */
export interface SegmentFile {
  readonly number: number;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The content of the segments, before the snapshot is considered. */
export interface JournalScan {
  /** The journal's birth; `null` without a segment. */
  readonly birth: number | null;
  /** Term and vote. */
  readonly state: HardState;
  /** The index and term of the entry before the first one. */
  readonly base: { readonly index: number; readonly term: number };
  /** The entries after the base. */
  readonly entries: Entry[];
  /** The number of the last complete batch. */
  readonly batches: number;
  /** The segments, except one that was prepared and has no batch yet. */
  readonly segments: readonly Segment[];
  /** Whether a prepared segment follows these. */
  readonly isNextReady: boolean;
  /** What the node may have lost. */
  readonly doubt: Doubt | null;
  /** An unreadable segment before these; `null` if there is none. */
  readonly unread: { readonly file: string; readonly offset: number } | null;
  /** What follows the last complete batch: nothing, a torn batch, or one that may have been acknowledged. */
  readonly tail: "clean" | "torn" | "doubtful";
}

/** The log that was recovered from the files. */
export interface RecoveredJournal {
  /** The snapshot; `null` without one. */
  readonly snapshot: Snapshot | null;
  /** Term and vote. */
  readonly state: HardState;
  /** The index before the first entry. */
  readonly baseIndex: number;
  /** The term at `baseIndex`. */
  readonly baseTerm: number;
  /** The entries after `baseIndex`. */
  readonly entries: Entry[];
  /** The journal's birth. */
  readonly birth: number;
  /** The number of the last batch. */
  readonly batches: number;
  /** What the node may have lost. */
  readonly doubt: Doubt | null;
  /** The segments with at least one batch. */
  readonly segments: readonly Segment[];
  /** Whether a prepared segment follows these. */
  readonly isNextReady: boolean;
  /** Whether the segments hold exactly this. If not, the next segment must begin with what they lack. */
  readonly isWhole: boolean;
  /** Whether the snapshot replaces the whole log. */
  readonly isReplaced: boolean;
}

/** The options of a recovery. */
interface RecoveryOptions {
  /** The birth for a journal that is begun now. */
  readonly birth: number;
  /** Whether an operator says that nobody needs the content of a damaged last batch. */
  readonly forgives: boolean;
}

const NEW_STATE: HardState = { term: term(0), votedFor: null };

/**
 * Recovers the log from a node's files.
 *
 * The last batch may be damaged. If it was certainly torn, nobody was promised its content, and it is dropped.
 * Otherwise it may have been acknowledged before it was damaged: it is dropped too, but the node is in doubt up to the
 * batch's last index. Damage before the last batch is refused.
 *
 * The snapshot takes precedence. A journal that ends before it, or has another term at its index, loses its entries,
 * but never its term and vote. A term below the snapshot's rises to the snapshot's.
 *
 * @param how A new journal's birth, and whether an operator says that nobody needs a damaged last batch.
 * @throws {JournalDamagedError} If data is lost that may have been acknowledged, and no promise says which.
 * @throws {JournalIdentityError} If a file belongs to another cluster, node or version.
 */
export function recoverJournal(
  identity: JournalIdentity,
  snapshot: Snapshot | null,
  files: readonly SegmentFile[],
  how: RecoveryOptions,
): RecoveredJournal {
  const scan = scanSegments(identity, files, { forgives: how.forgives });
  if (scan.birth === null && snapshot !== null) {
    throw new JournalDamagedError("log", 0, "there is none, but there is a snapshot");
  }
  const { base } = scan;
  assertMeets(snapshot, base.index, scan.unread);
  const state = recoveredState(identity, scan, snapshot);
  const found = {
    ...{ snapshot, state, batches: scan.batches, segments: scan.segments },
    doubt: how.forgives ? null : scan.doubt,
    birth: scan.birth ?? how.birth,
    isNextReady: scan.isNextReady,
  };
  const isKept = snapshot === null || snapshot.index <= base.index ||
    scan.entries[snapshot.index - base.index - 1]?.term === snapshot.term;
  const isForgiven = how.forgives && scan.doubt !== null;
  const isWhole = scan.tail === "clean" && !isForgiven && state === scan.state && isKept;
  if (isKept) {
    const { index: baseIndex, term: baseTerm } = base;
    return { ...found, baseIndex, baseTerm, entries: scan.entries, isWhole, isReplaced: false };
  }
  const { index: baseIndex, term: baseTerm } = snapshot;
  return { ...found, baseIndex, baseTerm, entries: [], isWhole, isReplaced: true };
}

/**
 * In the doubtful term the node may have voted, and no longer knows for whom. It counts as a vote for itself, so the
 * node gives no other vote in that term.
 */
function recoveredState(identity: JournalIdentity, scan: JournalScan, snapshot: Snapshot | null): HardState {
  let { state } = scan;
  // A snapshot may be on disk before the batch with its term. The node has sent nothing in that term: a vote would have
  // waited for the batch.
  if (snapshot !== null && snapshot.term > state.term) state = { term: snapshot.term, votedFor: null };
  if (scan.tail !== "doubtful" || scan.doubt === null) return state;
  const { term: lost } = scan.doubt;
  if (lost < state.term || (lost === state.term && state.votedFor !== null)) return state;
  return { term: term(lost), votedFor: nodeId(identity.nodeId) };
}

/**
 * Checks that no entry is missing between a snapshot and the journal after it.
 *
 * @throws {JournalDamagedError} If entries are missing.
 */
export function assertMeets(
  snapshot: Pick<Snapshot, "index"> | null,
  baseIndex: number,
  unread: JournalScan["unread"],
): void {
  if (snapshot === null ? baseIndex === 0 : snapshot.index >= baseIndex) return;
  if (unread !== null) {
    const reason = `and the entries up to ${baseIndex} were in it, which no snapshot covers`;
    throw new JournalDamagedError(unread.file, unread.offset, reason);
  }
  const reason = snapshot === null
    ? `there is none, but the journal begins after ${baseIndex}`
    : `it ends at index ${snapshot.index}, but the journal begins after ${baseIndex}`;
  throw new JournalDamagedError("snapshot", 0, reason);
}

/** The options of a scan. */
interface ScanOptions {
  /** As in `RecoveryOptions`; `false` if left out. */
  readonly forgives?: boolean;
  /** Called with each record, its file, and the offset of its batch. */
  readonly onRecord?: (record: JournalRecord, file: string, offset: number) => void;
}

/** A segment whose header was read. */
interface OpenSegment {
  readonly file: SegmentFile;
  readonly header: SegmentHeader;
  readonly salt: number;
  /** What its first batch says of the segment before; `null` if it has no complete batch. */
  readonly opening: SegmentOpening | null;
}

/**
 * Reads the segments of a journal.
 *
 * @param identity The owner that they must have; `null` accepts any.
 * @param files The files, in any order. Those before a gap in the numbers were dropped earlier, and are ignored.
 * @throws {JournalDamagedError} As `recoverJournal` does.
 */
export function scanSegments(
  identity: JournalIdentity | null,
  files: readonly SegmentFile[],
  { forgives = false, onRecord = () => {} }: ScanOptions,
): JournalScan {
  const { run, unread } = usableRun(lastRun(files), identity);
  const replay = new Replay(onRecord);
  if (run.length === 0 || (run[0]!.file.number === 1 && run[0]!.opening === null)) replay.begin(0, 0);
  const last = run.findLastIndex(({ opening }) => opening !== null);
  const segments: Segment[] = [];
  let doubt: Doubt | null = null;
  let isTorn = false;
  for (const [i, segment] of run.entries()) {
    const { file, header } = segment;
    const end = segment.opening === null ? header.length : replay.readBatches(segment);
    segments.push({ number: file.number, end, lastIndex: replay.takeHighest() });
    if (i < last) {
      // If this segment ends well, the missing batches were in one of those without a readable first batch.
      const isBlameless = restAt(file.bytes, end) === "zeros" && run[i + 1]!.opening === null;
      const next = run.slice(i + 1).find(({ opening }) => opening !== null)!;
      if (!isBlameless) assertFollowed(file, end, replay.batches, next);
      continue;
    }
    const damage = damageAt(segment, end, replay, forgives);
    if (damage === "torn") isTorn = true;
    else if (damage !== "none") doubt = further(doubt, damage);
  }
  // One prepared segment may follow the others. If there are more, the batch that began the first of them is lost.
  if (run.length - 1 - last > 1) isTorn = true;
  const tail = doubt !== null ? "doubtful" : isTorn ? "torn" : "clean";
  const isNextReady = tail === "clean" && run.length > 0 && last === run.length - 2;
  if (isNextReady) segments.pop();
  const { state, base, entries, batches } = replay;
  if (base === null) {
    // No crash leaves this: a segment is removed only when a later one has a durable batch.
    const { file: { name }, header: { length } } = run[0]!;
    throw new JournalDamagedError(name, length, "it has no batch, and the segment before it is missing");
  }
  const birth = run[0]?.header.birth ?? null;
  return {
    birth,
    state,
    base,
    entries,
    batches,
    segments,
    isNextReady,
    doubt: doubt === null ? replay.doubt : further(replay.doubt, doubt),
    tail,
    unread,
  };
}

/** The files with consecutive numbers, up to the highest number. */
function lastRun(files: readonly SegmentFile[]): SegmentFile[] {
  const sorted = [...files].sort((a, b) => a.number - b.number);
  let from = Math.max(0, sorted.length - 1);
  while (from > 0 && sorted[from - 1]!.number === sorted[from]!.number - 1) from--;
  return sorted.slice(from);
}

/**
 * The segments that are needed, and the last unreadable one before them.
 *
 * Nobody needs the segments before the first one with an opening. If an unreadable one was needed after all, the log
 * now begins too late, and `assertMeets` finds that out.
 */
function usableRun(
  files: readonly SegmentFile[],
  identity: JournalIdentity | null,
): { readonly run: readonly OpenSegment[]; readonly unread: JournalScan["unread"] } {
  let run: OpenSegment[] = [];
  let unread: JournalScan["unread"] = null;
  let fault: JournalDamagedError | null = null;
  for (const file of files) {
    try {
      run.push(openSegment(file, identity));
    } catch (error) {
      if (!(error instanceof JournalDamagedError)) throw error;
      fault = error;
      unread = { file: file.name, offset: error.offset };
      run = [];
    }
  }
  const first = run.findIndex(({ opening }) => opening !== null);
  if (fault !== null && first < 0) throw fault;
  if (first <= 0) return { run, unread };
  const skipped = run[first - 1]!;
  return { run: run.slice(first), unread: { file: skipped.file.name, offset: skipped.header.length } };
}

function openSegment(file: SegmentFile, identity: JournalIdentity | null): OpenSegment {
  const header = readHeader(file.name, file.bytes, identity);
  if (header.segment !== file.number) {
    throw new JournalDamagedError(file.name, 0, `its header is that of segment ${header.segment}`);
  }
  const salt = saltOf(header.birth, header.segment);
  const batch = batchHeaderAt(file.bytes, header.length, salt);
  if (batch === null || !isPayloadWhole(file.bytes, batch, salt)) return { file, header, salt, opening: null };
  const first = readRecord(new ByteReader(file.bytes, "a batch", batch.payload, batch.end));
  if (first?.kind !== "open") {
    throw new JournalDamagedError(file.name, header.length, "where a segment's opening record was expected");
  }
  return { file, header, salt, opening: first.opening };
}

/** Checks that a segment ends where the next segment says that it does. */
function assertFollowed(file: SegmentFile, end: number, batches: number, next: OpenSegment): void {
  const { number } = next.opening!;
  if (number === batches) return;
  const reason = `but ${next.file.name} says that it was durable up to batch ${number}, and it ends with ${batches}`;
  throw new JournalDamagedError(file.name, end, reason);
}

/**
 * What follows the last complete batch of a segment: nothing, a torn batch, or the promise of a batch that may have
 * been acknowledged.
 */
function damageAt(segment: OpenSegment, at: number, replay: Replay, forgives: boolean): "none" | "torn" | Doubt {
  const { file: { name, bytes }, salt } = segment;
  const { batches } = replay;
  const later = laterBatch(bytes, at, batches, salt);
  if (later >= 0) {
    throw new JournalDamagedError(name, at, `and a whole batch follows at offset ${later}, so no crash tore it`);
  }
  const rest = restAt(bytes, at);
  if (rest === "zeros") return "none";
  // A disk may write the later sectors of a batch first.
  if (rest === "no header") return "torn";
  const header = batchHeaderAt(bytes, at, salt) ?? flippedHeaderAt(bytes, at, salt);
  if (forgives || (header !== null && header.end > bytes.length)) return "torn";
  if (header !== null && header.number === batches + 1) return { lastIndex: header.lastIndex, term: header.term };
  const promise = header === null ? promiseOfPayload(bytes, at, batches + 1, salt) : null;
  if (promise !== null) return { lastIndex: promise.lastIndex || replay.lastIndex, term: promise.term };
  if (header === null && isHeaderTorn(bytes, at)) return "torn";
  throw new JournalDamagedError(name, at, "and nothing says what the last batch there had promised");
}

function further(one: Doubt | null, other: Doubt): Doubt {
  if (one === null) return other;
  return { lastIndex: Math.max(one.lastIndex, other.lastIndex), term: Math.max(one.term, other.term) };
}

/** Builds up the log from the records. */
class Replay {
  readonly #onRecord: NonNullable<ScanOptions["onRecord"]>;
  state: HardState = NEW_STATE;
  base: { readonly index: number; readonly term: number } | null = null;
  entries: Entry[] = [];
  doubt: Doubt | null = null;
  batches = 0;
  #highest = 0;

  constructor(onRecord: NonNullable<ScanOptions["onRecord"]>) {
    this.#onRecord = onRecord;
  }

  get lastIndex(): number {
    return (this.base?.index ?? 0) + this.entries.length;
  }

  /** Begins the log again after an entry. */
  begin(index: number, entryTerm: number): void {
    this.base = { index, term: entryTerm };
    this.entries = [];
  }

  /** The highest index since the last call. */
  takeHighest(): number {
    const highest = this.#highest;
    this.#highest = 0;
    return highest;
  }

  /** Reads the batches of a segment. Returns the offset at which the last complete one ends. */
  readBatches({ file: { name, bytes }, header, salt, opening }: OpenSegment): number {
    if (this.base === null) this.batches = opening!.number;
    let at = header.length;
    for (let batch = batchHeaderAt(bytes, at, salt); batch !== null; batch = batchHeaderAt(bytes, at, salt)) {
      if (batch.number !== this.batches + 1 || !isPayloadWhole(bytes, batch, salt)) break;
      this.#readBatch(name, bytes, at, batch);
      this.batches = batch.number;
      at = batch.end;
    }
    return at;
  }

  #readBatch(file: string, bytes: Uint8Array, at: number, batch: BatchHeader): void {
    const reader = new ByteReader(bytes, `the file ${file}`, batch.payload, batch.end);
    try {
      for (let record = readRecord(reader); record !== null; record = readRecord(reader)) {
        this.#onRecord(record, file, at);
        this.#add(record, file, at);
      }
    } catch (error) {
      throw isUnreadable(error) ? new JournalDamagedError(file, at, `where ${error.message}`) : error;
    }
  }

  #add(record: JournalRecord, file: string, at: number): void {
    switch (record.kind) {
      case "open":
        if (this.base === null || this.batches === 0) this.begin(record.opening.index, record.opening.term);
        return;
      case "entry":
        if (record.entry.index !== this.lastIndex + 1) {
          throw new JournalDamagedError(file, at, `where entry ${record.entry.index} follows ${this.lastIndex}`);
        }
        this.entries.push(record.entry);
        this.#highest = Math.max(this.#highest, record.entry.index);
        return;
      case "truncate":
        if (this.base === null || record.from <= this.base.index) this.begin(record.from - 1, record.termBefore);
        else this.entries.length = Math.min(this.entries.length, record.from - this.base.index - 1);
        return;
      case "state":
        this.state = record.state;
        return;
      case "base":
        return this.begin(record.index, record.term);
      case "doubt":
        this.doubt = record.index === 0 ? null : { lastIndex: record.index, term: record.term };
    }
  }
}

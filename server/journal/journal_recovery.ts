/**
 * What a node finds again after a crash: from the bytes of its segments, and the identity of its snapshot, to the log
 * that they hold.
 *
 * Pure functions, so that every prefix, tear and flipped bit can be tried on them.
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

/** The file of a segment. */
export interface SegmentFile {
  readonly number: number;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What the segments hold, before the snapshot is considered. */
export interface JournalScan {
  /** The number that was drawn when the journal was begun; `null` without a segment. */
  readonly birth: number | null;
  /** Term and vote. */
  readonly state: HardState;
  /** The index that the first entry follows, and its term; `null` where the segments lost their beginning. */
  readonly base: { readonly index: number; readonly term: number } | null;
  /** The entries after the base. */
  readonly entries: Entry[];
  /** The number of the last whole batch. */
  readonly batches: number;
  /** The segments, but for one that was made ready and has no batch yet. */
  readonly segments: readonly Segment[];
  /** Whether a segment stands ready behind these. */
  readonly isNextReady: boolean;
  /** What the node may have lost. */
  readonly doubt: Doubt | null;
  /** A segment before these that holds nothing that can be read; `null` where there is none. */
  readonly unread: { readonly file: string; readonly offset: number } | null;
  /**
   * What stands behind the last whole batch: nothing, a batch that broke off, or one that may have been acknowledged.
   */
  readonly tail: "clean" | "torn" | "doubtful";
}

/** The log that the files hold. */
export interface RecoveredJournal {
  /** The snapshot; `null` without one. */
  readonly snapshot: Snapshot | null;
  /** Term and vote. */
  readonly state: HardState;
  /** The index that the first entry follows. */
  readonly baseIndex: number;
  /** The term at `baseIndex`. */
  readonly baseTerm: number;
  /** The entries after `baseIndex`. */
  readonly entries: Entry[];
  /** The number that was drawn when the journal was begun. */
  readonly birth: number;
  /** The number of the last batch. */
  readonly batches: number;
  /** What the node may have lost. */
  readonly doubt: Doubt | null;
  /** The segments with at least one batch. */
  readonly segments: readonly Segment[];
  /** Whether a segment stands ready behind these. */
  readonly isNextReady: boolean;
  /** Whether the segments hold exactly this; otherwise the next segment has to begin with what they do not. */
  readonly isWhole: boolean;
  /** Whether the log begins anew after the snapshot. */
  readonly isReplaced: boolean;
}

/** How a journal is recovered. */
interface RecoveryOptions {
  /** The birth of a journal that is begun now. */
  readonly birth: number;
  /** Whether an operator says that nothing which a damaged last batch held is needed. */
  readonly forgives: boolean;
}

const NEW_STATE: HardState = { term: term(0), votedFor: null };

/**
 * The log that a node's files hold.
 *
 * The last batch may be damaged. If it surely broke off while it was written, it was never promised to anyone, and
 * goes. Otherwise it may have been acknowledged before it was damaged: it goes too, but the node is in doubt up to
 * where the batch went. Damage before the last batch is refused.
 *
 * The snapshot wins: a journal that ends before it, or has another term at its index, loses its entries, never its term
 * and vote. A term that is below the snapshot's rises to it.
 *
 * @param how A new journal's birth, and whether an operator says that nothing of a damaged last batch is needed.
 * @throws {JournalDamagedError} If something is lost that may have been acknowledged, and nothing tells what.
 * @throws {JournalIdentityError} If a file is of another cluster, node or version.
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
  if (scan.base === null && snapshot === null) {
    throw new JournalDamagedError(files[0]!.name, 0, "its beginning is lost, and there is no snapshot");
  }
  const base = scan.base ?? { index: snapshot!.index, term: snapshot!.term };
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
  const isWhole = scan.tail === "clean" && !isForgiven && state === scan.state && isKept && scan.base !== null;
  if (isKept) {
    const { index: baseIndex, term: baseTerm } = base;
    return { ...found, baseIndex, baseTerm, entries: scan.entries, isWhole, isReplaced: scan.base === null };
  }
  const { index: baseIndex, term: baseTerm } = snapshot;
  return { ...found, baseIndex, baseTerm, entries: [], isWhole, isReplaced: true };
}

/**
 * In a term in which it may have voted, without knowing for whom, a node has voted for itself: it gives no other vote
 * in it.
 */
function recoveredState(identity: JournalIdentity, scan: JournalScan, snapshot: Snapshot | null): HardState {
  let { state } = scan;
  // A snapshot may be on disk before the batch with the term that it is of. Nothing was said in that term: a vote would
  // have waited for the batch.
  if (snapshot !== null && snapshot.term > state.term) state = { term: snapshot.term, votedFor: null };
  if (scan.tail !== "doubtful" || scan.doubt === null) return state;
  const { term: lost } = scan.doubt;
  if (lost < state.term || (lost === state.term && state.votedFor !== null)) return state;
  return { term: term(lost), votedFor: nodeId(identity.nodeId) };
}

/**
 * Nothing is missing between a snapshot and the journal that goes on from it.
 *
 * @throws {JournalDamagedError} If something is.
 */
export function assertMeets(
  snapshot: Pick<Snapshot, "index"> | null,
  baseIndex: number,
  unread: JournalScan["unread"] = null,
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

/** How segments are scanned. */
interface ScanOptions {
  /** As of `RecoveryOptions`; not if left out. */
  readonly forgives?: boolean;
  /** Told of each record with the file and the offset of its batch. */
  readonly onRecord?: (record: JournalRecord, file: string, offset: number) => void;
}

/** A segment whose header was read. */
interface OpenSegment {
  readonly file: SegmentFile;
  readonly header: SegmentHeader;
  readonly salt: number;
  /** What its first batch says of the segment before; `null` where it has no whole batch. */
  readonly opening: SegmentOpening | null;
}

/**
 * Reads the segments of a journal.
 *
 * @param identity Whose they must be; `null` takes any node's.
 * @param files In any order. Those before a gap in the numbers were let go, and count for nothing.
 * @throws {JournalDamagedError} As `recoverJournal` does.
 */
export function scanSegments(
  identity: JournalIdentity | null,
  files: readonly SegmentFile[],
  { forgives = false, onRecord = () => {} }: ScanOptions = {},
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
      assertFollowed(file, end, replay.batches, run.slice(i + 1).find(({ opening }) => opening !== null)!);
      continue;
    }
    const damage = damageAt(segment, end, replay, forgives);
    if (damage === "torn") isTorn = true;
    else if (damage !== "none") doubt = further(doubt, damage);
  }
  // One segment may stand ready behind the others. Where there are more, the batch that was to open the first of them
  // is lost.
  if (run.length - 1 - last > 1) isTorn = true;
  const tail = doubt !== null ? "doubtful" : isTorn ? "torn" : "clean";
  const isNextReady = tail === "clean" && run.length > 0 && last === run.length - 2;
  if (isNextReady) segments.pop();
  const { state, base, entries, batches } = replay;
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

/** The files whose numbers follow each other without a gap, up to the highest. */
function lastRun(files: readonly SegmentFile[]): SegmentFile[] {
  const sorted = [...files].sort((a, b) => a.number - b.number);
  let from = Math.max(0, sorted.length - 1);
  while (from > 0 && sorted[from - 1]!.number === sorted[from]!.number - 1) from--;
  return sorted.slice(from);
}

/**
 * The segments that count, and the last of those before them that cannot be read.
 *
 * Whatever stands before the first segment that was opened was needed by nobody. If it was damaged, the log now begins
 * too late, which `assertMeets` finds out.
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
  if (first?.kind !== "open") throw new JournalDamagedError(file.name, header.length, "where no segment is opened");
  return { file, header, salt, opening: first.opening };
}

/** A segment goes up to where the next one says that it does. */
function assertFollowed(file: SegmentFile, end: number, batches: number, next: OpenSegment): void {
  const { number } = next.opening!;
  if (number === batches) return;
  const reason = `but ${next.file.name} says that it was durable up to batch ${number}, and it ends with ${batches}`;
  throw new JournalDamagedError(file.name, end, reason);
}

/**
 * What stands behind the last whole batch of a segment: nothing, a batch that broke off while it was written, or the
 * promise of one that may have been acknowledged.
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
  // Of a batch in several sectors a disk has written the later ones.
  if (rest === "no header") return "torn";
  const header = batchHeaderAt(bytes, at, salt) ?? flippedHeaderAt(bytes, at, salt);
  if (forgives || (header !== null && header.end > bytes.length)) return "torn";
  if (header !== null && header.number === batches + 1) return { lastIndex: header.lastIndex, term: header.term };
  const promise = header === null ? promiseOfPayload(bytes, at, batches + 1, salt) : null;
  if (promise !== null) return { lastIndex: promise.lastIndex || replay.lastIndex, term: promise.term };
  if (header === null && isHeaderTorn(bytes, at)) return "torn";
  throw new JournalDamagedError(name, at, "and nothing tells what the last batch there had promised");
}

function further(one: Doubt | null, other: Doubt): Doubt {
  if (one === null) return other;
  return { lastIndex: Math.max(one.lastIndex, other.lastIndex), term: Math.max(one.term, other.term) };
}

/** The log as the records build it up. */
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

  /** The log begins anew after an entry. */
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

  /** Takes in the batches of a segment; returns where the last whole one ends. */
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

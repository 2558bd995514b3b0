/**
 * What a node finds again after a crash: from the bytes of its journal and its snapshot to the log that they hold.
 *
 * A pure function, so that every prefix, tear and flipped bit can be tried on it.
 *
 * @module
 */
import { type Entry, type HardState, type Snapshot, term } from "../../raft/mod.ts";
import {
  batchAt,
  JournalDamagedError,
  type JournalIdentity,
  type JournalRecord,
  laterBatch,
  readHeader,
  readRecords,
  readSnapshot,
} from "./journal_format.ts";

/** The log that the files hold. */
export interface RecoveredJournal {
  /** The snapshot; `null` without one. */
  readonly snapshot: Snapshot | null;
  /** Term and vote. */
  readonly state: HardState;
  /** The index and term that the first entry follows. */
  readonly baseIndex: number;
  /** The term at `baseIndex`. */
  readonly baseTerm: number;
  /** The entries after `baseIndex`. */
  readonly entries: Entry[];
  /** Begins the checksum of every batch. */
  readonly salt: number;
  /** The number of the file's last batch. */
  readonly batches: number;
  /** Bytes of the file. */
  readonly fileBytes: number;
  /** Whether the file holds exactly this; otherwise it has to be rewritten before anything is added. */
  readonly isWhole: boolean;
}

/** What a scan of a journal's file finds, before the snapshot is considered. */
export interface JournalScan {
  /** Begins the checksum of every batch. */
  readonly salt: number;
  /** Term and vote. */
  readonly state: HardState;
  /** The index that the first entry follows. */
  readonly baseIndex: number;
  /** The term at `baseIndex`. */
  readonly baseTerm: number;
  /** The entries after `baseIndex`. */
  readonly entries: Entry[];
  /** The number of the last whole batch. */
  readonly batches: number;
  /** Where the whole batches end. Less than the file's length if the last batch is torn. */
  readonly end: number;
}

const NEW_STATE: HardState = { term: term(0), votedFor: null };

/**
 * The log that a node's two files hold. `null` stands for a file that does not exist.
 *
 * A last batch that is damaged is taken for torn: it was never promised to anyone. (A bit flipped at rest in the last batch looks the same, and
 * its loss goes unnoticed.) Damage that a whole later batch follows, or inside what was put in place at once, is refused.
 *
 * The snapshot wins: a journal that ends before it, or has another term at its index, loses its entries, never its term and vote. A term that is
 * below the snapshot's rises to it.
 *
 * @throws {JournalDamagedError} If something is lost that may have been acknowledged.
 * @throws {JournalIdentityError} If a file is of another cluster, node or version.
 */
export function recoverJournal(
  identity: JournalIdentity,
  snapshotBytes: Uint8Array | null,
  journalBytes: Uint8Array | null,
  salt: number,
): RecoveredJournal {
  const snapshot = snapshotBytes === null ? null : readSnapshot(snapshotBytes, identity);
  if (journalBytes === null) {
    if (snapshot !== null) throw new JournalDamagedError("journal", 0, "there is none, but there is a snapshot");
    const empty = { snapshot, state: NEW_STATE, baseIndex: 0, baseTerm: 0, entries: [] };
    return { ...empty, salt, batches: 0, fileBytes: 0, isWhole: false };
  }
  const scan = scanJournal(identity, journalBytes);
  const { baseIndex, baseTerm, entries, batches } = scan;
  // A snapshot may be on disk before the batch with the term that it is of. Nothing was said in that term: a vote would have waited for the batch.
  const isBehind = snapshot !== null && snapshot.term > scan.state.term;
  const state = isBehind ? { term: snapshot.term, votedFor: null } : scan.state;
  const isWhole = scan.end === journalBytes.length && !isBehind;
  const found = { snapshot, state, salt: scan.salt, batches, fileBytes: journalBytes.length };
  const snapshotIndex = snapshot === null ? 0 : snapshot.index;
  assertMeets(snapshot, baseIndex);
  if (snapshot === null || snapshotIndex <= baseIndex) {
    return { ...found, baseIndex, baseTerm, entries, isWhole };
  }
  const entryTerm = entries[snapshotIndex - baseIndex - 1]?.term;
  if (entryTerm === snapshot.term) return { ...found, baseIndex, baseTerm, entries, isWhole };
  return { ...found, baseIndex: snapshotIndex, baseTerm: snapshot.term, entries: [], isWhole: false };
}

/**
 * Nothing is missing between a snapshot and the journal that goes on from it.
 *
 * @throws {JournalDamagedError} If something is.
 */
export function assertMeets(snapshot: Pick<Snapshot, "index"> | null, baseIndex: number): void {
  if (snapshot === null ? baseIndex === 0 : snapshot.index >= baseIndex) return;
  const reason = snapshot === null
    ? `there is none, but the journal begins after ${baseIndex}`
    : `it ends at index ${snapshot.index}, but the journal begins after ${baseIndex}`;
  throw new JournalDamagedError("snapshot", 0, reason);
}

/**
 * Reads the batches of a journal's file.
 *
 * @param onRecord Called with each record and the offset of its batch.
 * @throws {JournalDamagedError} As `recoverJournal` does.
 */
export function scanJournal(
  identity: JournalIdentity,
  bytes: Uint8Array,
  onRecord?: (record: JournalRecord, offset: number) => void,
): JournalScan {
  const header = readHeader(bytes, identity);
  let state = NEW_STATE;
  let baseIndex = 0;
  let baseTerm = 0;
  let entries: Entry[] = [];
  let batches = 0;
  let at = header.length;
  while (at < bytes.length) {
    const batch = batchAt(bytes, at, header.salt);
    if (batch === null || batch.number !== batches + 1) {
      refuseUnlessTorn(bytes, at, header.salt, header.whole, batches);
      break;
    }
    for (const record of readRecords(bytes, at, batch.end)) {
      onRecord?.(record, at);
      switch (record.kind) {
        case "entry": {
          const expected = baseIndex + entries.length + 1;
          if (record.entry.index !== expected) {
            throw new JournalDamagedError("journal", at, `where entry ${record.entry.index} follows ${expected - 1}`);
          }
          entries.push(record.entry);
          break;
        }
        case "truncate":
          entries.length = Math.max(0, Math.min(entries.length, record.from - baseIndex - 1));
          break;
        case "state":
          state = record.state;
          break;
        case "base":
          baseIndex = record.index;
          baseTerm = record.term;
          entries = [];
          break;
      }
    }
    batches = batch.number;
    at = batch.end;
  }
  if (at < header.whole) refuseUnlessTorn(bytes, at, header.salt, header.whole, batches);
  return { salt: header.salt, state, baseIndex, baseTerm, entries, batches, end: at };
}

/** Damage at `at` is a torn write only if nothing whole follows it, and if the file did not come whole to begin with. */
function refuseUnlessTorn(bytes: Uint8Array, at: number, salt: number, whole: number, batches: number): void {
  if (at < whole) {
    throw new JournalDamagedError(
      "journal",
      at,
      `and its first ${whole} bytes were written at once, so no crash tore them`,
    );
  }
  const later = laterBatch(bytes, at, batches, salt);
  if (later >= 0) {
    throw new JournalDamagedError("journal", at, `and a whole batch follows at offset ${later}, so no crash tore it`);
  }
}

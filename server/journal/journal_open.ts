/**
 * Opens a node's journal: reads the files that a crash has left, makes them durable, and only then lets the node speak.
 *
 * @module
 */
import type { Snapshot } from "../../raft/mod.ts";
import { crc32c } from "../bytes/crc32c.ts";
import type { Disk, DiskDone } from "./disk.ts";
import { Journal } from "./journal.ts";
import { checkOwner, JournalDamagedError, type JournalIdentity, JournalIdentityError } from "./journal_format.ts";
import { type RecoveredJournal, recoverJournal, type SegmentFile } from "./journal_recovery.ts";
import { NEXT_FILE, segmentNumber } from "./segments.ts";
import { readTrailer, SNAPSHOT_END_BYTES, snapshotIndexOf, snapshotName, trailerBytes } from "./snapshot_format.ts";
import { isDraft } from "./snapshot_store.ts";
import { readFile } from "./whole_file.ts";

/** The options for opening a journal. */
export interface OpenJournalOptions extends JournalIdentity {
  /** The birth of a new journal: any 32 bits that clients cannot know. An existing journal has its own. Default 0. */
  readonly birth?: number;
  /** When a segment has this many bytes, the next one begins. Default 8 MiB. */
  readonly segmentBytes?: number;
  /**
   * Files that show that the node has lived before. If one of them exists without a journal, the node has lost its
   * journal. Default: `members` and `founders`.
   */
  readonly traces?: readonly string[];
  /**
   * An operator says that nobody needs the content of a damaged last batch. The node then starts as if that batch were
   * torn. Acknowledged writes may be lost. Default `false`.
   */
  readonly forgives?: boolean;
}

/** Called with the journal, or with the reason why it cannot be opened. */
export type JournalOpened = (error: Error | null, journal: Journal | null) => void;

const DEFAULT_SEGMENT_BYTES = 8 << 20;
/** How many bytes of a snapshot are checked at a time. */
const PIECE = 1 << 20;

/**
 * Opens a node's journal, or makes a new one if there is none.
 *
 * Syncs every file that it reads, and the folder, before it calls `done`: an earlier process may have died before it
 * could sync them.
 *
 * @param done Gets a `JournalDamagedError` if data is lost that may have been acknowledged, a `JournalIdentityError` if
 * a file belongs to another cluster, node or version, or the disk's error.
 * @throws {RangeError} If the cluster's name is too long, or the node's number is none.
 */
export function openJournal(disk: Disk, options: OpenJournalOptions, done: JournalOpened): void {
  checkOwner(options);
  const fail = (error: Error): void => done(error, null);
  disk.list((error, names) => {
    if (error !== null) return fail(error);
    const fault = faultOf(names, options.traces ?? ["members", "founders"]);
    if (fault !== null) return fail(fault);
    readSnapshot(disk, names, options, (unread, snapshot) => {
      if (unread !== null) return fail(unread);
      readSegments(disk, names, (unreadable, files) => {
        if (unreadable !== null) return fail(unreadable);
        let recovered: RecoveredJournal;
        try {
          const { birth = 0, forgives = false } = options;
          recovered = recoverJournal(options, snapshot, files, { birth: birth >>> 0, forgives });
        } catch (refusal) {
          return fail(refusal as Error);
        }
        settle(disk, names, recovered, options, done);
      });
    });
  });
}

/** Faults that the names of the files show. */
function faultOf(names: readonly string[], traces: readonly string[]): Error | null {
  if (names.includes("journal")) {
    return new JournalIdentityError(
      "Cannot start from the file journal: it has format version 1, which an older program wrote",
    );
  }
  if (names.some((name) => segmentNumber(name) !== null || snapshotIndexOf(name) !== null)) return null;
  const trace = traces.find((name) => names.includes(name));
  return trace === undefined
    ? null
    : new JournalDamagedError("log", 0, `there is none, but the file ${trace} shows that the node has lived before`);
}

/** Reads the identity of the latest snapshot, and checks its data against it. */
function readSnapshot(
  disk: Disk,
  names: readonly string[],
  identity: JournalIdentity,
  done: (error: Error | null, snapshot: Snapshot | null) => void,
): void {
  const latest = Math.max(-1, ...names.map((name) => snapshotIndexOf(name) ?? -1));
  if (latest < 0) return done(null, null);
  const file = snapshotName(latest);
  const fail = (error: Error): void => done(error, null);
  disk.size(file, (error, size) => {
    if (error !== null || size === null) return fail(error ?? new Error(`Cannot read ${file}: it has vanished`));
    readPart(disk, file, Math.max(0, size - SNAPSHOT_END_BYTES), size, (unread, end) => {
      if (end === null) return fail(unread!);
      const length = trailerBytes(end, size);
      if (length === null) return fail(new JournalDamagedError(file, Math.max(0, size - 8), "its end cannot be read"));
      readPart(disk, file, size - length, size, (unreadable, trailer) => {
        if (trailer === null) return fail(unreadable!);
        let snapshot: Snapshot;
        try {
          snapshot = readTrailer(file, trailer, size, identity);
        } catch (refusal) {
          return fail(refusal as Error);
        }
        checkData(disk, file, snapshot, (fault) => done(fault, fault === null ? snapshot : null));
      });
    });
  });
}

/** Checks that the data has the digest that the snapshot's identity names. */
function checkData(disk: Disk, file: string, snapshot: Snapshot, done: DiskDone): void {
  let digest = 0;
  const checkFrom = (position: number): void => {
    if (position < snapshot.bytes) {
      return readPart(disk, file, position, Math.min(position + PIECE, snapshot.bytes), (error, part) => {
        if (part === null) return done(error);
        digest = crc32c(part, 0, part.length, digest);
        checkFrom(position + part.length);
      });
    }
    done(
      digest === snapshot.digest ? null : new JournalDamagedError(file, 0, "its data does not match its checksum"),
    );
  };
  checkFrom(0);
}

/** Reads the bytes `[from, to)` of a file, in as many reads as it takes. */
function readPart(
  disk: Disk,
  file: string,
  from: number,
  to: number,
  done: (error: Error | null, bytes: Uint8Array | null) => void,
): void {
  const bytes = new Uint8Array(to - from);
  const readOn = (position: number): void => {
    if (position === to) return done(null, bytes);
    disk.read(file, position, to - position, (error, part) => {
      if (error !== null) return done(error, null);
      if (part === null || part.length === 0) {
        return done(new Error(`Cannot read ${file}: it ends at offset ${position}, before ${to}`), null);
      }
      bytes.set(part, position - from);
      readOn(position + part.length);
    });
  };
  readOn(from);
}

function readSegments(
  disk: Disk,
  names: readonly string[],
  done: (error: Error | null, files: readonly SegmentFile[]) => void,
): void {
  const wanted = names.filter((name) => segmentNumber(name) !== null).sort();
  const files: SegmentFile[] = [];
  const readNext = (): void => {
    const name = wanted[files.length];
    if (name === undefined) return done(null, files);
    readFile(disk, name, (error, bytes) => {
      if (error !== null || bytes === null) return done(error ?? new Error(`Cannot read ${name}: it has vanished`), []);
      files.push({ number: segmentNumber(name)!, name, bytes });
      readNext();
    });
  };
  readNext();
}

/** Removes files that are no longer needed, syncs the others, and writes what the segments lack. */
function settle(
  disk: Disk,
  names: readonly string[],
  recovered: RecoveredJournal,
  options: OpenJournalOptions,
  done: JournalOpened,
): void {
  const { clusterId, nodeId, segmentBytes = DEFAULT_SEGMENT_BYTES } = options;
  const first = recovered.segments[0]?.number ?? 0;
  const isUseless = (name: string): boolean =>
    isDraft(name) || name === NEXT_FILE || (segmentNumber(name) ?? first) < first ||
    (snapshotIndexOf(name) ?? Infinity) < (recovered.snapshot?.index ?? 0);
  const isOurs = (name: string): boolean => segmentNumber(name) !== null || snapshotIndexOf(name) !== null;
  const steps: ((then: DiskDone) => void)[] = [];
  for (const name of names) {
    if (isUseless(name)) steps.push((then) => disk.remove(name, then));
    else if (isOurs(name)) steps.push((then) => disk.sync(name, then));
  }
  steps.push((then) => disk.syncFolder(then));
  inTurn(steps, (error) => {
    if (error !== null) return done(error, null);
    const journal = new Journal({ disk, identity: { clusterId, nodeId }, recovered, segmentBytes });
    if (!journal.isDirty) return done(null, journal);
    // The flush may fail, and so may the next segment, which is made beside it: the first of them ends the opening.
    let isOver = false;
    const end = (failure: Error | null): void => {
      if (isOver) return;
      isOver = true;
      journal.onFailure = null;
      done(failure, failure === null ? journal : null);
    };
    journal.onFailure = end;
    journal.flush(end);
  });
}

/** Runs the steps one after another, up to the first that fails. */
function inTurn(steps: readonly ((then: DiskDone) => void)[], done: DiskDone): void {
  const step = (at: number): void => {
    if (at === steps.length) return done(null);
    steps[at]!((error) => error === null ? step(at + 1) : done(error));
  };
  step(0);
}

/**
 * The disk of a live node: the four verbs of `server/journal/disk.ts` over `node:fs`, for one folder that this process
 * has locked.
 *
 * A file that is appended to is opened once. Bytes are written in the caller's turn into the system's cache: that takes
 * some microseconds, less than the way to a thread and back (4 KiB on Node: 5 us against 34). Only a sync, which waits
 * for the device, goes to a thread.
 *
 * The journal grows into room that was filled with zeros before: a sync then has no metadata to write, and does not
 * wait for the file system's own journal, which all nodes on a device share (measured with one node: 9,000 syncs a
 * second against 5,300).
 *
 * @module
 */
import {
  close as closeDescriptor,
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  open,
  openSync,
  readFile,
  readSync,
  rename,
  unlink,
  write,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Disk, DiskDone } from "../journal/disk.ts";
import { FolderInUseError, type FolderLock, lockFolder } from "./folder_lock.ts";

/** What the disk fails to do, on one line: the verb, the file and the reason. */
export class DiskError extends Error {
  /** The name of the class. */
  override name = "DiskError";
  /** The system's code, such as `ENOSPC`; empty where it gave none. */
  readonly code: string;

  /** Words a failure of the system: `Cannot append to DIR/journal: no space is left on the device (ENOSPC)`. */
  constructor(action: string, path: string, cause: unknown) {
    const { code = "", message = String(cause) } = cause as { code?: string; message?: string };
    const reason = REASONS[code];
    super(`Cannot ${action} ${path}: ${reason === undefined ? message.split("\n", 1)[0] : `${reason} (${code})`}`, {
      cause,
    });
    this.code = code;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission is denied",
  EDQUOT: "the quota is used up",
  EEXIST: "there is a file of that name",
  EFBIG: "the file would be too large",
  EIO: "the device failed",
  EISDIR: "it is a folder",
  EMFILE: "this process has too many files open",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "the system has too many files open",
  ENOENT: "there is no such file or folder",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "it is no folder",
  EPERM: "it is not permitted",
  EROFS: "the file system is read-only",
};

/** A disk that is closed when it is no longer needed. */
export interface LiveDisk extends Disk {
  /** The folder, as it was given. */
  readonly folder: string;
  /** How many times appended bytes were synced since the folder was opened. */
  readonly syncs: number;
  /**
   * Waits for the verbs that were called, closes the files and lets the folder go. A verb that is called later fails.
   */
  close(done: () => void): void;
}

/** Names of files: none leads out of the folder, or is the lock's or that of a file being replaced. */
const FILE_NAME = /^(?!lock)[a-z0-9][a-z0-9_-]{0,63}$/i;

/** Longer appends go to a thread, so that a cache that is slow to take them does not hold up the process. */
const WRITE_IN_TURN_MAX = 262_144;

/** What ends a step: nothing, or what the system gave for a reason. */
type Ended = (cause?: unknown) => void;

/** A file that was used. */
interface OpenFile {
  readonly path: string;
  /** Open for appending since the first append. */
  descriptor: number | null;
  /** Where the next append goes, and up to where there is room for it. */
  end: number;
  room: number;
  /** Whether the folder has yet to be synced, for the name of a file that is perhaps new to be durable. */
  isNameNew: boolean;
  /**
   * Why an append or a sync failed: what the system then holds of the file is not known, and nothing may be added to
   * it.
   */
  failure: DiskError | null;
  /** Whether a verb is under way, and those that wait for its end. */
  isBusy: boolean;
  readonly waiting: (() => void)[];
}

/**
 * Opens a folder for this process; makes it, for this user alone, if there is none.
 *
 * On Deno it needs the permissions to read and to write the folder, and no other.
 *
 * @throws {FolderInUseError} If a process has it open.
 * @throws {DiskError} If it cannot be made, read or written.
 */
export function openDisk(folder: string): LiveDisk {
  const lock = openFolder(folder);
  const files = new Map<string, OpenFile>();
  let syncs = 0;
  let isClosed = false;
  let closed: (() => void) | null = null;

  /** Begins a verb once those that were called before for the same file have ended. It ends in a later turn. */
  const inTurn = (name: string, fail: DiskDone, begin: (file: OpenFile) => void): void => {
    const path = join(folder, name);
    const reason = isClosed
      ? "the disk is closed"
      : FILE_NAME.test(name)
      ? null
      : "the name is not that of a file here";
    if (reason !== null) return queueMicrotask(() => fail(new DiskError("use", path, { message: reason })));
    let file = files.get(name);
    if (file === undefined) {
      file = { path, descriptor: null, end: 0, room: 0, isNameNew: false, failure: null, isBusy: false, waiting: [] };
      files.set(name, file);
    }
    if (file.isBusy) {
      file.waiting.push(() => begin(file));
    } else {
      file.isBusy = true;
      begin(file);
    }
  };

  /** A verb has ended, and its caller was told. */
  const endTurn = (file: OpenFile): void => {
    const next = file.waiting.shift();
    if (next !== undefined) return next();
    file.isBusy = false;
    closeIfIdle();
  };

  const closeIfIdle = (): void => {
    if (closed === null || [...files.values()].some((file) => file.isBusy)) return;
    for (const file of files.values()) closeFile(file);
    lock.release();
    closed();
  };

  return {
    folder,
    get syncs() {
      return syncs;
    },
    append(name, bytes, done) {
      inTurn(name, done, (file) => {
        appendTo(file, bytes, growsIntoRoom(name), (cause) => {
          if (cause) file.failure ??= new DiskError("append to", file.path, cause);
          done(file.failure);
          endTurn(file);
        });
      });
    },
    sync(name, done) {
      inTurn(name, done, (file) => {
        syncs++;
        syncFile(folder, file, (cause) => {
          if (cause) file.failure ??= new DiskError("sync", file.path, cause);
          done(file.failure);
          endTurn(file);
        });
      });
    },
    read(name, done) {
      inTurn(name, (error) => done(error, null), (file) => {
        readFile(file.path, (error, bytes) => {
          if (!error) done(null, growsIntoRoom(name) ? bytes.subarray(0, lastNonZero(bytes) + 1) : bytes);
          else done(error.code === "ENOENT" ? null : new DiskError("read", file.path, error), null);
          endTurn(file);
        });
      });
    },
    replace(name, bytes, done) {
      inTurn(name, done, (file) => {
        replaceFile(folder, file, bytes, (cause) => {
          done(cause ? new DiskError("replace", file.path, cause) : null);
          endTurn(file);
        });
      });
    },
    close(done) {
      if (isClosed) return queueMicrotask(done);
      isClosed = true;
      queueMicrotask(() => {
        closed = done;
        closeIfIdle();
      });
    },
  };
}

function openFolder(folder: string): FolderLock {
  try {
    // The folder's own name is not synced: the folder above may be out of reach, and common file systems write it with
    // the first file's sync.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return lockFolder(folder);
  } catch (error) {
    throw error instanceof FolderInUseError ? error : new DiskError("open", folder, error);
  }
}

/** The room that is made at a time: as much as there is, within these bounds. */
const ROOM_MIN = 65_536;
const ROOM_MAX = 4 << 20;

/** Only the journal promises that it never ends in a zero. */
function growsIntoRoom(name: string): boolean {
  return name === "journal";
}

function lastNonZero(bytes: Uint8Array): number {
  let at = bytes.length - 1;
  while (at >= 0 && bytes[at] === 0) at--;
  return at;
}

function appendTo(file: OpenFile, bytes: Uint8Array, makesRoom: boolean, ended: Ended): void {
  if (file.failure !== null) return queueMicrotask(ended);
  try {
    if (file.descriptor === null) openToAppend(file, makesRoom);
    if (makesRoom) makeRoom(file, bytes.length);
    const from = file.end;
    file.end = from + bytes.length;
    if (bytes.length > WRITE_IN_TURN_MAX) return writeAll(file.descriptor!, bytes, 0, from, ended);
    for (let done = 0; done < bytes.length;) {
      done += writeSync(file.descriptor!, bytes, done, bytes.length - done, from + done);
    }
  } catch (error) {
    return queueMicrotask(() => ended(error));
  }
  queueMicrotask(ended);
}

function openToAppend(file: OpenFile, hasRoom: boolean): void {
  try {
    file.descriptor = openSync(file.path, "r+");
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    file.descriptor = openSync(file.path, "wx+", 0o600);
    file.isNameNew = true;
  }
  file.room = fstatSync(file.descriptor).size;
  file.end = hasRoom ? endBeforeZeros(file.descriptor, file.room) : file.room;
}

/** Gives back the room that is left. */
function closeFile({ descriptor, end, room, failure }: OpenFile): void {
  if (descriptor === null) return;
  if (room > end && failure === null) ftruncateSync(descriptor, end);
  closeSync(descriptor);
}

/** Where a file of `size` bytes ends if its last zeros are room. */
function endBeforeZeros(descriptor: number, size: number): number {
  const block = new Uint8Array(65_536);
  for (let end = size; end > 0;) {
    const from = Math.max(0, end - block.length);
    const length = readSync(descriptor, block, 0, end - from, from);
    const last = lastNonZero(block.subarray(0, length));
    if (last >= 0) return from + last + 1;
    end = from;
  }
  return 0;
}

/** Where the device has no space for more room, the append itself is still tried. */
function makeRoom(file: OpenFile, bytes: number): void {
  if (file.end + bytes <= file.room) return;
  const room = file.end + bytes + Math.min(ROOM_MAX, Math.max(ROOM_MIN, file.end));
  const zeros = new Uint8Array(room - file.end);
  try {
    for (let done = 0; done < zeros.length;) {
      done += writeSync(file.descriptor!, zeros, done, zeros.length - done, file.end + done);
    }
    file.room = room;
  } catch (error) {
    if (!["ENOSPC", "EDQUOT", "EFBIG"].includes((error as { code?: string }).code ?? "")) throw error;
  }
}

/** The system may take less than it is given: the rest is given again. */
function writeAll(descriptor: number, bytes: Uint8Array, from: number, position: number, ended: Ended): void {
  if (from === bytes.length) return ended();
  write(descriptor, bytes, from, bytes.length - from, position + from, (error, written) => {
    if (error) ended(error);
    else writeAll(descriptor, bytes, from + written, position, ended);
  });
}

function syncFile(folder: string, file: OpenFile, ended: Ended): void {
  if (file.failure !== null || file.descriptor === null) return queueMicrotask(ended);
  fdatasync(file.descriptor, (error) => {
    if (error || !file.isNameNew) return ended(error);
    file.isNameNew = false;
    syncFolder(folder, ended);
  });
}

/** Makes names durable. Windows has no such thing, and needs none. */
function syncFolder(folder: string, ended: Ended): void {
  if (process.platform === "win32") return ended();
  open(folder, "r", (error, descriptor) => {
    if (error) return ended(error);
    fsync(descriptor, (failed) => closeDescriptor(descriptor, () => ended(failed)));
  });
}

/** Writes beside, syncs, renames, syncs the folder: at every moment there is the old file or the new one, whole. */
function replaceFile(folder: string, file: OpenFile, bytes: Uint8Array, ended: Ended): void {
  const draft = `${file.path}.new`;
  open(draft, "w", 0o600, (error, descriptor) => {
    if (error) return ended(error);
    const closeAnd = (cause: unknown, next: Ended): void =>
      closeDescriptor(descriptor, (failed) => {
        if (!cause && !failed) return next();
        unlink(draft, () => ended(cause || failed));
      });
    writeAll(descriptor, bytes, 0, 0, (unwritten) => {
      if (unwritten) return closeAnd(unwritten, ended);
      fsync(descriptor, (unsynced) => closeAnd(unsynced, () => renameInto(folder, draft, file, ended)));
    });
  });
}

function renameInto(folder: string, draft: string, file: OpenFile, ended: Ended): void {
  rename(draft, file.path, (error) => {
    if (error) return ended(error);
    // Appends go on in the new file.
    if (file.descriptor !== null) closeSync(file.descriptor);
    file.descriptor = null;
    file.failure = null;
    syncFolder(folder, ended);
  });
}

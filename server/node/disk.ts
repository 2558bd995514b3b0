/**
 * The disk of a live node: the verbs of `server/journal/disk.ts` over `node:fs`, for one folder that this process has
 * locked.
 *
 * A file that is written is opened once. Bytes are written in the caller's turn into the system's cache: that takes
 * some microseconds, less than the way to a thread and back (4 KiB on Node: 5 us against 34). Only a sync, which waits
 * for the device, goes to a thread.
 *
 * A segment of the log grows into room that was filled with zeros before: a sync then has no metadata to write, and
 * does not wait for the file system's own journal, which all nodes on a device share (measured with one node: 9,000
 * syncs a second against 5,300). A large batch makes no room: it would be written twice. Of small ones many share a
 * block, so that seldom a sync has one to allocate: their room is a hole, which costs no writing.
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
  read as readInto,
  readdir,
  rename,
  stat,
  unlink,
  write,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Disk, DiskDone } from "../journal/disk.ts";
import { DiskError } from "./disk_error.ts";
import { DiskTurns } from "./disk_turns.ts";
import { FolderInUseError, type FolderLock, lockFolder } from "./folder_lock.ts";

export { DiskError } from "./disk_error.ts";

/** A disk that is closed when it is no longer needed. */
export interface LiveDisk extends Disk {
  /** The folder, as it was given. */
  readonly folder: string;
  /** How many times a file was synced since the folder was opened. */
  readonly syncs: number;
  /** How many bytes were written, room included. */
  readonly writtenBytes: number;
  /**
   * Waits for the verbs that were called, closes the files and lets the folder go. A verb that is called later fails.
   */
  close(done: () => void): void;
}

/** Names of files: none leads out of the folder, or is the lock's. */
const FILE_NAME = /^(?!lock)[a-z0-9][a-z0-9_.-]{0,63}$/i;

/** Longer writes go to a thread, so that a cache that is slow to take them does not hold up the process. */
const WRITE_IN_TURN_MAX = 262_144;
/** A write of at most so many bytes to a segment of the log makes room for more, */
const ROOM_FOR_MAX = 16_384;
/** and one of at most so many makes a hole. */
const HOLE_FOR_MAX = 2_048;
/** The room that is made at a time: as much as there is, within these bounds. */
const ROOM_MIN = 65_536;
const ROOM_MAX = 1 << 20;

/** What ends a step: nothing, or what the system gave for a reason. */
type Ended = (cause?: unknown) => void;

/** Failures that pass: the same verb may be tried again. */
const PASSING = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"];

/** A file that is open. */
interface OpenFile {
  readonly descriptor: number;
  /** Up to where it goes, room included. */
  size: number;
  /**
   * Why a write or a sync failed: what the system then holds of the file is not known, and nothing may be added to it.
   */
  failure: DiskError | null;
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
  return new FolderDisk(folder, openFolder(folder));
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

class FolderDisk implements LiveDisk {
  readonly folder: string;
  readonly #lock: FolderLock;
  readonly #turns = new DiskTurns();
  readonly #files = new Map<string, OpenFile>();
  #syncs = 0;
  #writtenBytes = 0;
  #isClosed = false;
  #closed: (() => void) | null = null;

  constructor(folder: string, lock: FolderLock) {
    this.folder = folder;
    this.#lock = lock;
  }

  get syncs(): number {
    return this.#syncs;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  write(name: string, position: number, bytes: Uint8Array, done: DiskDone): void {
    this.#inTurn([name], done, (path, end) => {
      this.#write(name, path, position, bytes, (cause) => end(this.#failed(name, "write", path, cause)));
    });
  }

  sync(name: string, done: DiskDone): void {
    this.#inTurn([name], done, (path, end) => {
      this.#syncs++;
      this.#sync(name, path, (cause) => end(this.#failed(name, "sync", path, cause)));
    });
  }

  read(
    name: string,
    position: number,
    length: number,
    done: (error: Error | null, bytes: Uint8Array | null) => void,
  ): void {
    let found: Uint8Array | null = null;
    this.#inTurn([name], (error) => done(error, error === null ? found : null), (path, end) => {
      readPart(path, this.#files.get(name)?.descriptor ?? null, position, length, (cause, bytes) => {
        found = bytes;
        end(cause === null ? null : new DiskError("read", path, cause));
      });
    });
  }

  size(name: string, done: (error: Error | null, bytes: number | null) => void): void {
    let found: number | null = null;
    this.#inTurn([name], (error) => done(error, error === null ? found : null), (path, end) => {
      stat(path, (cause, stats) => {
        if (!cause) found = stats.size;
        end(cause && cause.code !== "ENOENT" ? new DiskError("read", path, cause) : null);
      });
    });
  }

  list(done: (error: Error | null, names: readonly string[]) => void): void {
    let found: readonly string[] = [];
    this.#inTurn([], (error) => done(error, found), (_path, end) => {
      readdir(this.folder, (cause, names) => {
        if (!cause) found = names.filter((name) => FILE_NAME.test(name));
        end(cause ? new DiskError("list", this.folder, cause) : null);
      });
    });
  }

  rename(from: string, to: string, done: DiskDone): void {
    this.#inTurn([from, to], done, (path, end) => {
      rename(path, join(this.folder, to), (cause) => {
        if (cause) return end(new DiskError("rename", path, cause));
        const file = this.#files.get(from);
        this.#forget(to);
        this.#files.delete(from);
        if (file !== undefined) this.#files.set(to, file);
        end(null);
      });
    });
  }

  remove(name: string, done: DiskDone): void {
    this.#inTurn([name], done, (path, end) => {
      this.#forget(name);
      unlink(path, (cause) => end(cause && cause.code !== "ENOENT" ? new DiskError("remove", path, cause) : null));
    });
  }

  syncFolder(done: DiskDone): void {
    this.#inTurn([], done, (_path, end) => {
      // Windows has no such thing, and needs none.
      if (process.platform === "win32") return queueMicrotask(() => end(null));
      const ended: Ended = (cause) => end(cause ? new DiskError("sync", this.folder, cause) : null);
      open(this.folder, "r", (error, descriptor) => {
        if (error) return ended(error);
        fsync(descriptor, (failed) => closeDescriptor(descriptor, () => ended(failed)));
      });
    });
  }

  close(done: () => void): void {
    if (this.#isClosed) return queueMicrotask(done);
    this.#isClosed = true;
    queueMicrotask(() => {
      this.#closed = done;
      this.#closeIfIdle();
    });
  }

  #closeIfIdle(): void {
    const closed = this.#closed;
    if (closed === null || !this.#turns.isIdle) return;
    this.#closed = null;
    for (const name of [...this.#files.keys()]) this.#forget(name);
    this.#lock.release();
    closed();
  }

  /** Begins a verb when its turn has come. It ends in a later turn of the event loop than it was called in. */
  #inTurn(names: readonly string[], done: DiskDone, begin: (path: string, end: DiskDone) => void): void {
    const wrong = names.find((name) => !FILE_NAME.test(name));
    const reason = this.#isClosed
      ? "the disk is closed"
      : wrong === undefined
      ? null
      : "the name is not that of a file here";
    const path = names.length === 0 ? this.folder : join(this.folder, wrong ?? names[0]!);
    if (reason !== null) return queueMicrotask(() => done(new DiskError("use", path, { message: reason })));
    // What is about the folder alone has a queue for itself.
    this.#turns.take(names.length === 0 ? [`folder ${this.#folderTurns++}`] : names, (endTurn) => {
      begin(path, (error) => {
        done(error);
        endTurn();
        this.#closeIfIdle();
      });
    });
  }

  #folderTurns = 0;

  /** Words a failure. One that does not pass makes the file useless. */
  #failed(name: string, action: string, path: string, cause: unknown): DiskError | null {
    const file = this.#files.get(name);
    if (!cause) return file?.failure ?? null;
    const error = cause instanceof DiskError ? cause : new DiskError(action, path, cause);
    if (file !== undefined && !PASSING.includes(error.code)) file.failure ??= error;
    return error;
  }

  #write(name: string, path: string, position: number, bytes: Uint8Array, ended: Ended): void {
    let file: OpenFile;
    try {
      file = this.#open(name, path);
      if (file.failure !== null) throw file.failure;
      if (name.startsWith("log-") && bytes.length <= ROOM_FOR_MAX) {
        this.#makeRoom(file, position + bytes.length, bytes.length <= HOLE_FOR_MAX);
      }
      file.size = Math.max(file.size, position + bytes.length);
      this.#writtenBytes += bytes.length;
      if (bytes.length > WRITE_IN_TURN_MAX) return writeAll(file.descriptor, bytes, 0, position, ended);
      for (let done = 0; done < bytes.length;) {
        done += writeSync(file.descriptor, bytes, done, bytes.length - done, position + done);
      }
    } catch (error) {
      return queueMicrotask(() => ended(error));
    }
    queueMicrotask(ended);
  }

  /**
   * A file that this process has only read, or not even that, is synced too: an earlier process may have written it.
   */
  #sync(name: string, path: string, ended: Ended): void {
    let file: OpenFile;
    try {
      file = this.#open(name, path);
      if (file.failure !== null) throw file.failure;
    } catch (error) {
      return queueMicrotask(() => ended(error));
    }
    fdatasync(file.descriptor, (error) => ended(error));
  }

  #open(name: string, path: string): OpenFile {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const descriptor = openForWriting(path);
    const file: OpenFile = { descriptor, size: fstatSync(descriptor).size, failure: null };
    this.#files.set(name, file);
    return file;
  }

  #forget(name: string): void {
    const file = this.#files.get(name);
    if (file === undefined) return;
    this.#files.delete(name);
    closeSync(file.descriptor);
  }

  /** Where the device has no space for more room, the write itself is still tried. */
  #makeRoom(file: OpenFile, end: number, isHole: boolean): void {
    if (end <= file.size) return;
    const room = end - file.size + Math.min(ROOM_MAX, Math.max(ROOM_MIN, file.size));
    if (isHole) return ftruncateSync(file.descriptor, file.size += room);
    const zeros = new Uint8Array(room);
    try {
      for (let done = 0; done < zeros.length;) {
        const written = writeSync(file.descriptor, zeros, done, zeros.length - done, file.size + done);
        done += written;
        this.#writtenBytes += written;
      }
      file.size += zeros.length;
    } catch (error) {
      if (!["ENOSPC", "EDQUOT", "EFBIG"].includes((error as { code?: string }).code ?? "")) throw error;
    }
  }
}

function openForWriting(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    return openSync(path, "wx+", 0o600);
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

/** Reads a part of a file, by its descriptor if it is open; `null` where there is no such file. */
function readPart(
  path: string,
  descriptor: number | null,
  position: number,
  length: number,
  done: (cause: unknown, bytes: Uint8Array | null) => void,
): void {
  const bytes = new Uint8Array(length);
  if (descriptor !== null) {
    return readInto(
      descriptor,
      bytes,
      0,
      length,
      position,
      (error, count) => done(error ?? null, error ? null : bytes.subarray(0, count)),
    );
  }
  open(path, "r", (error, opened) => {
    if (error) return done(error.code === "ENOENT" ? null : error, null);
    readInto(opened, bytes, 0, length, position, (failed, count) => {
      closeDescriptor(opened, () => done(failed ?? null, failed ? null : bytes.subarray(0, count)));
    });
  });
}

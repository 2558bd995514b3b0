/**
 * The disk of a live node: implements `server/journal/disk.ts` with `node:fs`, for one folder that this process has
 * locked.
 *
 * A file is opened once, when it is first written. Writes are synchronous, into the system's cache: that takes some
 * microseconds, less than handing the work to a thread (4 KiB on Node: 5 us against 34). Only a sync, which waits for
 * the device, runs on a thread.
 *
 * A log segment grows into space that was filled with zeros before. A sync then has no metadata to write, and does not
 * wait for the file system's own journal, which all nodes on a device share (measured with one node: 9,000 syncs a
 * second against 5,300). A large batch reserves no space, since its space would be written twice. Small batches share a
 * block, so a sync rarely has to allocate one; their space is a hole, which costs no write.
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

/** A disk that must be closed when it is no longer needed. */
export interface LiveDisk extends Disk {
  /** The folder's path, as it was given. */
  readonly folder: string;
  /** How many times a file was synced since the folder was opened. */
  readonly syncs: number;
  /** How many bytes were written, reserved space included. */
  readonly writtenBytes: number;
  /** Waits for the operations that were called, closes the files and unlocks the folder. Later operations fail. */
  close(done: () => void): void;
}

/** Valid file names: none leads out of the folder, or is the lock's. */
const FILE_NAME = /^(?!lock)[a-z0-9][a-z0-9_.-]{0,63}$/i;

/** Longer writes run on a thread, so a slow cache does not block the process. */
const WRITE_IN_TURN_MAX = 262_144;
/** A write to a log segment of at most this many bytes reserves space. */
const ROOM_FOR_MAX = 16_384;
/** A write of at most this many bytes reserves the space as a hole. */
const HOLE_FOR_MAX = 2_048;
/** How much space is reserved at a time: as much as the file has, within these limits. */
const ROOM_MIN = 65_536;
const ROOM_MAX = 1 << 20;

/** Ends a step: without an argument, or with the system's error. */
type Ended = (cause?: unknown) => void;

/** Errors that may pass: the same operation may be tried again. */
const PASSING = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"];

/** An open file. */
interface OpenFile {
  readonly descriptor: number;
  /** The size of the file, reserved space included. */
  size: number;
  /** Why a write or a sync failed. The state of the file on disk is then unknown, and nothing may be added to it. */
  failure: DiskError | null;
}

/**
 * Opens a folder for this process. If it does not exist, makes it with access for this user only.
 *
 * On Deno this needs only the permissions to read and to write the folder.
 *
 * @throws {FolderInUseError} If another process has it open.
 * @throws {DiskError} If it cannot be made, read or written.
 */
export function openDisk(folder: string): LiveDisk {
  return new FolderDisk(folder, openFolder(folder));
}

function openFolder(folder: string): FolderLock {
  try {
    // The folder's own name is not synced: the parent folder may be inaccessible, and common file systems write the
    // name with the first file's sync.
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
      // Windows cannot sync a folder, and need not.
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

  /**
   * Begins an operation when its turn has come. The operation ends in a later turn of the event loop than it began in.
   */
  #inTurn(names: readonly string[], done: DiskDone, begin: (path: string, end: DiskDone) => void): void {
    const wrong = names.find((name) => !FILE_NAME.test(name));
    const reason = this.#isClosed
      ? "the disk is closed"
      : wrong === undefined
      ? null
      : "the name is not valid for a file of this disk";
    const path = names.length === 0 ? this.folder : join(this.folder, wrong ?? names[0]!);
    if (reason !== null) return queueMicrotask(() => done(new DiskError("use", path, { message: reason })));
    // Operations on the folder alone have a queue of their own.
    this.#turns.take(names.length === 0 ? [`folder ${this.#folderTurns++}`] : names, (endTurn) => {
      begin(path, (error) => {
        done(error);
        endTurn();
        this.#closeIfIdle();
      });
    });
  }

  #folderTurns = 0;

  /** Makes a DiskError. An error that cannot pass makes the file unusable. */
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

  /** Syncs a file, even one that this process has not written: an earlier process may have written it. */
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

  /** Reserves space. If the device has too little, the write itself is still tried. */
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

/** Writes all bytes. The system may accept only a part; the rest is written again. */
function writeAll(descriptor: number, bytes: Uint8Array, from: number, position: number, ended: Ended): void {
  if (from === bytes.length) return ended();
  write(descriptor, bytes, from, bytes.length - from, position + from, (error, written) => {
    if (error) ended(error);
    else writeAll(descriptor, bytes, from + written, position, ended);
  });
}

/** Reads a part of a file, by its descriptor if it is open; `null` if there is no such file. */
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

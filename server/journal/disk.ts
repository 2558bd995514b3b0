/**
 * The disk as a replica sees it: a few operations on the files of one folder.
 *
 * The effect of an operation is visible at once, but durable only later: the bytes of a file after a `sync` of that
 * file, the names in the folder after a `syncFolder`. The power may fail at any moment. Then any part of the unsynced
 * bytes may be on the disk, and each unsynced change of a name may have happened or not, independently of the others.
 *
 * The simulator's disk makes all of this happen; the live disk calls the operating system. Both keep this contract.
 *
 * @module
 */

/**
 * Called when an operation ends, with `null` or the reason why it failed. Never called before the operation has
 * returned.
 */
export type DiskDone = (error: Error | null) => void;

/**
 * The files of one replica, by short names such as `"log-0000000001"`.
 *
 * Operations on one file take effect in the order of the calls; a `rename` counts for both of its names. Operations on
 * different files, and `syncFolder`, may overtake each other. The caller must not change bytes that it passed until the
 * operation has ended.
 */
export interface Disk {
  /**
   * Writes bytes at a position of a file, and makes the file if there is none. A gap before the position reads as
   * zeros.
   *
   * A disk may reserve space behind the end of a file whose name begins with `log-`. The file is then longer than what
   * was written, and ends in zeros.
   */
  write(file: string, position: number, bytes: Uint8Array, done: DiskDone): void;
  /**
   * Makes durable what was written to a file before this call, even by an earlier process. It does not make the file's
   * name durable: see `syncFolder`.
   */
  sync(file: string, done: DiskDone): void;
  /**
   * Reads up to `length` bytes of a file from a position; `null` if there is no such file.
   *
   * A read may be short: it gives at least one byte, unless the position is at the file's end or beyond.
   */
  read(
    file: string,
    position: number,
    length: number,
    done: (error: Error | null, bytes: Uint8Array | null) => void,
  ): void;
  /** The size of a file in bytes; `null` if there is no such file. */
  size(file: string, done: (error: Error | null, bytes: number | null) => void): void;
  /** The names of all files, in any order. */
  list(done: (error: Error | null, names: readonly string[]) => void): void;
  /** Renames a file, and replaces a file that had the new name. At every moment one of the two files has that name. */
  rename(from: string, to: string, done: DiskDone): void;
  /** Removes a file. No error if there is none. */
  remove(file: string, done: DiskDone): void;
  /** Makes the names in the folder durable: those of files made, renamed or removed before this call. */
  syncFolder(done: DiskDone): void;
}

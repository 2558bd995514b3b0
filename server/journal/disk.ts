/**
 * The disk as a replica sees it: a few verbs over the files of one folder.
 *
 * What a verb changes is visible at once and durable only later: the bytes of a file after a `sync` of that file, the
 * names of the folder after a `syncFolder`. Power may be lost at any moment. Then any part of what was written and not
 * synced may be there, and any of the names that were changed and not synced may be the old one or the new one, each by
 * itself.
 *
 * The simulator's disk does all of this to those who trust it; the live one asks the operating system. Both keep this
 * contract.
 *
 * @module
 */

/** Ends a verb: `null`, or why it failed. Never called before the verb has returned. */
export type DiskDone = (error: Error | null) => void;

/**
 * Files of one replica, by short names such as `"log-0000000001"`.
 *
 * Verbs of one file take effect in the order in which they were called; a `rename` counts for both of its names. Verbs
 * of different files, and `syncFolder`, may overtake each other. Bytes that were handed to a verb belong to the disk
 * until it is done.
 */
export interface Disk {
  /**
   * Writes bytes at a position of a file, which is made if there is none. A gap before the position reads as zeros.
   *
   * A disk may make room behind the end of a file whose name begins with `log-`: the file is then longer than what was
   * written, and ends in zeros.
   */
  write(file: string, position: number, bytes: Uint8Array, done: DiskDone): void;
  /**
   * Makes durable what was written to a file before this call, be it by an earlier process. Not the file's name: see
   * `syncFolder`.
   */
  sync(file: string, done: DiskDone): void;
  /**
   * Reads up to `length` bytes of a file from a position; `null` where there is no such file.
   *
   * A read may be short: it gives at least one byte, unless the position is at the file's end or beyond.
   */
  read(
    file: string,
    position: number,
    length: number,
    done: (error: Error | null, bytes: Uint8Array | null) => void,
  ): void;
  /** How many bytes a file has; `null` where there is no such file. */
  size(file: string, done: (error: Error | null, bytes: number | null) => void): void;
  /** The names of all files, in any order. */
  list(done: (error: Error | null, names: readonly string[]) => void): void;
  /**
   * Gives a file another name, in the place of what had that name before. There is no moment at which neither stands
   * there.
   */
  rename(from: string, to: string, done: DiskDone): void;
  /** Removes a file. No error if there is none. */
  remove(file: string, done: DiskDone): void;
  /** Makes durable which names there are: those of files made, renamed or removed before this call. */
  syncFolder(done: DiskDone): void;
}

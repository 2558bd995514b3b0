/**
 * The disk as a replica sees it: four verbs over files with short names.
 *
 * The simulator's disk loses what was not synced, tears writes and flips bits; the live one is `node:fs`. Both keep this contract.
 *
 * @module
 */

/** Ends a verb: `null`, or why it failed. Never called before the verb has returned. */
export type DiskDone = (error: Error | null) => void;

/**
 * Files of one replica, by short names such as `"journal"`.
 *
 * A disk may keep room behind the end of the file named `"journal"`, filled with zeros: that file never ends in a zero.
 *
 * Verbs of one file take effect in the order in which they were called; verbs of different files may overtake each other.
 */
export interface Disk {
  /** Adds bytes at a file's end; the file is made if there is none. Nothing is durable before a later `sync` of that file is done. The bytes belong to the disk until `done`. */
  append(file: string, bytes: Uint8Array, done: DiskDone): void;
  /** Makes durable what was appended to a file before this call. */
  sync(file: string, done: DiskDone): void;
  /** The whole content of a file; `null` where there is no such file. */
  read(file: string, done: (error: Error | null, bytes: Uint8Array | null) => void): void;
  /** Puts `bytes` in the place of a whole file, at once: a crash leaves the old content or the new. Durable when `done` is called. The bytes belong to the disk until then. */
  replace(file: string, bytes: Uint8Array, done: DiskDone): void;
}

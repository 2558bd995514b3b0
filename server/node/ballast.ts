/**
 * Disk space that a node reserves for the moment when the disk is full: a file that it deletes then. The freed space
 * lets the node write what it needs to serve reads and to delete keys.
 *
 * @module
 */
import { stat, unlink, unlinkSync, writeFile } from "node:fs";
import { join } from "node:path";

/** The file's name in the node's folder. */
const BALLAST_FILE = "ballast";
/** The file's size. */
const BALLAST_BYTES: number = 16 << 20;
/** The file is made only if this many times its size is free. */
const FREE_TIMES = 8;

/** The ballast of one folder. */
export class Ballast {
  readonly #path: string;
  #isBusy = false;

  constructor(folder: string) {
    this.#path = join(folder, BALLAST_FILE);
  }

  /** Deletes the file. Returns whether there was one. */
  drop(): boolean {
    try {
      unlinkSync(this.#path);
      return true;
    } catch {
      return false;
    }
  }

  /** Makes the file if there is none and enough space is free. A failure is ignored. */
  keep(freeBytes: number): void {
    if (this.#isBusy || freeBytes < FREE_TIMES * BALLAST_BYTES) return;
    this.#isBusy = true;
    stat(this.#path, (missing, found) => {
      if (!missing && found.size === BALLAST_BYTES) return void (this.#isBusy = false);
      writeFile(this.#path, new Uint8Array(BALLAST_BYTES), { mode: 0o600 }, (error) => {
        if (error) unlink(this.#path, () => {});
        this.#isBusy = false;
      });
    });
  }
}

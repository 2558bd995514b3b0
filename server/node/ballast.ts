/**
 * Room that a node keeps on its disk for the moment when there is none: a file that it throws away. With what that
 * gives, the node writes what it must to serve reads and to delete keys.
 *
 * @module
 */
import { stat, unlink, unlinkSync, writeFile } from "node:fs";
import { join } from "node:path";

/** Its name in the node's folder. */
const BALLAST_FILE = "ballast";
/** Its size. */
const BALLAST_BYTES: number = 16 << 20;
/** It is made only where so many times its size is free. */
const FREE_TIMES = 8;

/** The ballast of one folder. */
export class Ballast {
  readonly #path: string;
  #isBusy = false;

  constructor(folder: string) {
    this.#path = join(folder, BALLAST_FILE);
  }

  /** Throws it away; whether there was any. */
  drop(): boolean {
    try {
      unlinkSync(this.#path);
      return true;
    } catch {
      return false;
    }
  }

  /** Makes it where there is none and enough is free. It is nothing that must succeed. */
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

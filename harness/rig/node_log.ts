/**
 * The file with all that a node writes to its outputs, through all its lives.
 *
 * @module
 */
import { closeSync, openSync, writeSync } from "node:fs";

/** How many bytes of one life are kept. A node may write without end. */
const LIFE_MAX = 16 << 20;

/** The log of one life of a node. A full disk ends the log, but not the run. */
export class NodeLog {
  /** `null` when it has ended. */
  #file: number | null = null;
  #left = LIFE_MAX;

  /** Continues the file with the command of a new life. */
  constructor(path: string, argv: readonly string[]) {
    try {
      this.#file = openSync(path, "a");
    } catch {
      return;
    }
    this.#write(`$ ${argv.join(" ")}\n`);
  }

  /** Adds what the node has written. */
  add(bytes: Uint8Array): void {
    if (this.#left === 0) return;
    this.#write(bytes.subarray(0, this.#left));
    this.#left = Math.max(0, this.#left - bytes.length);
    if (this.#left === 0) this.#write(`\n(more than ${LIFE_MAX >> 20} MB: the rest is left out)\n`);
  }

  /** Ends the life with how it ended. */
  end(how: string): void {
    this.#write(`(${how})\n`);
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #write(what: string | Uint8Array): void {
    if (this.#file === null) return;
    try {
      writeSync(this.#file, typeof what === "string" ? new TextEncoder().encode(what) : what);
    } catch {
      closeSync(this.#file);
      this.#file = null;
    }
  }
}

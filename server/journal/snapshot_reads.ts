/**
 * Reads snapshots in blocks, one block ahead of the reader. Followers are sent, and state machines are loaded, from
 * these blocks.
 *
 * @module
 */
import type { Snapshot } from "../../raft/mod.ts";
import type { Disk } from "./disk.ts";
import { snapshotIndexOf } from "./snapshot_format.ts";

/** The size of a block. */
const BLOCK_BYTES = 1 << 20;
/** How many blocks are in memory at most. */
const BLOCKS_MAX = 8;

/** The parts that reading needs. */
interface SnapshotReadsOptions {
  readonly disk: Disk;
  /** Called when a block that was asked for has been read. */
  readonly onProgress: () => void;
  readonly onFailure: (error: Error) => void;
}

/** The blocks of snapshot files that are in memory. */
export class SnapshotReads {
  readonly #options: SnapshotReadsOptions;
  /** The blocks by file and number, the least recently used first. `null`: the block is being read. */
  readonly #blocks = new Map<string, Uint8Array | null>();

  constructor(options: SnapshotReadsOptions) {
    this.#options = options;
  }

  /** Up to `maxBytes` bytes from an offset, all of one block; `null` means "not yet". */
  read(file: string, snapshot: Snapshot, offset: number, maxBytes: number): Uint8Array | null {
    if (offset >= snapshot.bytes) return new Uint8Array(0);
    const number = Math.floor(offset / BLOCK_BYTES);
    const block = this.#block(file, snapshot, number);
    if (block === null) return null;
    this.#block(file, snapshot, number + 1);
    const from = offset - number * BLOCK_BYTES;
    return block.subarray(from, from + maxBytes);
  }

  /** Handles a renamed file: the blocks that were read of it stay valid. */
  moved(from: string, to: string): void {
    for (const [key, block] of [...this.#blocks]) {
      if (!key.startsWith(`${from}:`)) continue;
      this.#blocks.delete(key);
      if (block !== null) this.#blocks.set(`${to}${key.slice(from.length)}`, block);
    }
  }

  /** Handles a file that is about to be removed: nobody reads it any more. */
  dropped(file: string): void {
    for (const key of [...this.#blocks.keys()]) if (key.startsWith(`${file}:`)) this.#blocks.delete(key);
  }

  #block(file: string, { bytes }: Snapshot, number: number): Uint8Array | null {
    const from = number * BLOCK_BYTES;
    if (from >= bytes) return null;
    const key = `${file}:${number}`;
    const known = this.#blocks.get(key);
    if (known !== undefined) {
      this.#blocks.delete(key);
      this.#blocks.set(key, known);
      return known;
    }
    this.#blocks.set(key, null);
    this.#fill(file, key, from, new Uint8Array(Math.min(BLOCK_BYTES, bytes - from)));
    return null;
  }

  #fill(file: string, key: string, from: number, block: Uint8Array): void {
    const { disk, onProgress, onFailure } = this.#options;
    const readOn = (done: number): void => {
      if (done === block.length) {
        this.#blocks.set(key, block);
        this.#forget();
        return onProgress();
      }
      disk.read(file, from + done, block.length - done, (error, part) => {
        // The file was renamed or dropped meanwhile: whoever still wants the block asks again.
        if (!this.#blocks.has(key)) return onProgress();
        if (error !== null) return onFailure(error);
        if (part === null || part.length === 0) return this.#missing(file, key, from + done);
        block.set(part, done);
        readOn(done + part.length);
      });
    };
    readOn(0);
  }

  /** Handles a failed read. If a draft has got its final name meanwhile, the next request uses that name. */
  #missing(file: string, key: string, at: number): void {
    this.#blocks.delete(key);
    if (snapshotIndexOf(file) === null) return this.#options.onProgress();
    this.#options.onFailure(new Error(`Cannot read ${file}: it ends before offset ${at}`));
  }

  #forget(): void {
    for (const [key, block] of this.#blocks) {
      if (this.#blocks.size <= BLOCKS_MAX) return;
      if (block !== null) this.#blocks.delete(key);
    }
  }
}

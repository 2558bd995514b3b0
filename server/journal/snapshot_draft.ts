/**
 * A snapshot that is being written into a file of its own, piece by piece: from this node's state machine, or from a
 * leader's chunks.
 *
 * @module
 */
import { crc32c } from "../bytes/crc32c.ts";
import type { Disk, DiskDone } from "./disk.ts";

/** The draft is synced after each of this many bytes, so no single sync takes long. */
const SYNC_BYTES = 8 << 20;

/** The parts that a draft needs. */
interface SnapshotDraftOptions {
  readonly disk: Disk;
  /** A new file. */
  readonly file: string;
  /** Called when more of it is written. */
  readonly onProgress: () => void;
  readonly onFailure: (error: Error) => void;
}

/** A snapshot that is being written. */
export class SnapshotDraft {
  readonly #options: SnapshotDraftOptions;
  #bytes = 0;
  #digest = 0;
  #written = 0;
  #syncedAt = 0;
  /** Whether the draft was given up, or a call of the disk has failed: then it never gets its final name. */
  #isOver = false;

  /** Begins a draft. */
  constructor(options: SnapshotDraftOptions) {
    this.#options = options;
  }

  /** The file to which it is written until it gets its final name. */
  get file(): string {
    return this.#options.file;
  }

  /** How many bytes it was given. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The CRC-32C of these bytes. */
  get digest(): number {
    return this.#digest;
  }

  /** How many of these bytes are written. */
  get written(): number {
    return this.#written;
  }

  /** How many of these bytes are still in memory. */
  get unwritten(): number {
    return this.#bytes - this.#written;
  }

  /** Appends bytes. The caller must not change them afterwards. */
  add(bytes: Uint8Array): void {
    const { disk, file, onProgress } = this.#options;
    const position = this.#bytes;
    this.#bytes += bytes.length;
    this.#digest = crc32c(bytes, 0, bytes.length, this.#digest);
    disk.write(
      file,
      position,
      bytes,
      this.#ended(() => {
        this.#written = position + bytes.length;
        onProgress();
      }),
    );
    if (this.#bytes - this.#syncedAt < SYNC_BYTES) return;
    this.#syncedAt = this.#bytes;
    disk.sync(file, this.#ended(() => {}));
  }

  /**
   * Writes the trailer, and gives the file its final name once all of it is durable. Calls `done` when the name is
   * durable too.
   */
  finish(trailer: Uint8Array, name: string, done: () => void): void {
    const { disk, file } = this.#options;
    disk.write(
      file,
      this.#bytes,
      trailer,
      this.#ended(() => {
        disk.sync(
          file,
          this.#ended(() => {
            disk.rename(file, name, this.#ended(() => disk.syncFolder(this.#ended(done))));
          }),
        );
      }),
    );
  }

  /** Gives the draft up. */
  abandon(): void {
    this.#isOver = true;
    this.#options.disk.remove(this.#options.file, () => {});
  }

  #ended(then: () => void): DiskDone {
    return (error) => {
      if (this.#isOver) return;
      if (error === null) return then();
      this.#isOver = true;
      this.#options.onFailure(error);
    };
  }
}

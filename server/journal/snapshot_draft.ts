/**
 * A snapshot that is being written, by this node's state machine or by a leader's chunks: one after another, into a
 * file of its own.
 *
 * @module
 */
import { crc32c } from "../../raft/mod.ts";
import type { Disk, DiskDone } from "./disk.ts";

/** The draft is synced each time that so much was written, so that no single sync takes long. */
const SYNC_BYTES = 8 << 20;

/** What a draft needs. */
interface SnapshotDraftOptions {
  readonly disk: Disk;
  /** A new file. */
  readonly file: string;
  /** More of it is written. */
  readonly onProgress: () => void;
  readonly onFailure: (error: Error) => void;
}

/** A snapshot on its way to the disk. */
export class SnapshotDraft {
  readonly #options: SnapshotDraftOptions;
  #bytes = 0;
  #digest = 0;
  #written = 0;
  #syncedAt = 0;
  #isAbandoned = false;

  /** Begins a draft. */
  constructor(options: SnapshotDraftOptions) {
    this.#options = options;
  }

  /** Where it is written until it is put in place. */
  get file(): string {
    return this.#options.file;
  }

  /** How many bytes it was given. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The CRC-32C of these. */
  get digest(): number {
    return this.#digest;
  }

  /** How many of them are written. */
  get written(): number {
    return this.#written;
  }

  /** How many of them are in memory. */
  get unwritten(): number {
    return this.#bytes - this.#written;
  }

  /** Adds bytes, which belong to the draft from now on. */
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
   * Writes the trailer, and gives the file its final name once all of it is durable; `done` comes when the name is
   * durable as well.
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

  /** Gives it up. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#options.disk.remove(this.#options.file, () => {});
  }

  #ended(then: () => void): DiskDone {
    return (error) => {
      if (this.#isAbandoned) return;
      if (error === null) then();
      else this.#options.onFailure(error);
    };
  }
}

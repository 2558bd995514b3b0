/**
 * The file of a backup:
 *
 * ```text
 * "kayabackup 1\n" | JSON on a line | (length u32 | slice)* | 0 u32 | CRC-32C u32 of all before it
 * ```
 *
 * The file is written under another name, and gets its final name once it is complete and on disk. So a file with that
 * name is never half a backup.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { crc32c } from "../../raft/mod.ts";
import { fileErrorInWords } from "./file_error.ts";
import { UsageError } from "./flags.ts";

const MAGIC = "kayabackup 1\n";
/** The maximum length of a slice. A slice ends soon after 256 KiB, or with the longest value. */
const SLICE_MAX = 64 << 20;

/** The header of a backup. */
interface BackupHeader {
  readonly cluster: string;
  /** When the backup was begun, in ISO 8601. */
  readonly time: string;
  readonly keys: number;
}

/** Writes a backup. */
export class BackupWriter {
  readonly #path: string;
  readonly #draft: string;
  readonly #descriptor: number;
  #crc = 0;

  constructor(path: string, header: BackupHeader) {
    // The finished file replaces a file of the same name, but never a device or a folder.
    if (existsSync(path) && !statSync(path).isFile()) throw new UsageError(`Cannot write ${path}: it is not a file`);
    this.#path = path;
    this.#draft = `${path}.part`;
    this.#descriptor = attempt(`write ${this.#draft}`, () => openSync(this.#draft, "w", 0o600));
    this.#write(Buffer.from(`${MAGIC}${JSON.stringify(header)}\n`));
  }

  add(slice: Uint8Array): void {
    this.#write(u32(slice.length));
    this.#write(slice);
  }

  /** Ends the file, and gives it its final name. */
  finish(): void {
    this.#write(u32(0));
    attempt(`write ${this.#draft}`, () => {
      writeAll(this.#descriptor, u32(this.#crc));
      fsyncSync(this.#descriptor);
      closeSync(this.#descriptor);
      renameSync(this.#draft, this.#path);
    });
  }

  /** Removes the unfinished file. */
  abandon(): void {
    try {
      closeSync(this.#descriptor);
      unlinkSync(this.#draft);
    } catch {
      // The file is gone already.
    }
  }

  #write(bytes: Uint8Array): void {
    this.#crc = crc32c(bytes, 0, bytes.length, this.#crc);
    attempt(`write ${this.#draft}`, () => writeAll(this.#descriptor, bytes));
  }
}

/**
 * Reads a backup slice by slice. Only the end shows whether it is complete, so a caller that must not use half a backup
 * reads it twice.
 *
 * @throws {UsageError} If it is not a complete backup.
 */
export async function readBackup(
  path: string,
  take: (slice: Uint8Array) => Promise<void> | void,
): Promise<BackupHeader> {
  const descriptor = attempt(`read ${path}`, () => openSync(path, "r"));
  try {
    const wrong = (what: string): never => {
      throw new UsageError(`${path} is not a complete backup: ${what}`);
    };
    let position = 0;
    let crc = 0;
    const read = (length: number, what: string): Uint8Array => {
      const bytes = new Uint8Array(length);
      for (let got = 0; got < length;) {
        const more = attempt(`read ${path}`, () => readSync(descriptor, bytes, got, length - got, position + got));
        if (more === 0) wrong(`it ends within ${what}, at offset ${position + got}`);
        got += more;
      }
      position += length;
      return bytes;
    };
    const number = (what: string): number => new DataView(read(4, what).buffer).getUint32(0, true);
    const line = (what: string): Uint8Array => {
      const bytes: number[] = [];
      while (bytes.at(-1) !== 10 && bytes.length < 4096) bytes.push(read(1, what)[0]!);
      return Uint8Array.from(bytes);
    };
    const magic = line("its first line");
    if (new TextDecoder().decode(magic) !== MAGIC) wrong("it does not begin like a backup");
    const header = line("its header");
    crc = crc32c(header, 0, header.length, crc32c(magic));
    for (;;) {
      const length = number("a length");
      crc = crc32c(new Uint8Array(u32(length)), 0, 4, crc);
      if (length === 0) break;
      if (length > SLICE_MAX) wrong(`a slice has ${length} bytes, at offset ${position - 4}`);
      const slice = read(length, "a slice");
      crc = crc32c(slice, 0, slice.length, crc);
      await take(slice);
    }
    if (number("its checksum") !== crc) wrong("its checksum is wrong");
    return JSON.parse(new TextDecoder().decode(header)) as BackupHeader;
  } finally {
    closeSync(descriptor);
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done);
}

function attempt<T>(action: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new UsageError(`Cannot ${action}: ${fileErrorInWords(error)}`);
  }
}

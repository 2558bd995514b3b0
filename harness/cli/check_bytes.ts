/**
 * Reads the bytes of a file to be judged: a plain or compressed file, the standard input, or the right file of a
 * folder.
 *
 * @module
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { fileErrorInWords } from "./file_error.ts";
import { InputError } from "./input_error.ts";
import type { OnRead } from "./reading.ts";

/** Returns the next bytes of a file; undefined at its end. */
export type Chunks = () => Uint8Array | undefined;

/** The size of a file; 0 if it is unknown, because reading the file will then give the reason. */
export function sizeOf(file: string): number {
  try {
    return file === "-" ? 0 : statSync(file).size;
  } catch {
    return 0;
  }
}

/**
 * Reads all bytes of a file, or of the standard input for `-`, and unpacks gzip.
 *
 * @throws {InputError} If it cannot be read, or is not text.
 */
export function readAll(file: string, onRead?: OnRead): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const next = chunksOf(file, onRead);
  for (let chunk = next(); chunk !== undefined; chunk = next()) {
    chunks.push(chunk.slice());
    length += chunk.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return unpacked(bytes);
}

/** The first bytes of files that are not text. */
const BINARIES: readonly (readonly [beginning: string, what: string])[] = [
  ["JEPSEN", "Jepsen's test.jepsen, which is Fressian: give history.edn or history.txt of the same folder"],
  ["(\xb5/\xfd", "compressed by zstd: unpack it first"],
  ["BZh", "compressed by bzip2: unpack it first"],
  ["\xfd7zXZ", "compressed by xz: unpack it first"],
  ["PK\x03\x04", "a zip archive: unpack it first"],
];

/** Whether the bytes begin like a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Unpacks bytes that gzip has compressed, even several times. */
function unpacked(bytes: Uint8Array, times = 0): Uint8Array {
  const beginning = String.fromCharCode(...bytes.subarray(0, 8));
  const binary = BINARIES.find(([each]) => beginning.startsWith(each));
  if (binary !== undefined) throw new InputError(`it is ${binary[1]}`);
  if (!isGzip(bytes)) return bytes;
  if (times === 3) throw new InputError("it is compressed more than three times, one compression inside the other");
  let inside: Uint8Array;
  try {
    inside = new Uint8Array(gunzipSync(bytes));
  } catch (error) {
    const code = (error as { code?: string }).code;
    const why = code === "Z_BUF_ERROR" ? "it ends too early" : "it is damaged";
    throw new InputError(`cannot be unpacked: ${why}`);
  }
  return unpacked(inside, times + 1);
}

/** Reads a file in chunks of a megabyte. Each chunk is valid until the next one is requested. */
export function chunksOf(file: string, onRead: OnRead = () => {}): Chunks {
  let descriptor: number | undefined;
  let done = 0;
  const total = sizeOf(file);
  const buffer = new Uint8Array(1 << 20);
  return () => {
    try {
      descriptor ??= file === "-" ? 0 : openSync(file, "r");
      const count = readChunk(descriptor, buffer);
      onRead(file, done += count, total);
      if (count > 0) return buffer.subarray(0, count);
      if (descriptor !== 0) closeSync(descriptor);
      return undefined;
    } catch (error) {
      throw new InputError(`cannot be read: ${fileErrorInWords(error)}`);
    }
  };
}

/** Reads into `chunk`, and waits if the standard input has nothing yet. */
function readChunk(descriptor: number, chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
    }
  }
}

/** The files in a folder of Jepsen's store that may be read, the best first. */
const HISTORIES: readonly string[] = [
  "history.edn",
  "history.edn.gz",
  "history.jsonl",
  "history.json",
  "history.txt",
  "jepsen.log",
];

/**
 * The files to read for a path: the file itself; or the history in a folder of Jepsen's store; or the operations of
 * each client of etcd's robustness tests.
 *
 * @throws {InputError} If it is a folder without such files.
 */
export function filesMeantBy(path: string): readonly string[] {
  if (path === "-" || !isFolder(path)) return [path];
  for (const folder of [path, join(path, "latest"), join(path, "current")]) {
    const found = HISTORIES.find((name) => existsSync(join(folder, name)));
    if (found !== undefined) return [join(folder, found)];
  }
  const names = readdirSync(path).sort();
  const clients = names.filter((name) => name.startsWith("client-"))
    .map((name) => join(path, name, "operations.json")).filter((file) => existsSync(file));
  if (clients.length > 0) return clients;
  if (names.includes("test.jepsen")) {
    throw new InputError(`it is a folder with ${BINARIES[0]![1].replace("of the same folder", "as well")}`);
  }
  const runs = names.filter((name) =>
    isFolder(join(path, name)) && HISTORIES.some((each) => existsSync(join(path, name, each)))
  );
  const hint = runs.length === 0
    ? ""
    : `; the folders ${runs.slice(0, 3).join(", ")}${runs.length > 3 ? ", ..." : ""} have one`;
  throw new InputError(`it is a folder without ${HISTORIES.join(", ")}${hint}`);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

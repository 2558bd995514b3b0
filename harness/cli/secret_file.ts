/**
 * Reads secrets that must not be on the command line: from a file that only its owner may read, or from the
 * environment.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import process from "node:process";
import { SECRET_BYTES_MAX } from "../../server/peer/secret.ts";
import { fileErrorInWords } from "./file_error.ts";
import { UsageError } from "./flags.ts";

/** A variable of the environment; `undefined` if it is not set, or may not be read. */
export function variable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    // Deno has not given the permission.
    return undefined;
  }
}

/** The secret from a flag's file or an environment variable; `null` if neither is given. */
export function secretOf(flag: string, path: string | undefined, name: string): Uint8Array | null {
  if (path !== undefined) return readSecret(`--${flag}`, path);
  const path2 = variable(`${name}_FILE`);
  const text = variable(name);
  if (text !== undefined && path2 !== undefined) throw new UsageError(`${name} and ${name}_FILE exclude each other`);
  if (path2 !== undefined) return readSecret(`${name}_FILE`, path2);
  if (text === undefined) return null;
  if (text === "") throw new UsageError(`${name} is empty`);
  return new TextEncoder().encode(text);
}

/**
 * Reads a secret: the file's text without the line end.
 *
 * Checks the opened file, not the path. So nobody can exchange the file between check and reading, and a link is
 * followed to the file that is checked.
 */
function readSecret(from: string, path: string): Uint8Array {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    throw new UsageError(`${from}: cannot read ${path}: ${fileErrorInWords(error)}`);
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new UsageError(`${from}: ${path} is not a file`);
    // On Windows the mode does not tell who may read.
    if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
      const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
      throw new UsageError(
        `${from}: other users may read or change ${path} (its mode is ${mode}): make it private with chmod 600`,
      );
    }
    if (found.size > SECRET_BYTES_MAX) {
      throw new UsageError(`${from}: ${path} has ${found.size} bytes, but a secret has at most ${SECRET_BYTES_MAX}`);
    }
    const bytes = Buffer.alloc(SECRET_BYTES_MAX);
    const text = bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
    const end = text.at(-1) === 10 ? (text.at(-2) === 13 ? text.length - 2 : text.length - 1) : text.length;
    if (end === 0) throw new UsageError(`${from}: ${path} is empty`);
    return new Uint8Array(text.subarray(0, end));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${from}: cannot read ${path}: ${fileErrorInWords(error)}`);
  } finally {
    closeSync(descriptor);
  }
}

/** The clients' password, as the bytes that they send; `null` if none is given. */
export function passwordOf(path: string | undefined): string | null {
  const secret = secretOf("password-file", path, "KAYA_PASSWORD");
  return secret === null ? null : String.fromCharCode(...secret);
}

/**
 * Checks the files that a command will write, before time is spent on their content.
 *
 * @module
 */
import { closeSync, existsSync, openSync, realpathSync, unlinkSync } from "node:fs";
import { resolve } from "node:path";
import { fileErrorInWords } from "./file_error.ts";
import { UsageError } from "./flags.ts";

/** Files that a command reads, or writes in any case, by what they are in words. */
type Taken = Readonly<Record<string, readonly string[]>>;

/**
 * Checks that each file can be written, and that none is another one, or one of those that are taken. Leaves no file
 * behind.
 *
 * @param outputs The files by their flags, without the dashes.
 */
export function prepareOutputs(outputs: Readonly<Record<string, string | undefined>>, taken: Taken = {}): void {
  const known = new Map<string, string>();
  for (const [what, paths] of Object.entries(taken)) for (const path of paths) known.set(real(path), what);
  for (const [flag, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const what = known.get(real(path));
    if (what !== undefined) throw new UsageError(`--${flag} would overwrite ${path}, which is ${what}`);
    prepare(flag, path);
    known.set(real(path), `the file of --${flag}`);
  }
}

/** The path without symbolic links, as far as it exists. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function prepare(flag: string, path: string): void {
  // A file that existed before stays: it may be a device, which is not ours to remove.
  const isNew = !existsSync(path);
  try {
    closeSync(openSync(path, "a"));
    if (isNew) unlinkSync(path);
  } catch (error) {
    throw new UsageError(`Cannot write to --${flag} ${JSON.stringify(path)}: ${fileErrorInWords(error)}`);
  }
}

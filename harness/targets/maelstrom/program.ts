/**
 * Finds and checks the node's program before anything is started.
 *
 * @module
 */
import { statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";

/**
 * Finds the program that `--bin` names: a path, or a name in the current folder or on the PATH.
 *
 * @returns An absolute path.
 * @throws {RangeError} If there is no such program, or it cannot be executed; the message is for the command line.
 */
export function findProgram(bin: string): string {
  const isPath = bin.includes("/") || (process.platform === "win32" && bin.includes("\\"));
  const here = resolve(bin);
  const isHere = isFile(here);
  if (isPath || isHere) {
    if (!isHere) {
      const what = isFolder(here) ? "is a folder" : "does not exist";
      throw new RangeError(`--bin ${bin} ${what}: a program was expected`);
    }
    if (isExecutable(here)) return here;
    throw new RangeError(
      `--bin ${bin} is not executable: chmod +x ${bin}, or name its interpreter: --bin python3 -- ${bin}`,
    );
  }
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, bin);
    if (folder !== "" && isFile(path) && isExecutable(path)) return path;
  }
  throw new RangeError(`--bin ${bin}: there is no such file here, and no such program on the PATH`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Whether the file's mode allows execution, which Deno tells without another permission. On Windows the name decides.
 */
function isExecutable(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return process.platform === "win32" || (mode & 0o111) !== 0;
}

/** Why a program could not be started. Decides by error codes, never by the engine's text. */
export function fileErrorOf(error: unknown, program: string): string {
  const { code } = error as { code?: string };
  switch (code) {
    case "ENOEXEC":
      return `no start: ${program} is no program of this machine and does not begin with #!`;
    case "ENOENT":
      return `no start: ${program} does not exist, or the interpreter in its first line does not`;
    case "EACCES":
      return `no start: ${program} may not be executed`;
    default:
      return `no start: ${code ?? "an error"} at ${program}`;
  }
}

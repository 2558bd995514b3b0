/**
 * Checks whether a program can be started, before anything else is.
 *
 * @module
 */
import { statSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Why a program cannot be started; `null` if it can. A name without a slash is searched in PATH. */
export function executable(program: string | undefined): string | null {
  if (program === undefined || program === "") return "its command is empty";
  if (program.includes("/") || process.platform === "win32") return whyNot(program);
  const found = (process.env["PATH"] ?? "").split(delimiter).some((folder) => whyNot(join(folder, program)) === null);
  return found ? null : `there is no program ${JSON.stringify(program)} in PATH`;
}

function whyNot(path: string): string | null {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return `${path} is a folder, not a program`;
    // An administrator has access to everything, but cannot execute a file that nobody may execute.
    if (process.platform !== "win32" && (stat.mode & 0o111) === 0) return `${path} may not be executed`;
  } catch {
    return `there is no program ${path}`;
  }
  return null;
}

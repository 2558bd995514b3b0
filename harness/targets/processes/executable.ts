/**
 * Whether a program can be started, before anything else is.
 *
 * @module
 */
import { statSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Why a program cannot be started; `null` if it can. A name without a slash is looked for in PATH. */
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
    // An administrator may access everything, but not execute what nobody may.
    if (process.platform !== "win32" && (stat.mode & 0o111) === 0) return `${path} may not be executed`;
  } catch {
    return `there is no program ${path}`;
  }
  return null;
}

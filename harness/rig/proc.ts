/**
 * Reads what the Linux kernel tells about processes, in the folder `/proc`.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the kernel says about a process. */
interface Relations {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** When it began, in the kernel's ticks. */
  readonly began: number;
}

/** The relations of a process; `null` if it does not exist any more. */
export function relationsOf(pid: number, proc: string = "/proc"): Relations | null {
  const stat = textOf(join(proc, `${pid}`, "stat"));
  if (stat === "") return null;
  // The program's name, in parentheses, may contain any characters; the fields from `state` on follow it.
  const fields = stat.slice(stat.lastIndexOf(")") + 1).trim().split(/\s+/).map(Number);
  return { parent: fields[1]!, group: fields[2]!, session: fields[3]!, began: fields[19]! };
}

/** A file's text; empty if the file does not exist any more, or may not be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** The names in a folder; none if it does not exist any more, or may not be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Ends this program when its launcher is gone. `npx`, `npm exec`, `bunx` and similar programs start a shell that starts
 * this program. If they are killed, nobody waits for this program any more, but the shell does not notice.
 *
 * It reads /proc. On systems without /proc (other than Linux) the program runs to its end.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { mayRead } from "./permissions.ts";

/** Milliseconds between two checks. */
const LOOK_MS = 500;
/** How many processes above this one a launcher may be. */
const GENERATIONS = 4;
/** The exit status of a program that SIGKILL ended. */
const KILLED = 137;

/** A process, according to /proc. */
export interface Ancestor {
  readonly pid: number;
  /** Its parent's number. */
  readonly parent: number;
  /** Its process group. A shell gives each typed command its own group. */
  readonly group: number;
  /** When it started, in the kernel's ticks: numbers of processes are reused. */
  readonly started: string;
  /** Its command line, with spaces between the words. */
  readonly command: string;
}

/** Reads a process; `null` if it does not exist, or cannot be read. */
export type ReadProcess = (pid: number) => Ancestor | null;

/**
 * The launcher above a process, in the same process group. A shell, a script or `nohup` is not a launcher: a program
 * that is started from these may be meant to outlive them.
 */
export function launcherOf(pid: number, read: ReadProcess): Ancestor | null {
  const own = read(pid);
  let each = own;
  for (let i = 0; i < GENERATIONS && each !== null; i++) {
    each = read(each.parent);
    if (each === null || each.group !== own!.group) return null;
    if (isLauncher(each.command)) return each;
  }
  return null;
}

/** Whether a command line belongs to a program that launches the programs of packages. */
export function isLauncher(command: string): boolean {
  const [first = "", second = ""] = command.split(/[\s\0]+/).map((word) => word.replace(/^.*\//, ""));
  if (/^(npx|bunx|pnpx)$/.test(first)) return true;
  if (/^(npm|pnpm|yarn)$/.test(first)) return true;
  if (/^bun(\.exe)?$/.test(first) && second === "x") return true;
  // Node runs npm's own scripts under its own name, until npm changes that name.
  return /^node(js)?$/.test(first) && /^(npx|npm|pnpm|yarn)(-cli)?(\.c?js)?$/.test(second);
}

/** Watches the launcher, if there is one, as long as this process runs. */
export function watchLauncher(): void {
  if (process.platform !== "linux" || !mayRead()) return;
  const launcher = launcherOf(process.pid, readProcess);
  if (launcher === null) return;
  setInterval(() => {
    if (readProcess(launcher.pid)?.started !== launcher.started) process.exit(KILLED);
  }, LOOK_MS).unref();
}

function readProcess(pid: number): Ancestor | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, in parentheses, is the program's name, which may contain any characters.
    const [state = "", parent = "", group = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z") return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return { pid, parent: Number(parent), group: Number(group), started: rest[16]!, command };
  } catch {
    return null;
  }
}

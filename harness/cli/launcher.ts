/**
 * Ends this program when what launched it is gone: `npx`, `npm exec`, `bunx` and their like start a shell that starts
 * this program, and if they are killed, nobody who waits for it is left, but the shell does not notice.
 *
 * It looks into /proc; where there is none (on other systems than Linux) the program goes on to its end.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { mayRead } from "./permissions.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 500;
/** A launcher is at most so many processes above this one. */
const GENERATIONS = 4;
/** The exit status of a program that SIGKILL has ended. */
const KILLED = 137;

/** A process, as /proc tells it. */
export interface Ancestor {
  readonly pid: number;
  /** Its parent. */
  readonly parent: number;
  /** Its process group: a shell gives each command that is typed a group of its own. */
  readonly group: number;
  /** When it started, in the kernel's ticks: a number is another process's some day. */
  readonly started: string;
  /** Its command line, words with spaces between them. */
  readonly command: string;
}

/** Reads a process; `null` if there is none, or none can be read. */
export type ReadProcess = (pid: number) => Ancestor | null;

/**
 * The launcher above a process, in the same process group. A shell, a script or `nohup` is none: whoever starts a
 * program from these may want it to outlive them.
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

/** Whether a command line is of a program that launches packages' programs. */
export function isLauncher(command: string): boolean {
  const [first = "", second = ""] = command.split(/[\s\0]+/).map((word) => word.replace(/^.*\//, ""));
  if (/^(npx|bunx|pnpx)$/.test(first)) return true;
  if (/^(npm|pnpm|yarn)$/.test(first)) return true;
  if (/^bun(\.exe)?$/.test(first) && second === "x") return true;
  // Node runs npm's own scripts under its name before npm gives itself another.
  return /^node(js)?$/.test(first) && /^(npx|npm|pnpm|yarn)(-cli)?(\.c?js)?$/.test(second);
}

/** Watches the launcher, if there is one, for as long as this process runs. */
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
    // The second field, in parentheses, is the program's name, which may contain anything.
    const [state = "", parent = "", group = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z") return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return { pid, parent: Number(parent), group: Number(group), started: rest[16]!, command };
  } catch {
    return null;
  }
}

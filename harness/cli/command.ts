/**
 * How this program was started, for the commands that it prints.
 *
 * @module
 */
import { basename, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What Deno must be told to permit; the other runtimes permit everything. */
export type DenoPermission = "-R" | "-RW" | "-P=serve" | "-P=live" | "-A";

/** How a program was started. */
export interface Start {
  /** The runtime's name and version. */
  readonly runtime: "deno" | "bun" | "node";
  readonly version: string;
  /** The runtime's own program. */
  readonly execPath: string;
  /** The program's entry file. */
  readonly entry: string;
  /** The working directory; null where the program may not know it. */
  readonly folder: string | null;
}

/**
 * The command line up to the flags, in the form in which this program was started: with `npx` where npx started it, and
 * by the name of the package's command where the package is installed.
 *
 * @param permission What Deno must be told.
 */
export function thisCommand(permission?: DenoPermission): string {
  return commandOf(thisStart(), permission);
}

/** The command line up to the flags, of a program that was started like this. */
export function commandOf(start: Start, permission?: DenoPermission): string {
  const { runtime, version, execPath } = start;
  if (/[\\/]node_modules[\\/]/.test(start.entry) || basename(start.entry) === "kaya-raft") {
    return runtime === "bun" ? "bunx kaya-raft" : runtime === "node" ? "npx kaya-raft" : denoRun(start, permission);
  }
  if (runtime === "deno") return denoRun(start, permission);
  const major = version.split(".")[0];
  const program = isNpx(execPath) ? `npx -y ${runtime}@${runtime === "node" ? major : version}` : runtime;
  return `${program} ${entryOf(start)}`;
}

function denoRun(start: Start, permission: DenoPermission | undefined): string {
  const program = isNpx(start.execPath) ? `npx -y deno@${start.version}` : "deno";
  // The names of sets of permissions stand in this project's deno.json, which no other folder has.
  const isClone = entryOf(start) === "harness/main.ts";
  const flag = permission?.startsWith("-P") && !isClone ? "-A" : permission;
  return [program, "run", ...(flag === undefined ? [] : [flag]), entryOf(start)].join(" ");
}

/** npx keeps what it installs for one command in a folder of this name. */
function isNpx(execPath: string): boolean {
  return /[\\/]_npx[\\/]/.test(execPath);
}

/** The entry file as a person would name it from the working directory. */
function entryOf({ entry, folder }: Start): string {
  if (folder === null) return /[\\/]harness[\\/]main\.ts$/.test(entry) ? "harness/main.ts" : entry;
  const path = relative(folder, entry);
  return quoted((path === "" || path.length > entry.length ? entry : path).replaceAll("\\", "/"));
}

function quoted(word: string): string {
  return /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function thisStart(): Start {
  const { Deno, Bun } = globalThis as {
    Deno?: { version: { deno: string }; mainModule: string };
    Bun?: { version: string };
  };
  const runtime = Deno !== undefined ? "deno" : Bun !== undefined ? "bun" : "node";
  const version = Deno?.version.deno ?? Bun?.version ?? process.versions.node;
  return { runtime, version, execPath: process.execPath, entry: entryFile(), folder: workingDirectory() };
}

function entryFile(): string {
  const word = process.argv[1] ?? "harness/main.ts";
  return word.startsWith("file:") ? fileURLToPath(word) : word;
}

/** Deno tells it only to programs that may read. */
function workingDirectory(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

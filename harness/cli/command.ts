/**
 * How this program was started, for commands that it prints.
 *
 * @module
 */
import { basename, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * The permissions that Deno needs; the other runtimes permit everything. `-NRWES` permits the network, files, the
 * environment and facts about the machine; `-A` also permits starting programs.
 */
export type DenoPermission = "-R" | "-RW" | "-NRWES" | "-A";

/** How a program was started. */
export interface Start {
  /** The runtime's name and version. */
  readonly runtime: "deno" | "bun" | "node";
  readonly version: string;
  /** The path of the runtime's executable. */
  readonly execPath: string;
  /** The program's entry file. */
  readonly entry: string;
  /** The working directory; null if the program may not read it. */
  readonly folder: string | null;
}

/**
 * The command line up to the flags, in the form in which this program was started: with `npx` if npx started it, or
 * with the name of the installed package's command.
 *
 * @param permission The permissions for Deno.
 */
export function thisCommand(permission?: DenoPermission): string {
  return commandOf(thisStart(), permission);
}

/** The command line up to the flags, for a program that was started in this way. */
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
  return [program, "run", ...(permission === undefined ? [] : [permission]), entryOf(start)].join(" ");
}

/** Whether npx started it: npx installs a command into a folder of this name. */
function isNpx(execPath: string): boolean {
  return /[\\/]_npx[\\/]/.test(execPath);
}

/** The entry file, relative to the working directory. */
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

/** The working directory; Deno tells it only to programs with a read permission. */
function workingDirectory(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

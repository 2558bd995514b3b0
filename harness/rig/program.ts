/**
 * Starts this program as a separate process: finds the entry file, and runs it as a node, a worker, or the process that
 * cleans up.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The entry file: `main` in the parent folder, or this very file if everything was bundled into one. */
export function programUrl(): URL {
  const own = /[\\/]rig[\\/]program(\.[cm]?[jt]s)$/.exec(import.meta.url);
  return own === null ? new URL(import.meta.url) : new URL(`../main${own[1]}`, import.meta.url);
}

/**
 * The command line that runs this program on this runtime: the runtime first, then its arguments.
 *
 * @param permissions The permissions for Deno: those of a node, or `all`, which reading the kernel's tables requires.
 */
export function programCommand(args: readonly string[], permissions: "node" | "all" = "node"): string[] {
  const url = programUrl();
  const path = url.protocol === "file:" ? fileURLToPath(url) : url.href;
  const isDeno = (globalThis as { Deno?: unknown }).Deno !== undefined;
  const serving = ["--allow-net", "--allow-read", "--allow-write", "--allow-run"];
  serving.push("--allow-env=KAYA_*", "--allow-sys=statfs");
  const permitted = permissions === "all" ? ["-A"] : serving;
  return [process.execPath, ...(isDeno ? ["run", "--quiet", ...permitted] : []), path, ...args];
}

/**
 * This program as a process of its own: how the entry file is found and started again, as a node, a worker, or the
 * process that cleans up.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The entry file: `main` beside this folder, or this very file where everything was bundled into one. */
export function programUrl(): URL {
  const own = /[\\/]rig[\\/]program(\.[cm]?[jt]s)$/.exec(import.meta.url);
  return own === null ? new URL(import.meta.url) : new URL(`../main${own[1]}`, import.meta.url);
}

/**
 * The command line by which this runtime runs this program: the runtime first, then its arguments.
 *
 * @param permissions What Deno permits: what a node needs, or `all`, which the kernel's tables take.
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

/**
 * Makes sure that nodes do not outlive the harness: a separate process, the reaper, kills the remaining ones when the
 * harness ends, however it ends. One reaper serves all runs of this process.
 *
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { programCommand } from "../../rig/program.ts";

let write: ((line: string) => void) | null = null;

/** Notes that a process group was started. */
export function guard(pid: number): void {
  write ??= startReaper();
  write(`process ${pid}`);
}

/** Notes that it has ended: its number may be reused soon. */
export function unguard(pid: number): void {
  write?.(`gone ${pid}`);
}

function startReaper(): (line: string) => void {
  const [program = "", ...args] = programCommand(["kaya-raft reaper"]);
  const reaper = spawn(program, args, { stdio: ["pipe", "ignore", "ignore"], detached: process.platform !== "win32" });
  reaper.on("error", () => {});
  reaper.stdin!.on("error", () => {});
  // The reaper waits for this process, not the reverse.
  reaper.unref();
  (reaper.stdin as { unref?(): void }).unref?.();
  return (line) => void reaper.stdin!.write(`${line}\n`);
}

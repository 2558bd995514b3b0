/**
 * Nodes must not outlive the harness: a process of its own, the reaper, kills those that are left when the harness
 * ends, however it ends. One reaper serves all runs of this process.
 *
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { programCommand } from "../../rig/program.ts";

let write: ((line: string) => void) | null = null;

/** A process group has been started. */
export function guard(pid: number): void {
  write ??= startReaper();
  write(`process ${pid}`);
}

/** It has ended: its number may soon be another's. */
export function unguard(pid: number): void {
  write?.(`gone ${pid}`);
}

function startReaper(): (line: string) => void {
  const [program = "", ...args] = programCommand(["kaya-raft reaper"]);
  const reaper = spawn(program, args, { stdio: ["pipe", "ignore", "ignore"], detached: process.platform !== "win32" });
  reaper.on("error", () => {});
  reaper.stdin!.on("error", () => {});
  // It waits for this process, and not the other way round.
  reaper.unref();
  (reaper.stdin as { unref?(): void }).unref?.();
  return (line) => void reaper.stdin!.write(`${line}\n`);
}

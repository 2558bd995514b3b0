/**
 * A node of a live cluster as a process of this program.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A process that runs a command of this program. */
export interface NodeProcess {
  readonly pid: number;
  /** The last lines of what it wrote to stderr. */
  readonly lastLines: readonly string[];
  /** Ends it at once. */
  kill(): void;
  /** Stops it, or lets it go on. */
  pause(isPaused: boolean): void;
  /** Asks it to end in good order. */
  terminate(): void;
}

/** What is told of a process. */
export interface NodeProcessEvents {
  /** It serves. */
  readonly onReady: () => void;
  /** It has ended, with a status or by a signal. */
  readonly onExit: (code: number | null, signal: string | null) => void;
}

const KEPT_LINES = 20;

/** The command line by which this runtime runs one of this program's files, with the permissions that a live node needs. */
export function runtimeCommand(file: string): string[] {
  const url = new URL(file, import.meta.url);
  const path = url.protocol === "file:" ? fileURLToPath(url) : url.href;
  const isDeno = (globalThis as { Deno?: unknown }).Deno !== undefined;
  return isDeno
    ? ["run", "--quiet", "--allow-net", "--allow-read", "--allow-write", "--allow-run", "--allow-env=KAYA_*", path]
    : [path];
}

/** Starts `serve` with flags. It ends with this process, at the latest. */
export function startNodeProcess(flags: readonly string[], events: NodeProcessEvents): NodeProcess {
  const args = [...runtimeCommand("../../main.ts"), "serve", "--stop-with-stdin", ...flags];
  // A process group of its own: a Ctrl-C at the terminal is this program's to handle.
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  const lastLines: string[] = [];
  let text = "";
  let isReady = false;
  child.stdin?.on("error", () => {});
  child.stdout?.on("data", () => {
    if (isReady) return;
    isReady = true;
    events.onReady();
  });
  child.stderr?.on("data", (chunk: Uint8Array) => {
    const lines = (text + new TextDecoder().decode(chunk)).split("\n");
    text = lines.pop()!.slice(0, 10_000);
    lastLines.push(...lines);
    lastLines.splice(0, lastLines.length - KEPT_LINES);
  });
  let isOver = false;
  const ended = (code: number | null, by: string | null): void => {
    if (isOver) return;
    isOver = true;
    events.onExit(code, by);
  };
  child.on("error", (error) => {
    lastLines.push(error.message);
    ended(null, null);
  });
  // Not at its exit: what it said last may be on the way still.
  child.on("close", ended);
  const pid = child.pid ?? -1;
  /** `child.kill` goes deaf on Deno after a SIGSTOP. */
  const signal = (name: string): void => {
    if (isOver || pid < 0) return;
    try {
      process.kill(pid, name);
    } catch {
      // It has just ended.
    }
  };
  return {
    pid,
    lastLines,
    kill: () => signal("SIGKILL"),
    pause: (isPaused) => signal(isPaused ? "SIGSTOP" : "SIGCONT"),
    terminate: () => signal("SIGTERM"),
  };
}

/**
 * A process that the harness has started, including its own child processes.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { NodeLog } from "./node_log.ts";
import { continueFamily, killFamily, MARK, signalGroup, stopFamily } from "./family.ts";

/** A process. */
export interface Child {
  readonly pid: number;
  /** The last lines that it wrote to stderr; if there are none, those on stdout. */
  readonly lastLines: readonly string[];
  /** Kills it. */
  kill(): void;
  /** Stops it, or lets it continue. */
  pause(isPaused: boolean): void;
  /** Asks it to end in good order. */
  terminate(): void;
}

/** Callbacks for the events of a process. */
interface ChildEvents {
  /** Called when it has written its first bytes to stdout. */
  readonly onOutput?: () => void;
  /** Called when it has ended, with its status or signal. Both are null if it could not be started. */
  readonly onExit: (code: number | null, signal: string | null) => void;
}

/** The options of starting a process. */
export interface ChildOptions {
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory. Default: that of this process. */
  readonly folder?: string;
  /**
   * Marks its environment, so that signals reach all processes that descend from it. No other running node has the same
   * mark. Left out: signals reach its process group.
   */
  readonly mark?: string;
  /** The file to which its outputs are added. Left out: only their ends are kept. */
  readonly log?: string;
}

/** How many bytes of an output are kept, and how many of its last lines are shown. */
const KEPT_BYTES = 1 << 16;
const KEPT_LINES = 20;
const LINE_MAX = 10_000;
/** How long the outputs may stay open after the end, in milliseconds: a stranger may have inherited them. */
const OUTPUT_AFTER_END_MS = 1_000;

/**
 * Starts a process as the leader of its own process group. So a Ctrl-C at the terminal reaches only the harness, and a
 * signal to the group also reaches the process's children.
 */
export function startChild({ argv, env, folder, mark, log: path }: ChildOptions, events: ChildEvents): Child {
  const [program = "", ...args] = argv;
  const child: ChildProcess = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
    ...(env === undefined && mark === undefined
      ? {}
      : { env: { ...process.env, ...env, ...(mark === undefined ? {} : { [MARK]: mark }) } }),
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  const errors = new Tail(), output = new Tail();
  const log = path === undefined ? null : new NodeLog(path, argv);
  let isOver = false;
  const ended = (code: number | null, by: string | null): void => {
    if (isOver) return;
    isOver = true;
    log?.end(by !== null ? `ended by ${by}` : code !== null ? `ended with status ${code}` : "could not be started");
    events.onExit(code, by);
  };
  child.stdin?.on("error", () => {});
  child.stdout?.once("data", () => events.onOutput?.());
  for (const [stream, tail] of [[child.stdout, output], [child.stderr, errors]] as const) {
    stream?.on("data", (bytes: Uint8Array) => {
      tail.add(bytes);
      log?.add(bytes);
    });
  }
  child.on("error", (error) => {
    errors.add(new TextEncoder().encode(`${error.message}\n`));
    ended(null, null);
  });
  const pid = child.pid ?? -1;
  const mayBeSignalled = (): boolean => !isOver && pid >= 0;
  const family = mark === undefined ? null : { root: pid, mark };
  const kill = (): void => family === null ? signalGroup(pid, "SIGKILL") : killFamily(family);
  child.on("exit", (code, by) => {
    // What it has left running would keep its outputs open, and hold its ports and files against its next life.
    kill();
    const late = setTimeout(() => ended(code, by), OUTPUT_AFTER_END_MS);
    // Its last output may still be on the way.
    child.on("close", () => {
      clearTimeout(late);
      ended(code, by);
    });
  });
  return {
    pid,
    get lastLines() {
      return errors.lines.length > 0 ? errors.lines : output.lines;
    },
    kill() {
      if (mayBeSignalled()) kill();
    },
    pause(isPaused) {
      if (!mayBeSignalled()) return;
      if (family === null) signalGroup(pid, isPaused ? "SIGSTOP" : "SIGCONT");
      else if (isPaused) stopFamily(family);
      else continueFamily(family);
    },
    terminate() {
      if (mayBeSignalled()) signalGroup(pid, "SIGTERM");
    },
  };
}

/** The end of a stream of bytes. Its lines are made only when somebody reads them: a node may write without end. */
class Tail {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    while (this.#length - this.#pieces[0]!.length >= KEPT_BYTES) this.#length -= this.#pieces.shift()!.length;
  }

  get lines(): readonly string[] {
    const lines = Buffer.concat(this.#pieces).toString().split("\n").filter((line) => line.trim() !== "");
    return lines.slice(-KEPT_LINES).map((line) => line.slice(0, LINE_MAX));
  }
}

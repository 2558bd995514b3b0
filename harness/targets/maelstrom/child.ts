/**
 * A process that reads and writes lines on its standard input and output.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileErrorOf } from "./program.ts";

/** How a process ended. */
interface End {
  /** The reason as text: "status 1", "the signal SIGSEGV", or why it could not be started. */
  readonly how: string;
  /** The last lines of its standard error, on one line; empty if there are none. */
  readonly said: string;
}

/** The options of starting a process. */
export interface ChildOptions {
  /** The program and its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Called with all complete lines that arrived at once, without their ends. */
  readonly onLines: (lines: readonly string[]) => void;
  /** Called at its end, after its last line. */
  readonly onEnd: (end: End) => void;
  /** Called if it closes its standard output, but does not end. */
  readonly onSilence: () => void;
  /** Called with its standard error, as it arrives. */
  readonly onStderr: ((text: string) => void) | null;
}

/** A process that runs. */
export interface Child {
  /** Its process group, which also contains a wrapper's children. */
  readonly pid: number | undefined;
  /** Writes a line. */
  write(line: string): void;
  /** Sends a signal to it and all its children. */
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** The last lines of its standard error, on one line. */
  said(): string;
  /** The end of its standard output that is no line yet; `null` if it has written nothing at all. */
  unfinished(): string | null;
  /** Calls `action` when it has ended, or at once if it already has. */
  whenEnded(action: () => void): void;
}

/** How many characters of its standard error are kept. */
const KEPT = 4_000;
/** How many of these characters are shown. */
const TOLD = 400;
/** For how many milliseconds after its end its last output is read. */
const LAST_WORDS_MS = 200;

/**
 * Starts a process in its own group. A Ctrl-C at the terminal does not reach it, and signals to the group reach its
 * children.
 */
export function startChild({ argv, env, onLines, onEnd, onSilence, onStderr }: ChildOptions): Child {
  const [program, ...args] = argv;
  const child: ChildProcess = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
    detached: process.platform !== "win32",
  });
  let kept = "";
  let hasEnded = false;
  const waiting: (() => void)[] = [];
  const end = (how: string): void => {
    if (hasEnded) return;
    hasEnded = true;
    onEnd({ how, said: lastLines(kept) });
    for (const action of waiting) action();
  };
  const lines = lineReader(onLines);
  child.stdin!.on("error", () => {});
  child.stdout!.setEncoding("utf8").on("data", lines.read).on("error", () => {});
  // At its end a process closes its output too.
  child.stdout!.on("end", () => void setTimeout(() => hasEnded || onSilence(), LAST_WORDS_MS));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    kept = (kept + text).slice(-KEPT);
    onStderr?.(text);
  }).on("error", () => {});
  child.on("error", (error) => end(fileErrorOf(error, program)));
  const ended = (code: number | null, signal: string | null): void => {
    end(signal === null ? `status ${code}` : `the signal ${signal}`);
  };
  child.on("close", ended);
  // Processes that it has started may keep its outputs open after its end.
  child.on("exit", (code, signal) => void setTimeout(() => ended(code, signal), LAST_WORDS_MS));
  return {
    pid: child.pid,
    write: writer(child),
    signal(name) {
      if (child.pid === undefined || hasEnded) return;
      try {
        process.kill(process.platform === "win32" ? child.pid : -child.pid, name);
      } catch {
        // It has ended by itself, and the event of its end is on the way.
      }
    },
    said: () => lastLines(kept),
    unfinished: lines.unfinished,
    whenEnded(action) {
      if (hasEnded) action();
      else waiting.push(action);
    },
  };
}

/** Sends the lines that are written in one turn of the event loop together. */
function writer(child: ChildProcess): (line: string) => void {
  let waiting = "";
  return (line) => {
    if (waiting === "") {
      queueMicrotask(() => {
        const text = waiting;
        waiting = "";
        if (child.stdin!.writable) child.stdin!.write(text);
      });
    }
    waiting += `${line}\n`;
  };
}

/** Splits text that arrives in pieces into lines. Each piece is scanned only once. */
function lineReader(
  onLines: (lines: readonly string[]) => void,
): { read(text: string): void; unfinished(): string | null } {
  let pieces: string[] = [];
  let hasRead = false;
  return {
    read(text) {
      hasRead = true;
      const last = text.lastIndexOf("\n");
      if (last < 0) return void pieces.push(text);
      pieces.push(text.slice(0, last));
      const lines = pieces.join("").split("\n");
      pieces = last + 1 < text.length ? [text.slice(last + 1)] : [];
      onLines(lines);
    },
    unfinished: () => hasRead ? pieces.join("") : null,
  };
}

function lastLines(text: string): string {
  // Lines of punctuation alone, as below a line of Python's tracebacks, say nothing here.
  const line = text.trim().split(/\s*\n\s*/).filter((each) => /\w/.test(each)).join(" | ");
  return line.length > TOLD ? `...${line.slice(3 - TOLD)}` : line;
}

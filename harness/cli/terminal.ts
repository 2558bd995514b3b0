/**
 * The output of a command: results on stdout, progress and errors on stderr, colours only on terminals that want them.
 *
 * @module
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { fitTo } from "../report/columns.ts";

/** The output of a command. Tests use another implementation to read what was printed. */
export interface Terminal {
  /** Writes a result, with its line ends, to stdout. */
  out(text: string): void;
  /** Writes a line about an error or a note to stderr. */
  err(line: string): void;
  /** Shows a line of progress, which the next one overwrites; does nothing if stderr is not a terminal. */
  progress(line: string): void;
  /** Applies a colour or weight to text, if stdout is a terminal that wants it. */
  style(format: Format, text: string): string;
}

/** The styles that the output uses. */
export type Format = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/**
 * SGR codes (ECMA-48, section 8.3.117), begin and end. `styleText` of `node:util` reads the environment, for which Deno
 * needs a permission.
 */
const CODES: Readonly<Record<Format, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

interface DenoGlobal {
  readonly noColor: boolean;
}

/** Whether NO_COLOR (no-color.org) is set. Deno tells this without a permission. */
function noColor(): boolean {
  const deno = (globalThis as { Deno?: DenoGlobal }).Deno;
  return deno === undefined ? (process.env["NO_COLOR"] ?? "") !== "" : deno.noColor;
}

/**
 * The terminal of this process.
 *
 * Writes are synchronous, so the output is complete before the process exits, even through a pipe.
 */
export function processTerminal(): Terminal {
  const stdoutHasColors = process.stdout.isTTY === true && !noColor();
  const stderrIsTerminal = process.stderr.isTTY === true;
  if (process.stdout.isTTY === true) fitTo(process.stdout.columns);
  let progressShown = false;
  const clearProgress = (): void => {
    if (progressShown) write(2, "\r\x1b[2K");
    progressShown = false;
  };
  return {
    out(text) {
      clearProgress();
      write(1, text);
    },
    err(line) {
      clearProgress();
      write(2, `${line}\n`);
    },
    progress(line) {
      if (!stderrIsTerminal) return;
      clearProgress();
      // A line that wraps could not be overwritten.
      write(2, [...line].slice(0, (process.stderr.columns ?? 80) - 1).join(""));
      progressShown = line !== "";
    },
    style(format, text) {
      if (!stdoutHasColors) return text;
      const [begin, end] = CODES[format];
      return `\x1b[${begin}m${text}\x1b[${end}m`;
    },
  };
}

/**
 * Writes all of `text`, and waits for a slow reader. If the reader has gone (EPIPE), ends the process as a signal
 * would.
 */
function write(descriptor: 1 | 2, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === "EPIPE") process.exit(141);
      if (code !== "EAGAIN") throw error;
    }
  }
}

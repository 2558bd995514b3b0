/**
 * The terminal of a command: results on stdout, progress and errors on stderr, colours only where they are welcome.
 *
 * @module
 */
import { writeSync } from "node:fs";
import process from "node:process";

/** What a command prints through, so that tests can read what it printed. */
export interface Terminal {
  /** Writes a result, with its line ends, to stdout. */
  out(text: string): void;
  /** Writes a line about an error or a note to stderr. */
  err(line: string): void;
  /** Shows a line of progress that the next one overwrites; nothing where stderr is no terminal. */
  progress(line: string): void;
  /** Wraps text in a colour or weight where stdout is a terminal that wants it. */
  style(format: Format, text: string): string;
}

/** The few styles that output uses. */
export type Format = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/**
 * SGR codes (ECMA-48, section 8.3.117): begin and end. `styleText` of `node:util` reads the environment, which needs a
 * permission on Deno.
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

/** NO_COLOR (no-color.org), without asking for a permission: Deno tells it of its own accord. */
function noColor(): boolean {
  const deno = (globalThis as { Deno?: DenoGlobal }).Deno;
  return deno === undefined ? (process.env["NO_COLOR"] ?? "") !== "" : deno.noColor;
}

/**
 * The terminal of this process.
 *
 * Writes are synchronous, so that what was printed is out before the process exits, also through a pipe.
 */
export function processTerminal(): Terminal {
  const stdoutHasColors = process.stdout.isTTY === true && !noColor();
  const stderrIsTerminal = process.stderr.isTTY === true;
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
      write(2, line);
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
 * Writes all of `text`, waiting for a slow reader; a reader that has gone away (EPIPE) ends the process as a signal
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

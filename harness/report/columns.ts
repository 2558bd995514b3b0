/**
 * Two columns of text, for lists of flags and commands and for reports.
 *
 * @module
 */

/** The width of text that goes anywhere but to a terminal. */
const USUAL = 80;
/** Longer lines are hard to read, and shorter ones cut words. */
const MIN = 40;
const MAX = 120;

let columnCount = USUAL;
let isOnTerminal = false;

/** How wide text may be. */
export function textWidth(): number {
  return columnCount;
}

/** Fits all text to a terminal's number of columns, within limits; `undefined` if there is no terminal. */
export function fitTo(terminalColumns: number | undefined): void {
  isOnTerminal = terminalColumns !== undefined;
  columnCount = terminalColumns === undefined ? USUAL : Math.min(MAX, Math.max(MIN, terminalColumns));
}

/** A text whose lines are wrapped to a terminal's width, each below its own margin; elsewhere the text as it is. */
export function fitted(text: string): string {
  return isOnTerminal ? text.split("\n").flatMap((line) => reflowed(line, columnCount)).join("\n") : text;
}

/** A line, wrapped below its own margin. A drawing of operations is left as it is. */
export function reflowed(line: string, width: number): string[] {
  // deno-lint-ignore no-control-regex
  if (line.replaceAll(/\x1b\[\d+m/g, "").length <= width || /\|-*\|/.test(line)) return [line];
  const margin = /^ */.exec(line)![0];
  return wrapped(line.trim().split(" "), width - margin.length).map((each) => margin + each);
}

/** Renders rows of a name and a text. Lines fit the terminal; a long text continues below itself. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.map(([name, text]) => {
    const [first = "", ...more] = wrapped(text.split(" "), textWidth() - left);
    return [`  ${name}`.padEnd(left) + first, ...more.map((line) => " ".repeat(left) + line)]
      .map((line) => `${line.trimEnd()}\n`).join("");
  }).join("");
}

/**
 * Wraps words, or groups of words that must stay together, into lines. A line exceeds `width` only if a single group
 * does.
 */
export function wrapped(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

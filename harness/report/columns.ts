/**
 * Two columns of text, for lists of flags and commands and for reports.
 *
 * @module
 */

/** The assumed width of a terminal. */
export const WIDTH = 80;

/** Formats each row on lines of at most 80 characters: a name, and its description, which continues below itself. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.map(([name, text]) => {
    const [first = "", ...more] = wrapped(text.split(" "), WIDTH - left);
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

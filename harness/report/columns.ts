/**
 * Two columns of text, as lists of flags and commands have them, and reports.
 *
 * @module
 */

/** How wide a terminal is at least. */
export const WIDTH = 80;

/** Each row on lines of at most 80 characters: a name, and what is said of it, which goes on below itself. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.map(([name, text]) => {
    const [first = "", ...more] = wrapped(text.split(" "), WIDTH - left);
    return [`  ${name}`.padEnd(left) + first, ...more.map((line) => " ".repeat(left) + line)]
      .map((line) => `${line.trimEnd()}\n`).join("");
  }).join("");
}

/** Lines of whole words, or of groups of words that stay together; none longer than `width` unless one of these is. */
export function wrapped(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

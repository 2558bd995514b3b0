/**
 * Narrows drawings of operations that are too wide for a terminal: keeps the order, and uses fewer columns.
 *
 * @module
 */

/** A line of a drawing: the process, the operation, its bar, and its place in the history. */
interface Line {
  readonly label: string;
  /** The columns of the bar's first and last character. */
  readonly from: number;
  readonly to: number;
  readonly place: string;
}

/** Fits the lines of a drawing into `width` columns, if that is possible. Other lines stay as they are. */
export function narrowed(lines: readonly string[], width: number): string[] {
  const parsed = lines.map(parse);
  const drawn = parsed.filter((line) => line !== null);
  if (drawn.length === 0 || lines.every((line) => line.length <= width)) return [...lines];
  const columns = [...new Set(drawn.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const label = Math.max(...drawn.map((line) => line.label.length));
  const place = Math.max(...drawn.map((line) => line.place.length));
  const step = Math.max(1, Math.floor((width - label - place - 4) / columns.length));
  const at = (column: number): number => columns.indexOf(column) * step;
  const total = (columns.length - 1) * step + 1;
  return lines.map((line, i) => {
    const told = parsed[i]!;
    if (told === null) return line;
    const bar = `${" ".repeat(at(told.from))}|${"-".repeat(at(told.to) - at(told.from) - 1)}|`;
    return `${told.label.padEnd(label)}  ${bar.padEnd(total)}  ${told.place}`.trimEnd();
  });
}

function parse(line: string): Line | null {
  const match = /^(.*?)(\|-*\|)\s*(.*)$/.exec(line);
  if (match === null) return null;
  const [, before = "", bar = "", place = ""] = match;
  return { label: before.trimEnd(), from: before.length, to: before.length + bar.length - 1, place };
}

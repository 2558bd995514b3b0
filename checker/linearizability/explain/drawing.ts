/**
 * Draws operations as intervals in time, in text.
 *
 * @module
 */
import { brief, type ShownOperation } from "../piece/shown.ts";

/**
 * Draws one line for each operation: its process, what it did, and its interval. Only the order of beginnings and ends
 * is to scale.
 *
 *     process 1  put 1         |---|
 *     process 1  put 2              |---|
 *     process 3  get -> 1                |---|
 */
export function drawnOperations(all: readonly ShownOperation[]): string[] {
  if (all.length <= MOST) return drawn(all);
  return [`... ${all.length - MOST} more`, ...drawn(all.slice(-MOST))];
}

/** How many operations fit on a screen. If there are more, only the last ones are drawn. */
const MOST = 16;

function drawn(operations: readonly ShownOperation[]): string[] {
  const marks = new Set<number>();
  for (const { invoked, returned, type } of operations) {
    marks.add(invoked);
    if (returned !== null && type !== "info") marks.add(returned);
  }
  const step = Math.max(2, Math.min(5, Math.floor(72 / Math.max(1, marks.size))));
  const column = new Map([...marks].sort((x, y) => x - y).map((mark, i) => [mark, i * step]));
  const end = (marks.size - 1) * step;
  const labels = operations.map((operation) => `process ${operation.process}  ${brief(operation)}`);
  const width = Math.max(...labels.map((label) => label.length));
  return operations.map(({ invoked, returned, type }, i) => {
    const isOpen = returned === null || type === "info";
    const from = column.get(invoked)!;
    const to = isOpen ? end + step : column.get(returned)!;
    const line = `${"|".padEnd(to - from, "-")}${isOpen ? ">" : "|"}`;
    return `${labels[i]!.padEnd(width)}  ${" ".repeat(from)}${line}`;
  });
}

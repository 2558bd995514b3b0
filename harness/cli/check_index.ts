/**
 * Finds where the index of a file's events starts again: a sign of several runs in one file.
 *
 * @module
 */
import type { ReadHistory } from "../../checker/mod.ts";

/** An event whose index is below that of an event before it. */
export interface IndexGoesBack {
  readonly index: number;
  readonly line: number;
  /** The line of the event before. */
  readonly since: number;
}

/**
 * The first invocation whose index is below that of the invocation before it. Completions are left out: some tools give
 * them the index of their operation.
 */
export function whereIndexGoesBack({ events, lines }: ReadHistory): IndexGoesBack | undefined {
  let last = -1;
  for (let i = 0; i < events.length; i++) {
    const { type, index } = events[i]!;
    if (type !== "invoke" || index === undefined) continue;
    if (last >= 0 && index < events[last]!.index!) return { index, line: lines[i]!, since: lines[last]! };
    last = i;
  }
  return undefined;
}

/** The letter of `"index"` that other texts have least, and its place: a search for it touches few bytes. */
const LETTER_X = 0x78, X_OF_INDEX = 5;

/** Whether the index of the first line stands a second time in JSON lines; a cheap question before the exact one. */
export function mayStartAgain(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(10) + 1));
  const field = /"index":\s*\d+[,}]/.exec(text);
  if (field === null) return false;
  const wanted = new TextEncoder().encode(field[0].slice(0, -1));
  let times = 0;
  for (let x = bytes.indexOf(LETTER_X); x >= 0 && times < 2; x = bytes.indexOf(LETTER_X, x + 1)) {
    const begin = x - X_OF_INDEX;
    if (!wanted.every((byte, i) => bytes[begin + i] === byte)) continue;
    const end = bytes[begin + wanted.length]!;
    if (end < 0x30 || end > 0x39) times++;
  }
  return times === 2;
}

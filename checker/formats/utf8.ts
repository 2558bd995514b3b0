/**
 * Decodes UTF-8, and refuses what is not.
 *
 * A lenient decoder would turn different bytes into the same character, so different keys or values would become equal.
 *
 * @module
 */
import { FormatError } from "./format_error.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

/**
 * The text of some bytes; a byte order mark at the beginning is left out.
 *
 * @param line The number of the first line, from 1.
 * @throws {FormatError} At the first line that is not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array, line = 1): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw errorAt(bytes, line);
  }
}

function errorAt(bytes: Uint8Array, line: number): FormatError {
  let at = line;
  for (let begin = 0; begin < bytes.length; at++) {
    const found = bytes.indexOf(10, begin);
    const end = found < 0 ? bytes.length : found + 1;
    try {
      strict.decode(bytes.subarray(begin, end));
    } catch {
      return new FormatError(at, 1, "expected UTF-8, but the line has bytes that are none");
    }
    begin = end;
  }
  return new FormatError(line, 1, "expected UTF-8, but the text has bytes that are none");
}

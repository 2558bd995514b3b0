/**
 * Reads a log whose lines have a JSON event behind a prefix, such as a time and a level.
 *
 *     2024-01-01T00:00:00Z INFO {"process":0,"type":"invoke","f":"read"}
 *
 * @module
 */
import { HEAD_BYTES } from "../../checker/mod.ts";
import { InputError } from "./input_error.ts";

const NEWLINE = 10, BRACE = 123, CLOSE_BRACE = 125;

/** A text before the first brace that is not JSON itself: it has a letter or a digit, and no quote. */
const PREFIX = /^[^{"]*[A-Za-z0-9][^{"]*\{/;

/** JSON lines without their prefixes, and what the reader of the verdict should know. */
interface Unprefixed {
  readonly bytes: Uint8Array;
  readonly notes: readonly string[];
}

/**
 * Cuts off the prefixes, if the first line that ends with an object has one, and the object is an event. Lines without
 * an object become empty, so that all lines keep their numbers.
 *
 * @throws {InputError} If something stands behind the object of a line.
 */
export function withoutPrefixes(bytes: Uint8Array): Unprefixed {
  if (!isPrefixed(new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES)))) return { bytes, notes: [] };
  const plain = bytes.slice().fill(32);
  let line = 1, passedOver = 0;
  for (let begin = 0; begin < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, begin);
    const end = found < 0 ? bytes.length : found;
    const brace = bytes.indexOf(BRACE, begin);
    let last = end - 1;
    while (last >= begin && bytes[last]! <= 32) last--;
    if (brace >= 0 && brace < end) {
      if (bytes[last] !== CLOSE_BRACE) throw new InputError("expected the line to end with a JSON event", line);
      plain.set(bytes.subarray(brace, end), brace);
    } else if (last >= begin) passedOver++;
    if (found >= 0) plain[found] = NEWLINE;
    begin = end + 1;
  }
  const others = passedOver === 0 ? "" : `; ${passedOver} without one ${passedOver === 1 ? "was" : "were"} passed over`;
  return { bytes: plain, notes: [`of each line, the JSON event behind a prefix was read${others}`] };
}

/** Whether the first line of a text that ends with an object has a prefix, and the object is an event. */
export function isPrefixed(head: string): boolean {
  for (const line of head.replace(/^\ufeff/, "").split("\n").slice(0, 100)) {
    const text = line.trim();
    if (!text.includes("{")) continue;
    if (!PREFIX.test(text)) return false;
    try {
      const event: unknown = JSON.parse(text.slice(text.indexOf("{")));
      return /^(?:invoke|ok|fail|info)$/.test(String((event as { type?: unknown }).type));
    } catch {
      return false;
    }
  }
  return false;
}

/**
 * Describes a command of the log as text.
 *
 * @module
 */
import { innerCommand, sessionOf } from "../replica/sessions.ts";
import { isBinary } from "../bytes/value.ts";
import { decodeCommand, type StoreCommand } from "./store_command.ts";

/** How many characters of a text are shown. */
const LONGEST = 100;

/** A command as text, truncated if it is long. For a command that is not the store's, its length and kind. */
export function describeCommand(bytes: Uint8Array): string {
  try {
    const session = sessionOf(bytes);
    if (session === null) return describe(decodeCommand(bytes));
    return `${nameInWords(session.client)}/${session.sequence}: ${describeCommand(innerCommand(bytes))}`;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `${bytes.length} bytes of kind ${bytes[0] ?? "none"}`;
  }
}

function describe({ f, ...rest }: StoreCommand): string {
  return `${f} ${shortened(Object.values(rest).map(inWords).join(" "))}`;
}

/** A value on one line, without characters that control a terminal. */
function inWords(value: unknown): string {
  const text = JSON.stringify(value, (_key, part) => typeof part === "string" ? readable(part) : part);
  return text.replace(UNSEEN, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A client's name on one line, without quotes. */
function nameInWords(client: string): string {
  return shortened(inWords(client).slice(1, -1));
}

function shortened(words: string): string {
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}...` : words;
}

/** Control characters, line separators, and marks that turn the direction of a line; JSON escapes those below 32. */
const UNSEEN = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The beginning of a binary string, as text if its bytes are UTF-8. */
function readable(binary: string): string {
  const cut = binary.slice(0, LONGEST + 1);
  // A text with characters beyond 255 does not stand for bytes.
  if (/^[ -~]*$/.test(cut) || !isBinary(cut)) return cut;
  try {
    const bytes = Uint8Array.from(cut, (character) => character.charCodeAt(0));
    // Decodes as a stream, because the text may be cut within a character.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return cut;
  }
}

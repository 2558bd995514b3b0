/**
 * Describes a command of the log as text.
 *
 * @module
 */
import { ByteReader } from "../bytes/byte_reader.ts";
import { decodeCommand, type StoreCommand } from "./store_command.ts";

const SESSION_KIND = 16;
const LONGEST = 100;

/** A command as text, truncated if it is long. For a command that is not the store's, its length and kind. */
export function describeCommand(bytes: Uint8Array): string {
  try {
    if (bytes[0] !== SESSION_KIND) return describe(decodeCommand(bytes));
    const reader = new ByteReader(bytes, "a session's command", 1);
    const client = reader.binaryWithLength("the client");
    const sequence = reader.u64("the sequence");
    reader.u64("the oldest open write");
    reader.u64("the beginning");
    return `${client}/${sequence}: ${describeCommand(reader.bytes(reader.left, "the command"))}`;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `${bytes.length} bytes of kind ${bytes[0] ?? "none"}`;
  }
}

function describe({ f, ...rest }: StoreCommand): string {
  const words = Object.values(rest).map(inWords).join(" ");
  return `${f} ${words.length > LONGEST ? `${words.slice(0, LONGEST)}...` : words}`;
}

/** A value on one line, without characters that control a terminal. */
function inWords(value: unknown): string {
  const text = JSON.stringify(value, (_key, part) => typeof part === "string" ? readable(part) : part);
  // JSON escapes the other control characters.
  return text.replace(/[\x7f-\x9f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}

/** The beginning of a binary string, as text if its bytes are UTF-8. */
function readable(binary: string): string {
  const cut = binary.slice(0, LONGEST + 1);
  if (/^[ -~]*$/.test(cut)) return cut;
  try {
    const bytes = Uint8Array.from(cut, (character) => character.charCodeAt(0));
    // Decodes as a stream, because the text may be cut within a character.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return cut;
  }
}

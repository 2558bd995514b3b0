/**
 * A command of the log in words.
 *
 * @module
 */
import { ByteReader } from "./byte_writer.ts";
import { decodeCommand, type StoreCommand } from "./store_command.ts";

const SESSION_KIND = 16;
const LONGEST = 100;

/** A command in words, cut where it is long; its length where it is not the store's. */
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
  const words = Object.values(rest).map((value) => JSON.stringify(value)).join(" ");
  return `${f} ${words.length > LONGEST ? `${words.slice(0, LONGEST)}...` : words}`;
}

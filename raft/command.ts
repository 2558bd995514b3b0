/**
 * The bytes of a key-value command, as the Rust crate kaya-raft writes them, little-endian:
 *
 * ```text
 * type u8 | key_len u32 | key | [Put: value_len u32 | value]      Put = 1, Delete = 2
 * ```
 *
 * A host's own kinds take numbers from 16 up; these functions do not know them.
 *
 * @module
 */
import { checkBytes, checkObject, shown } from "./arguments.ts";

/** A write to one key. */
export type RaftCommand =
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "delete"; readonly key: Uint8Array };

const PUT = 1;
const DELETE = 2;

/**
 * A command's bytes.
 *
 * @param command The command.
 * @returns New bytes.
 * @throws {TypeError} If it is not a command, or its key or value is not a `Uint8Array`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodeCommand } from "@kayadb/raft/raft";
 *
 * const key = new TextEncoder().encode("a");
 * assert.deepEqual([...encodeCommand({ type: "delete", key })], [2, 1, 0, 0, 0, 97]);
 * ```
 */
export function encodeCommand(command: RaftCommand): Uint8Array {
  checkObject(command, "a RaftCommand");
  const { type, key } = command;
  if (type !== "put" && type !== "delete") {
    throw new TypeError(`Cannot take ${shown(type)} as the type of a RaftCommand: it is put or delete`);
  }
  checkBytes(key, "a key");
  if (type === "put") checkBytes(command.value, "a value");
  const value = command.type === "put" ? command.value : null;
  const bytes = new Uint8Array(5 + key.length + (value === null ? 0 : 4 + value.length));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, value === null ? DELETE : PUT);
  view.setUint32(1, key.length, true);
  bytes.set(key, 5);
  if (value !== null) {
    view.setUint32(5 + key.length, value.length, true);
    bytes.set(value, 9 + key.length);
  }
  return bytes;
}

/**
 * The command in `bytes`.
 *
 * @param bytes Exactly one command.
 * @returns The command; its key and value are views of `bytes`.
 * @throws {SyntaxError} If the bytes are not a command. The message says what was expected, what was found, and where.
 */
export function decodeCommand(bytes: Uint8Array): RaftCommand {
  checkBytes(bytes, "a RaftCommand's bytes");
  if (bytes.length === 0) {
    throw new SyntaxError("Cannot decode a RaftCommand: a type is needed at offset 0, but there are no bytes");
  }
  const type = bytes[0];
  if (type !== PUT && type !== DELETE) {
    throw new SyntaxError(
      `Cannot decode a RaftCommand: the type is 1 (Put) or 2 (Delete), but ${type} was found at offset 0`,
    );
  }
  const key = field(bytes, 1, "key");
  const value = type === PUT ? field(bytes, 5 + key.length, "value") : null;
  const end = 5 + key.length + (value === null ? 0 : 4 + value.length);
  if (end !== bytes.length) {
    throw new SyntaxError(
      `Cannot decode a RaftCommand: it ends at offset ${end}, but ${bytes.length - end} more bytes follow`,
    );
  }
  return value === null ? { type: "delete", key } : { type: "put", key, value };
}

function field(bytes: Uint8Array, offset: number, name: string): Uint8Array {
  const left = bytes.length - offset;
  if (left < 4) {
    throw new SyntaxError(
      `Cannot decode a RaftCommand: the ${name}'s length needs 4 bytes, but ${left} are left at offset ${offset}`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
  if (left - 4 < length) {
    throw new SyntaxError(
      `Cannot decode a RaftCommand: the ${name} needs ${length} bytes, but ${left - 4} are left at offset ${
        offset + 4
      }`,
    );
  }
  return bytes.subarray(offset + 4, offset + 4 + length);
}

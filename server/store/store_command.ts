/**
 * The commands of the key-value store: translates a client's operation into the bytes in the log, and back.
 *
 * Put and Delete have the bytes of `raft/command.ts`; the store's own kinds follow from 17 (16 is the session's, see
 * `sessions.ts`):
 *
 * ```text
 *  1 put          | key | value                            strings follow their length u32
 *  2 delete       | key
 * 17 get          | key
 * 18 cas          | key | value from | value to            values as in `value.ts`
 * 19 add          | key | delta
 * 20 txn          | reads only u8 | count u32 | (what u8 | key | value)*      what: 0 r, 1 append, 2 w
 * 21 set-add      | key | value
 * 22 set-if       | key | value | flags u8 | value compared
 *                   flags: 1 nx, 2 xx, 4 ifeq, 8 answer with the old value
 * 23 delete-many  | count u32 | key*
 * 24 get-many     | count u32 | key*
 * 25 put-many     | count u32 | (key | value)*             values are strings
 * 26 take         | key                                    answers with the value and deletes the key
 * 27 size         |
 * 28 scan         | after u8 (0: from the first on, 1: key) | key | count u32 | pattern
 * 29 all          | reads only u8 | count u32 | (length u32 | command)*       runs the commands as one
 * ```
 *
 * @module
 */
import { ByteReader } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import type { Operation } from "./operation.ts";
import { isBinary, isValue, readValue, type Value, writeValue } from "../bytes/value.ts";

/** A part of a transaction: read, append to a list, write a register. */
export type MicroOperation =
  | readonly ["r", string, null]
  | readonly ["append", string, Value]
  | readonly ["w", string, Value];

/** A command of the store, decoded. */
export type StoreCommand =
  | { readonly f: "put"; readonly key: string; readonly value: string }
  | { readonly f: "delete"; readonly key: string }
  | { readonly f: "get"; readonly key: string }
  | { readonly f: "cas"; readonly key: string; readonly from: Value; readonly to: Value }
  | { readonly f: "add"; readonly key: string; readonly delta: Value }
  | { readonly f: "txn"; readonly operations: readonly MicroOperation[] }
  | { readonly f: "set-add"; readonly key: string; readonly element: Value }
  | {
    readonly f: "set-if";
    readonly key: string;
    readonly value: string;
    readonly flags: number;
    readonly compared: Value;
  }
  | { readonly f: "delete-many"; readonly keys: readonly string[] }
  | { readonly f: "get-many"; readonly keys: readonly string[] }
  | { readonly f: "put-many"; readonly pairs: readonly (readonly [key: string, value: string])[] }
  | { readonly f: "take"; readonly key: string }
  | { readonly f: "size" }
  | { readonly f: "scan"; readonly after: string | null; readonly count: number; readonly pattern: string }
  | { readonly f: "all"; readonly commands: readonly StoreCommand[] };

/** Kinds of commands: the first byte. */
const PUT = 1;
const DELETE = 2;
const GET = 17;
const CAS = 18;
const ADD = 19;
const TXN = 20;
const SET_ADD = 21;
const SET_IF = 22;
const DELETE_MANY = 23;
const GET_MANY = 24;
const PUT_MANY = 25;
const TAKE = 26;
const SIZE = 27;
const SCAN = 28;
const ALL = 29;

/** The kinds of commands that only make the store smaller. */
export const FREEING: readonly number[] = [DELETE, DELETE_MANY, TAKE];

/** Flags of `set-if`. */
export const SET_IF_ABSENT = 1;
/** Sets only a key that exists. */
export const SET_IF_PRESENT = 2;
/** Sets only a key that has the compared value. */
export const SET_IF_EQUAL = 4;
/** Answers with the old value. */
export const SET_AND_GET = 8;
/** All flags. */
const SET_FLAGS = 15;

const MICRO_OPERATIONS = ["r", "append", "w"] as const;

const writer = new ByteWriter(1024);

/**
 * Encodes an operation.
 *
 * - `get`, `delete`: `key`. `put`: `key` and `value`, a binary string or a number. `cas`: `value` is `[from, to]`;
 * `null` stands for no value.
 * - `add`: `value` is a number, or decimal digits. `set-add`: `value` is what is added to the key's set.
 * - `txn`: `value` is a list of `["r", key, null]`, `["append", key, element]`, `["w", key, value]`.
 * - `set-if`: `value` is `[value, flags, compared]`. `delete-many`, `get-many`: `value` is a list of keys.
 * - `put-many`: `value` is a list of pairs of strings. `take`: `key`. `size`: nothing. `scan`: `value` is `[after,
 * count, pattern]`, `after` a key or `null`. `all`: `value` is a list of operations, none of them `all`.
 *
 * @throws {TypeError} If the operation is unknown, or its key or value has the wrong shape.
 */
export function encodeOperation(operation: Operation): Uint8Array {
  writer.clear();
  const { f, value } = operation;
  switch (f) {
    case "put": {
      const text = typeof value === "number" ? String(value) : value;
      begin(PUT, operation);
      writer.binaryWithLength(binary(text, operation));
      break;
    }
    case "get":
      begin(GET, operation);
      break;
    case "delete":
      begin(DELETE, operation);
      break;
    case "cas": {
      if (!Array.isArray(value) || value.length !== 2) throw wrong(operation, "a pair of values");
      begin(CAS, operation);
      writeValue(writer, anyValue(value[0], operation));
      writeValue(writer, anyValue(value[1], operation));
      break;
    }
    case "add":
      if (typeof value !== "number" && typeof value !== "string") throw wrong(operation, "a number");
      begin(ADD, operation);
      writeValue(writer, value);
      break;
    case "set-add":
      begin(SET_ADD, operation);
      writeValue(writer, anyValue(value, operation));
      break;
    case "txn":
      encodeTransaction(operation);
      break;
    case "set-if": {
      if (!Array.isArray(value) || value.length !== 3) throw wrong(operation, "a value, flags, and a value");
      begin(SET_IF, operation);
      writer.binaryWithLength(binary(value[0], operation));
      writer.u8(flagsOf(value[1], operation));
      writeValue(writer, anyValue(value[2], operation));
      break;
    }
    case "delete-many":
    case "get-many":
      if (!Array.isArray(value)) throw wrong(operation, "a list of keys");
      writer.u8(f === "get-many" ? GET_MANY : DELETE_MANY);
      writer.u32(value.length);
      for (const key of value) writer.binaryWithLength(binary(key, operation));
      break;
    case "put-many":
      encodePairs(operation);
      break;
    case "take":
      begin(TAKE, operation);
      break;
    case "size":
      writer.u8(SIZE);
      break;
    case "scan":
      encodeScan(operation);
      break;
    case "all":
      return encodeAll(operation);
    default:
      throw new TypeError(`Cannot encode the operation ${JSON.stringify(f)}: it is not an operation of the store`);
  }
  return writer.copy();
}

function encodePairs(operation: Operation): void {
  const { value } = operation;
  if (!Array.isArray(value)) throw wrong(operation, "a list of pairs");
  writer.u8(PUT_MANY);
  writer.u32(value.length);
  for (const pair of value as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) throw wrong(operation, "a list of pairs");
    for (const text of pair) writer.binaryWithLength(binary(text, operation));
  }
}

function encodeScan(operation: Operation): void {
  const [after, count, pattern] = Array.isArray(operation.value) ? operation.value : [];
  if (!Number.isSafeInteger(count) || count < 1 || count > SCAN_MAX) throw wrong(operation, `a count to ${SCAN_MAX}`);
  writer.u8(SCAN);
  writer.u8(after === null ? 0 : 1);
  writer.binaryWithLength(after === null ? "" : binary(after, operation));
  writer.u32(count);
  writer.binaryWithLength(binary(pattern, operation));
}

function encodeAll(operation: Operation): Uint8Array {
  if (!Array.isArray(operation.value)) throw wrong(operation, "a list of operations");
  // These operations use the shared writer too.
  const parts = Array.from(operation.value as Iterable<Operation | null | undefined>, (part) => {
    if (typeof part?.f !== "string" || part.f === "all") throw wrong(operation, "operations other than all");
    return encodeOperation(part);
  });
  const whole = new ByteWriter(parts.reduce((sum, part) => sum + part.length + 4, 16));
  whole.u8(ALL);
  whole.u8(parts.every(isReadCommand) ? 1 : 0);
  whole.u32(parts.length);
  for (const part of parts) whole.bytesWithLength(part);
  return whole.view();
}

function encodeTransaction(operation: Operation): void {
  const { value } = operation;
  if (!Array.isArray(value)) throw wrong(operation, "a list of micro-operations");
  writer.u8(TXN);
  writer.u8(value.every((micro) => Array.isArray(micro) && micro[0] === "r") ? 1 : 0);
  writer.u32(value.length);
  for (const micro of value as unknown[]) {
    const what = Array.isArray(micro) ? MICRO_OPERATIONS.indexOf(micro[0]) : -1;
    if (!Array.isArray(micro) || what < 0) throw wrong(operation, "micro-operations r, append and w");
    writer.u8(what);
    const key: unknown = micro[1];
    writer.binaryWithLength(binary(typeof key === "number" ? String(key) : key, operation));
    writeValue(writer, what === 0 ? null : anyValue(micro[2], operation));
  }
}

function flagsOf(flags: unknown, operation: Operation): number {
  const isKnown = typeof flags === "number" && Number.isSafeInteger(flags) && flags >= 0 && flags <= SET_FLAGS;
  if (!isKnown) throw wrong(operation, `flags from 0 to ${SET_FLAGS}`);
  return flags;
}

function begin(kind: number, operation: Operation): void {
  writer.u8(kind);
  writer.binaryWithLength(binary(operation.key, operation));
}

function binary(text: unknown, operation: Operation): string {
  if (typeof text !== "string" || !isBinary(text)) throw wrong(operation, "binary strings");
  return text;
}

function anyValue(value: unknown, operation: Operation): Value {
  if (!isValue(value)) throw wrong(operation, "values");
  return value;
}

function wrong(operation: Operation, expected: string): TypeError {
  return new TypeError(`Cannot encode the operation ${JSON.stringify(operation.f)}: it takes ${expected}`);
}

/** The most keys that one `scan` looks at; such a step takes some milliseconds. */
export const SCAN_MAX = 10_000;

/** Whether a command only reads. */
export function isReadCommand(command: Uint8Array): boolean {
  const kind = command[0];
  return kind === GET || kind === GET_MANY || kind === SIZE || kind === SCAN ||
    ((kind === TXN || kind === ALL) && command[1] === 1);
}

/**
 * Decodes a command of the store.
 *
 * @throws {SyntaxError} The message says what was expected and what was found.
 */
export function decodeCommand(bytes: Uint8Array): StoreCommand {
  const reader = new ByteReader(bytes, "a store command");
  const command = readCommand(reader, bytes);
  reader.end();
  return command;
}

function readCommand(reader: ByteReader, bytes: Uint8Array): StoreCommand {
  const kind = reader.u8("its kind");
  const key = (): string => reader.binaryWithLength("a key");
  switch (kind) {
    case PUT:
      return { f: "put", key: key(), value: reader.binaryWithLength("a value") };
    case DELETE:
      return { f: "delete", key: key() };
    case GET:
      return { f: "get", key: key() };
    case CAS:
      return { f: "cas", key: key(), from: readValue(reader), to: readValue(reader) };
    case ADD:
      return { f: "add", key: key(), delta: readValue(reader) };
    case SET_ADD:
      return { f: "set-add", key: key(), element: readValue(reader) };
    case TXN: {
      reader.u8("whether it only reads");
      const operations = readMany(reader, (): MicroOperation => {
        const what = MICRO_OPERATIONS[reader.u8("a micro-operation")];
        if (what === undefined) throw new SyntaxError("Cannot read a store command: a micro-operation is unknown");
        return [what, key(), readValue(reader)] as MicroOperation;
      });
      return { f: "txn", operations };
    }
    case SET_IF:
      return {
        f: "set-if",
        key: key(),
        value: reader.binaryWithLength("a value"),
        flags: reader.u8("flags"),
        compared: readValue(reader),
      };
    case DELETE_MANY:
      return { f: "delete-many", keys: readMany(reader, key) };
    case GET_MANY:
      return { f: "get-many", keys: readMany(reader, key) };
    case PUT_MANY:
      return { f: "put-many", pairs: readMany(reader, () => [key(), reader.binaryWithLength("a value")] as const) };
    case TAKE:
      return { f: "take", key: key() };
    case SIZE:
      return { f: "size" };
    case SCAN: {
      const isFromFirst = reader.u8("where to begin") === 0;
      const after = key();
      const count = Math.min(reader.u32("a count"), SCAN_MAX);
      return { f: "scan", after: isFromFirst ? null : after, count, pattern: reader.binaryWithLength("a pattern") };
    }
    case ALL:
      reader.u8("whether it only reads");
      return { f: "all", commands: readMany(reader, () => readPart(reader)) };
    default:
      throw new SyntaxError(
        `Cannot read a store command: its kind is ${kind}, but 1, 2 or 17 to 29 were expected (${bytes.length} bytes)`,
      );
  }
}

function readPart(reader: ByteReader): StoreCommand {
  const bytes = reader.bytesWithLength("a command");
  if (bytes[0] === ALL) throw new SyntaxError("Cannot read a store command: it contains itself");
  return decodeCommand(bytes);
}

function readMany<Item>(reader: ByteReader, read: () => Item): Item[] {
  const count = reader.u32("a count");
  if (count > reader.left) {
    throw new SyntaxError(`Cannot read a store command: it claims ${count} parts, more than its bytes can hold`);
  }
  const items: Item[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}

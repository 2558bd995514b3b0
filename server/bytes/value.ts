/**
 * The values in requests, replies and snapshots, and their bytes.
 *
 * ```text
 * value = 0                                null
 *       | 1 | length u32, bytes            a binary string: one character a byte
 *       | 2 | f64                          a number
 *       | 3 | count u32, value*            a list
 *       | 4 | length u32, bytes            a string with characters beyond 255, in UTF-8
 * ```
 *
 * @module
 */
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";

/**
 * A value that a store holds or answers: `null`, a binary string (one character a byte), a number, or a list of values.
 */
export type Value = null | string | number | readonly Value[];

const NULL = 0;
const BINARY = 1;
const NUMBER = 2;
const LIST = 3;
const TEXT = 4;

/** The maximum depth of nested lists. It is enough for transactions, and limits hostile bytes. */
const MAX_DEPTH = 8;

const float = new DataView(new ArrayBuffer(8));

/** Whether `value` is a `Value` that can be written. */
export function isValue(value: unknown, depth: number = 0): value is Value {
  if (value === null || typeof value === "string" || typeof value === "number") return true;
  if (!Array.isArray(value) || depth >= MAX_DEPTH) return false;
  // `every` would skip the holes of a list.
  for (const element of value) if (!isValue(element, depth + 1)) return false;
  return true;
}

// deno-lint-ignore no-control-regex -- the text may hold any byte
const BEYOND_A_BYTE = /[^\x00-\xff]/;

/**
 * Whether a string has only characters from 0 to 255, so that it stands for bytes.
 *
 * V8 knows of most strings that they hold only bytes, and then looks at no character. A loop over 1 MB takes 4 ms.
 */
export function isBinary(text: string): boolean {
  return !BEYOND_A_BYTE.test(text);
}

/** Appends a value. */
export function writeValue(writer: ByteWriter, value: Value): void {
  if (value === null) writer.u8(NULL);
  else if (typeof value === "number") {
    writer.u8(NUMBER);
    float.setFloat64(0, value, true);
    writer.u32(float.getUint32(0, true));
    writer.u32(float.getUint32(4, true));
  } else if (typeof value === "string") {
    if (isBinary(value)) {
      writer.u8(BINARY);
      writer.binaryWithLength(value);
    } else {
      writer.u8(TEXT);
      writer.bytesWithLength(new TextEncoder().encode(value));
    }
  } else {
    writer.u8(LIST);
    writer.u32(value.length);
    for (const element of value) writeValue(writer, element);
  }
}

/** Reads a value. Throws a SyntaxError if the bytes are not a value. */
export function readValue(reader: ByteReader, depth: number = 0): Value {
  const type = reader.u8("a value's type");
  switch (type) {
    case NULL:
      return null;
    case BINARY:
      return reader.binaryWithLength("a string");
    case NUMBER:
      float.setUint32(0, reader.u32("a number"), true);
      float.setUint32(4, reader.u32("a number"), true);
      return float.getFloat64(0, true);
    case LIST: {
      const count = reader.u32("a list's length");
      if (depth >= MAX_DEPTH || count > reader.left) {
        throw new SyntaxError(`Cannot read a value: a list of ${count} values at depth ${depth} is not allowed here`);
      }
      const list: Value[] = [];
      for (let i = 0; i < count; i++) list.push(readValue(reader, depth + 1));
      return list;
    }
    case TEXT:
      return new TextDecoder().decode(reader.bytesWithLength("a text"));
    default:
      throw new SyntaxError(`Cannot read a value: its type is ${type}, but 0 to 4 were expected`);
  }
}

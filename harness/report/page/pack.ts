/**
 * A page's data as bytes, and back: its long columns as arrays of numbers that need no parsing, everything else as
 * JSON.
 *
 *     length of the JSON, u32 | JSON | zeros up to a multiple of 8 | a column | zeros up to a multiple of 8 | ...
 *
 * All numbers are little-endian. In the JSON each column is `{ "column": [type, coding, offset, length] }`; offsets
 * count from the end of the JSON's zeros. Codings: `plain`; `delta`, the differences from one number to the next;
 * `after`, a number's distance from the one at the same place in an earlier column, plus 1, or 0 for -1.
 *
 * @module
 */
import type { Column, Messages, Operations, PageData } from "./data.ts";

/** The types of numbers, the narrowest first. */
const TYPES = { u8: Uint8Array, u16: Uint16Array, i32: Int32Array, f64: Float64Array } as const;
type Type = keyof typeof TYPES;
type Coding = "plain" | "delta" | "after";

/** A column in the JSON. */
interface Packed {
  readonly column: readonly [type: Type, coding: Coding, offset: number, length: number];
}

/** The columns of a table, and how they are written; `after` is an earlier column. */
type Layout = Readonly<Record<string, "plain" | "delta" | { readonly after: string }>>;

const OPERATIONS = {
  start: "delta",
  end: { after: "start" },
  node: "plain",
  process: "plain",
  outcome: "plain",
  what: "plain",
  result: "plain",
  key: "plain",
  place: "delta",
} as const satisfies Layout & Record<Exclude<keyof Operations, "texts">, unknown>;

const MESSAGES = {
  sent: "delta",
  arrived: { after: "sent" },
  from: "plain",
  to: "plain",
  kind: "plain",
  text: "plain",
  matters: "plain",
} as const satisfies Layout & Record<Exclude<keyof Messages, "texts">, unknown>;

/** Numbers up to here have exact differences. */
const EXACT = 2 ** 51;

/** A page's data as bytes. */
export function packPage(data: PageData): Uint8Array {
  const columns: Uint8Array[] = [];
  let offset = 0;
  const packed = (values: Column, coding: Coding, base: Column | null): Packed => {
    const coded = codedAs(values, coding, base);
    const type = typeOf(coded ?? values);
    const bytes = new Uint8Array(TYPES[type].from(coded ?? values).buffer);
    columns.push(bytes);
    const at = offset;
    offset += aligned(bytes.length);
    return { column: [type, coded === null ? "plain" : coding, at, values.length] };
  };
  const table = (given: Operations | Messages, layout: Layout): unknown => {
    const fields = given as unknown as Record<string, Column>;
    const columnsOf = Object.entries(layout).map(([name, how]) => {
      const isAfter = typeof how !== "string";
      return [name, packed(fields[name]!, isAfter ? "after" : how, isAfter ? fields[how.after]! : null)];
    });
    return { ...given, ...Object.fromEntries(columnsOf) };
  };
  const json = new TextEncoder().encode(JSON.stringify({
    ...data,
    operations: table(data.operations, OPERATIONS),
    messages: data.messages === null ? null : table(data.messages, MESSAGES),
  }));
  const begin = aligned(4 + json.length);
  const bytes = new Uint8Array(begin + offset);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  let at = begin;
  for (const column of columns) {
    bytes.set(column, at);
    at += aligned(column.length);
  }
  return bytes;
}

/** A page's data from its bytes, which begin their buffer. Its columns are typed arrays. */
export function unpackPage(bytes: Uint8Array): PageData {
  const buffer = bytes.buffer as ArrayBuffer;
  const length = new DataView(buffer).getUint32(0, true);
  const begin = aligned(4 + length);
  const json = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const table = (given: Record<string, Packed>, layout: Layout): unknown => {
    const made: Record<string, unknown> = { ...given };
    for (const [name, how] of Object.entries(layout)) {
      const [type, coding, at, count] = given[name]!.column;
      const column = new TYPES[type](buffer, begin + at, count);
      made[name] = decoded(column, coding, typeof how === "string" ? null : made[how.after] as Column);
    }
    return made;
  };
  return {
    ...json,
    operations: table(json.operations, OPERATIONS),
    messages: json.messages === null ? null : table(json.messages, MESSAGES),
  } as PageData;
}

function aligned(length: number): number {
  return (length + 7) & ~7;
}

/** The numbers that stand for a column; `null` if the column could not be restored from them exactly. */
function codedAs(values: Column, coding: Coding, base: Column | null): Float64Array | null {
  if (coding === "plain") return null;
  const coded = new Float64Array(values.length);
  for (let i = 0, before = 0; i < values.length; i++) {
    const value = values[i]!;
    const from = coding === "delta" ? before : base![i]!;
    // -0 would come back as 0.
    if (!Number.isSafeInteger(value) || Object.is(value, -0) || Math.abs(value) > EXACT) return null;
    if (!Number.isSafeInteger(from)) return null;
    if (coding === "delta") coded[i] = value - from;
    else if (value === -1) coded[i] = 0;
    else if (value >= from && from >= 0) coded[i] = value - from + 1;
    else return null;
    before = value;
  }
  return coded;
}

function decoded(coded: Column, coding: Coding, base: Column | null): Column {
  if (coding === "plain") return coded;
  const values = new Float64Array(coded.length);
  for (let i = 0, before = 0; i < coded.length; i++) {
    const value = coded[i]!;
    if (coding === "delta") values[i] = before = before + value;
    else values[i] = value === 0 ? -1 : base![i]! + value - 1;
  }
  return values;
}

function typeOf(values: Column): Type {
  let least = 0, most = 0;
  for (const value of values) {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return "f64";
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least >= 0 && most < 2 ** 16) return most < 2 ** 8 ? "u8" : "u16";
  return least >= -(2 ** 31) && most < 2 ** 31 ? "i32" : "f64";
}

/**
 * Writes the snapshot of a store slice by slice. A cursor goes through the keys in order. When a key ahead of the
 * cursor changes, its old value is kept.
 *
 * ```text
 * slice  = record*
 * record = 0 value | key | value                                 values as in `value.ts`
 *        | 1 list  | key | more u8 | count u32 | value*          more: the elements go on what the key holds already
 *        | 2 set   | key | more u8 | count u32 | value*
 * ```
 *
 * @module
 */
import { ByteReader } from "../bytes/byte_reader.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { readValue, type Value, writeValue } from "../bytes/value.ts";
import type { Held, Holdings } from "./holdings.ts";
import { SortedKeys } from "./sorted_keys.ts";

const VALUE = 0;
const LIST = 1;
const SET = 2;
/** How many keys are looked up at a time. */
const KEYS_AT_A_TIME = 256;

/** A snapshot of a store that is being written. */
export class StoreSnapshot {
  readonly #held: Holdings;
  readonly #sliceBytes: number;
  /** The last key that was written; `null` if none was. */
  #cursor: string | null = null;
  /** The old values of the changed keys ahead of the cursor. `undefined`: the key did not exist. */
  readonly #before = new Map<string, Held | undefined>();
  /** Those of these keys that existed. They may be deleted by now, so the store may not list them. */
  readonly #existed = new SortedKeys();

  /** @param sliceBytes The size at which a slice ends. */
  constructor(held: Holdings, sliceBytes: number) {
    this.#held = held;
    this.#sliceBytes = sliceBytes;
  }

  /** Must be called before a key is changed. */
  touch(key: string): void {
    if (this.#cursor !== null && key <= this.#cursor) return;
    if (this.#before.has(key)) return;
    const value = this.#held.get(key);
    this.#before.set(key, copyOf(value));
    if (value !== undefined) this.#existed.add(key);
  }

  /** Writes the slices. Each `yield` ends one. */
  *slices(writer: ByteWriter): Generator<void, void> {
    for (let keys = this.#nextKeys(); keys.length > 0; keys = this.#nextKeys()) {
      for (const key of keys) {
        const value = this.#before.has(key) ? this.#before.get(key) : this.#held.get(key);
        if (value !== undefined) yield* this.#writeKey(writer, key, value);
        if (this.#before.delete(key)) this.#existed.delete(key);
        this.#cursor = key;
        if (writer.length >= this.#sliceBytes) yield;
      }
    }
  }

  /** The next keys in order: those in the store, and those whose old values are kept. */
  #nextKeys(): string[] {
    const held = this.#held.after(this.#cursor, KEYS_AT_A_TIME);
    const existed = this.#existed.after(this.#cursor, KEYS_AT_A_TIME);
    if (existed.length === 0) return held;
    const keys = [...new Set([...held, ...existed])].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
    // A full list may lack keys beyond its end, so only the keys up to the nearest such end are certain.
    const ends = [held, existed].filter((list) => list.length === KEYS_AT_A_TIME).map((list) => list.at(-1)!);
    const end = ends.sort()[0];
    return end === undefined ? keys : keys.filter((key) => key <= end);
  }

  *#writeKey(writer: ByteWriter, key: string, value: Held): Generator<void, void> {
    if (typeof value !== "object") {
      writer.u8(VALUE);
      writer.binaryWithLength(key);
      return writeValue(writer, value);
    }
    // The current elements: if the key changes, they are copied first.
    const elements: readonly Value[] = [...value];
    for (let at = 0; at < elements.length || at === 0;) {
      writer.u8(value instanceof Set ? SET : LIST);
      writer.binaryWithLength(key);
      writer.u8(at === 0 ? 0 : 1);
      const countAt = writer.length;
      writer.u32(0);
      const from = at;
      while (at < elements.length && writer.length < this.#sliceBytes) writeValue(writer, elements[at++]!);
      if (at === from && at < elements.length) writeValue(writer, elements[at++]!);
      writer.setU32(countAt, at - from);
      if (at >= elements.length) return;
      yield;
    }
  }
}

/** Copies lists and sets, which are changed in place. */
function copyOf(value: Held | undefined): Held | undefined {
  return value instanceof Set ? new Set(value) : Array.isArray(value) ? [...value] : value;
}

/** Adds the content of a slice to a store. Throws a SyntaxError if it cannot be read. */
export function readSlice(slice: Uint8Array, held: Holdings): void {
  const reader = new ByteReader(slice, "a store's snapshot");
  while (reader.left > 0) {
    const kind = reader.u8("a record's kind");
    const key = reader.binaryWithLength("a key");
    if (kind === VALUE) held.set(key, readValue(reader) as Held);
    else if (kind === LIST || kind === SET) readElements(reader, kind, key, held);
    else throw new SyntaxError(`Cannot read a store's snapshot: a record's kind is 0 to 2, but ${kind} was found`);
  }
}

function readElements(reader: ByteReader, kind: number, key: string, held: Holdings): void {
  if (reader.u8("whether elements go on") === 0) held.set(key, kind === SET ? new Set() : []);
  for (let left = reader.u32("the number of elements"); left > 0; left--) {
    const element = readValue(reader);
    if (kind === SET) held.addTo(key, element);
    else held.append(key, element);
  }
}

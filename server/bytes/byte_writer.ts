/**
 * Growing and reading of binary records, little-endian, as every file and packet of a replica is written.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** From so many characters on the runtime's own conversion to bytes beats a loop. */
const LONG_TEXT = 48;
/** From so many on a text is read by the runtime: what a loop puts together is kept as a chain of its parts, some 60 bytes more, for as long as it is held. */
const FLAT_TEXT = 13;

/** The same memory as a Buffer. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Small arrays are cut from pieces of memory of so many bytes, */
const SLAB_BYTES = 16_384;
/** if they have at most so many. */
const SMALL_BYTES = 512;
let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/**
 * A new array of zeros. Small ones are views of memory that they share with their neighbours in time, which live about as long where these are a log's
 * commands: memory of their own takes 1,300 ns each on Deno, its collection included, a view 50 (Node: 60 and 110, Bun: 80 and 70).
 */
function newBytes(length: number): Uint8Array {
  if (length > SMALL_BYTES) return new Uint8Array(length);
  if (slabUsed + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const begin = slabUsed;
  slabUsed += length;
  return slab.subarray(begin, slabUsed);
}

/** Copies `count` bytes at `begin` to another array's `at`. A loop beats `set` below some forty bytes, where the call itself is the cost. */
function copyBytes(from: Uint8Array, begin: number, count: number, to: Uint8Array, at: number): void {
  if (count > 40) to.set(from.subarray(begin, begin + count), at);
  else for (let i = 0; i < count; i++) to[at + i] = from[begin + i]!;
}

/** Integers up to 2^53 - 1 stand in eight bytes, as two halves: DataView's BigInt access is several times slower. */
const HIGH = 0x1_0000_0000;

/** A growing buffer. Its bytes are valid until it is cleared. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /**
   * An empty buffer.
   *
   * @param capacity Bytes to begin with; the buffer doubles as it fills.
   */
  constructor(capacity: number = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** The bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Forgets the content, and keeps the room. */
  clear(): void {
    this.#length = 0;
  }

  /** Drops everything from `length` on. */
  cut(length: number): void {
    if (length < this.#length) this.#length = length;
  }

  /** A view of what was written; it is overwritten after `clear`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The memory itself, of which the first `length` bytes were written: for who only looks, as a view costs more than a look. */
  get memory(): Uint8Array {
    return this.#bytes;
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    const copy = newBytes(this.#length);
    copyBytes(this.#bytes, 0, this.#length, copy, 0);
    return copy;
  }

  /** Makes room for `count` more bytes and returns where they begin. */
  #reserve(count: number): number {
    const begin = this.#length;
    const end = begin + count;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, begin));
      this.#bytes = grown;
    }
    this.#length = end;
    return begin;
  }

  /** Appends one byte. */
  u8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  /** Appends an unsigned 16-bit integer. */
  u16(value: number): void {
    const at = this.#reserve(2);
    this.#bytes[at] = value;
    this.#bytes[at + 1] = value >>> 8;
  }

  /** Appends an unsigned 32-bit integer. */
  u32(value: number): void {
    this.setU32(this.#reserve(4), value);
  }

  /** Appends an integer from 0 to 2^53 - 1 in eight bytes. */
  u64(value: number): void {
    const at = this.#reserve(8);
    this.setU32(at, value);
    this.setU32(at + 4, value / HIGH);
  }

  /** Overwrites four bytes that were written before. */
  setU32(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  /** Appends bytes as they are. */
  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    if (value.length > 40) this.#bytes.set(value, at);
    else copyBytes(value, 0, value.length, this.#bytes, at);
  }

  /** Appends the bytes of a binary string: one a character. */
  binary(value: string): void {
    const at = this.#reserve(value.length);
    const bytes = this.#bytes;
    if (value.length >= LONG_TEXT) asBuffer(bytes).write(value, at, "latin1");
    else for (let i = 0; i < value.length; i++) bytes[at + i] = value.charCodeAt(i);
  }

  /** Appends a binary string after its length in 32 bits. */
  binaryWithLength(value: string): void {
    this.u32(value.length);
    this.binary(value);
  }

  /** Appends bytes after their length in 32 bits. */
  bytesWithLength(value: Uint8Array): void {
    this.u32(value.length);
    this.bytes(value);
  }
}

/** Reads what `ByteWriter` wrote. Each verb throws a SyntaxError that names what was expected where the bytes end early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  readonly #end: number;
  #at: number;

  /** @param what What is being read, for error messages: `"a packet"`. */
  constructor(bytes: Uint8Array, what: string, from: number = 0, to: number = bytes.length) {
    this.#bytes = bytes;
    this.#what = what;
    this.#at = from;
    this.#end = to;
  }

  /** The offset of the next byte. */
  get offset(): number {
    return this.#at;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  #take(count: number, expected: string): number {
    const at = this.#at;
    if (count > this.#end - at) {
      throw new SyntaxError(
        `Cannot read ${this.#what}: ${expected} needs ${count} bytes, but ${this.left} are left at offset ${at}`,
      );
    }
    this.#at = at + count;
    return at;
  }

  /** One byte. */
  u8(expected: string): number {
    return this.#bytes[this.#take(1, expected)]!;
  }

  /** An unsigned 16-bit integer. */
  u16(expected: string): number {
    const at = this.#take(2, expected);
    return this.#bytes[at]! | this.#bytes[at + 1]! << 8;
  }

  /** An unsigned 32-bit integer. */
  u32(expected: string): number {
    return u32At(this.#bytes, this.#take(4, expected));
  }

  /** An integer of eight bytes. A SyntaxError if it is beyond 2^53 - 1. */
  u64(expected: string): number {
    const at = this.#take(8, expected);
    const value = u32At(this.#bytes, at) + HIGH * u32At(this.#bytes, at + 4);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new SyntaxError(`Cannot read ${this.#what}: ${expected} at offset ${at} is beyond 2^53 - 1`);
    }
    return value;
  }

  /** A view of the next `count` bytes. */
  bytes(count: number, expected: string): Uint8Array {
    const at = this.#take(count, expected);
    return this.#bytes.subarray(at, at + count);
  }

  /** A view of bytes that stand after their length. */
  bytesWithLength(expected: string): Uint8Array {
    return this.bytes(this.u32(expected), expected);
  }

  /** A copy of bytes that stand after their length: a view would keep all that was read in memory. */
  copyWithLength(expected: string): Uint8Array {
    const length = this.u32(expected);
    const at = this.#take(length, expected);
    const copy = newBytes(length);
    copyBytes(this.#bytes, at, length, copy, 0);
    return copy;
  }

  /** A binary string that stands after its length. */
  binaryWithLength(expected: string): string {
    const length = this.u32(expected);
    return binaryAt(this.#bytes, this.#take(length, expected), length);
  }

  /** Ends the reading; a SyntaxError if bytes are left over. */
  end(): void {
    if (this.#at !== this.#end) {
      throw new SyntaxError(`Cannot read ${this.#what}: ${this.left} bytes are left over at offset ${this.#at}`);
    }
  }
}

/** The unsigned 32-bit integer at an offset; the caller has checked the bounds. */
export function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}

/** The binary string of `length` bytes at an offset, one character a byte; the caller has checked the bounds. */
export function binaryAt(bytes: Uint8Array, at: number, length: number): string {
  if (length >= FLAT_TEXT) return asBuffer(bytes).toString("latin1", at, at + length);
  let text = "";
  let i = at;
  const end = at + length;
  for (; i + 8 <= end; i += 8) {
    text += String.fromCharCode(
      bytes[i]!,
      bytes[i + 1]!,
      bytes[i + 2]!,
      bytes[i + 3]!,
      bytes[i + 4]!,
      bytes[i + 5]!,
      bytes[i + 6]!,
      bytes[i + 7]!,
    );
  }
  for (; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

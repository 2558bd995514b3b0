/**
 * Writes binary records, little-endian: the format of all files and packets of a replica.
 *
 * @module
 */
import { writeBinary } from "./binary_text.ts";
import { copyBytes, newBytes } from "./small_arrays.ts";

/** Integers up to 2^53 - 1 take eight bytes, as two halves: DataView's BigInt access is several times slower. */
const HIGH = 0x1_0000_0000;

/** A growing buffer. Its bytes are valid until it is cleared. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /**
   * Makes an empty buffer.
   *
   * @param capacity How many bytes to allocate first; the buffer doubles as it fills.
   */
  constructor(capacity: number = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** The bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Drops the content, and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  /** A view of what was written; it is overwritten after `clear`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /**
   * The memory itself; its first `length` bytes are written. For callers that only read: making a view costs more than
   * the read.
   */
  get memory(): Uint8Array {
    return this.#bytes;
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    const copy = newBytes(this.#length);
    copyBytes(this.#bytes, 0, this.#length, copy, 0);
    return copy;
  }

  /** A copy of what was written, and behind it a copy of other bytes. */
  copyWith(behind: Uint8Array): Uint8Array {
    const copy = newBytes(this.#length + behind.length);
    copyBytes(this.#bytes, 0, this.#length, copy, 0);
    copyBytes(behind, 0, behind.length, copy, this.#length);
    return copy;
  }

  /** Makes room for `count` more bytes, and returns the offset of the first. */
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

  /** Appends the bytes of a binary string, one for each character. */
  binary(value: string): void {
    const at = this.#reserve(value.length);
    writeBinary(this.#bytes, at, value);
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

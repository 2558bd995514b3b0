/**
 * Reads binary records, little-endian, in the format of `byte_writer.ts`.
 *
 * @module
 */
import { binaryAt } from "./binary_text.ts";
import { copyBytes, newBytes } from "./small_arrays.ts";

/** Integers up to 2^53 - 1 take eight bytes, as two halves: DataView's BigInt access is several times slower. */
const HIGH = 0x1_0000_0000;

/**
 * Reads what `ByteWriter` wrote. Each method throws a SyntaxError that names the expected field if the bytes end early.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  readonly #end: number;
  #at: number;

  /** @param what What the bytes are, for error messages: `"a packet"`. */
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

  /** An integer of eight bytes. Throws a SyntaxError if it is above 2^53 - 1. */
  u64(expected: string): number {
    const at = this.#take(8, expected);
    const low = u32At(this.#bytes, at), high = u32At(this.#bytes, at + 4);
    // Multiplied by 2^32, even 0 would make the sum a floating-point number to the engine, and slow all that uses it.
    if (high === 0) return low;
    const value = low + HIGH * high;
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

  /** A view of bytes that follow their length. */
  bytesWithLength(expected: string): Uint8Array {
    return this.bytes(this.u32(expected), expected);
  }

  /** A copy of bytes that follow their length. A view would keep the whole buffer in memory. */
  copyWithLength(expected: string): Uint8Array {
    const length = this.u32(expected);
    const at = this.#take(length, expected);
    const copy = newBytes(length);
    copyBytes(this.#bytes, at, length, copy, 0);
    return copy;
  }

  /** The next `count` bytes as a binary string. */
  binary(count: number, expected: string): string {
    return binaryAt(this.#bytes, this.#take(count, expected), count);
  }

  /** A binary string that follows its length. */
  binaryWithLength(expected: string): string {
    const length = this.u32(expected);
    return binaryAt(this.#bytes, this.#take(length, expected), length);
  }

  /** Ends the reading. Throws a SyntaxError if bytes are left over. */
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

/**
 * A buffer for bytes that arrive in pieces: a parser keeps an incomplete frame or command in it.
 *
 * @module
 */
import { Buffer } from "node:buffer";

const EMPTY: Buffer = Buffer.alloc(0);
/** The memory of a larger buffer is released after use. */
const KEPT_CAPACITY = 65_536;

/**
 * A buffer that grows by doubling, or by another factor. Each byte is copied at most twice on average, and the capacity
 * is at most that factor of what has arrived, whatever length was announced.
 */
export class GrowingBuffer {
  readonly #factor: number;
  /** The bytes that have arrived, up to `length`; the rest is meaningless. */
  bytes: Buffer = EMPTY;
  /** How many bytes have arrived. */
  length = 0;

  constructor(factor: number = 2) {
    this.#factor = factor;
  }

  /** Appends `chunk[from, to)` to an item that will have at most `wholeLength` bytes. */
  append(chunk: Buffer, from: number, to: number, wholeLength: number): void {
    const length = this.length + to - from;
    if (length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(wholeLength, this.#factor * this.bytes.length)));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(chunk.subarray(from, to), this.length);
    this.length = length;
  }

  /** Hands its memory over, and begins anew. */
  take(): Buffer {
    const { bytes, length } = this;
    this.release();
    return bytes.subarray(0, length);
  }

  /** Forgets the content, and releases the memory if it is large. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_CAPACITY) this.bytes = EMPTY;
  }

  /** Forgets the content, and releases the memory. */
  release(): void {
    this.length = 0;
    this.bytes = EMPTY;
  }
}

/** A Buffer over the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

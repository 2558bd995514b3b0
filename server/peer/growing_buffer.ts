/**
 * Bytes that arrive in pieces: what a stream's parser keeps of a token that a chunk has cut.
 *
 * @module
 */
import { Buffer } from "node:buffer";

const EMPTY: Buffer = Buffer.alloc(0);
/** A buffer that has grown beyond this is given back after use. */
const KEPT_CAPACITY = 65_536;

/**
 * A buffer that grows by doubling: each byte is copied at most twice on average, and the capacity is at most twice what
 * has arrived, whatever length was announced.
 */
export class GrowingBuffer {
  /** What has arrived, up to `length`; the rest is without meaning. */
  bytes: Buffer = EMPTY;
  /** How many bytes have arrived. */
  length = 0;

  /** Adds `chunk[from, to)` to a token that will have at most `wholeLength` bytes. */
  append(chunk: Buffer, from: number, to: number, wholeLength: number): void {
    const length = this.length + to - from;
    if (length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(wholeLength, 2 * this.bytes.length)));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(chunk.subarray(from, to), this.length);
    this.length = length;
  }

  /** Forgets the content, and gives back the memory if it is much. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_CAPACITY) this.bytes = EMPTY;
  }

  /** Forgets the content and gives back the memory. */
  release(): void {
    this.length = 0;
    this.bytes = EMPTY;
  }
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

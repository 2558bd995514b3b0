/**
 * Small pieces of bytes out of shared blocks.
 *
 * A short array of bytes of its own costs the engine an allocation outside its heap, and the collector a free. What is kept by the thousand and goes
 * together, as the commands of a log do, is cut from one block in its place.
 *
 * @module
 */

const BLOCK_BYTES = 65_536;
/** Longer pieces have memory of their own: a block that is nearly used up would be wasted on them. */
const PIECE_MAX = 4_096;

/** Makes copies; a block goes when the last of its copies does. */
export class Slab {
  #block: Uint8Array = new Uint8Array(0);
  #end = 0;

  /** A copy that is written by nobody else. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > PIECE_MAX) return bytes.slice();
    if (this.#end + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#end = 0;
    }
    const begin = this.#end;
    this.#end += length;
    this.#block.set(bytes, begin);
    return this.#block.subarray(begin, this.#end);
  }
}

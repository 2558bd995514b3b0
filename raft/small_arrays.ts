/**
 * Allocates byte arrays, small ones cheaply.
 *
 * @module
 */

/** The size of the blocks of memory from which small arrays are cut, in bytes. */
const SLAB_BYTES = 16_384;
/** The largest small array, in bytes. */
const SMALL_BYTES = 512;
let slab = new ArrayBuffer(SLAB_BYTES);
let slabUsed = 0;

/**
 * A new array of zeros. A small one is a view of a block that it shares with other small arrays: an array with its own
 * memory takes 450 to 800 ns on Deno, a view takes 60.
 */
export function newBytes(length: number): Uint8Array {
  if (length > SMALL_BYTES) return new Uint8Array(length);
  if (slabUsed + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    slabUsed = 0;
  }
  const begin = slabUsed;
  slabUsed += length;
  return new Uint8Array(slab, begin, length);
}

/**
 * Allocates and copies byte arrays, small ones cheaply.
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
 * A new array of zeros. A small array is a view of a block that it shares with arrays of about the same age. A block is
 * freed when all its arrays are; the commands of a log that share a block are freed at about the same time. An array
 * with its own memory takes 1,300 ns on Deno, its collection included, a view takes 50 (Node: 60 and 110, Bun: 80 and
 * 70).
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

/**
 * Copies `count` bytes at `begin` to another array's `at`. Below some forty bytes a loop is faster than `set`, where
 * the call itself costs the most.
 */
export function copyBytes(from: Uint8Array, begin: number, count: number, to: Uint8Array, at: number): void {
  if (count > 40) to.set(from.subarray(begin, begin + count), at);
  else for (let i = 0; i < count; i++) to[at + i] = from[begin + i]!;
}

/**
 * Large typed arrays.
 *
 * A history of a million transactions is some twenty million objects. V8 counts the bytes of typed arrays against its
 * heap, and collects garbage after every so many: five times in one check, a second each for nothing. Shared buffers it
 * does not count, so arrays that are large enough to matter are made over one (measured: 1,000,000 list-append
 * transactions in 7.0 s without, in 2.7 s with). Where there are no shared buffers, ordinary ones serve.
 *
 * @module
 */

/** Arrays of fewer bytes than this are ordinary ones. */
const large = 1 << 20;

function bufferOf(bytes: number): ArrayBufferLike {
  return bytes >= large && typeof SharedArrayBuffer === "function"
    ? new SharedArrayBuffer(bytes)
    : new ArrayBuffer(bytes);
}

/** An array of `length` integers, all 0. */
export function integers(length: number): Int32Array {
  return new Int32Array(bufferOf(4 * length));
}

/** An array of `length` bytes, all 0. */
export function bytes(length: number): Uint8Array {
  return new Uint8Array(bufferOf(length));
}

/**
 * An array of integers that holds `array`'s and has room for at least `length`; at least twice as large as before if it
 * has to grow.
 */
export function grown(array: Int32Array, length: number): Int32Array {
  if (array.length >= length) return array;
  const larger = integers(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

/** As {@link grown}, of bytes. */
export function grownBytes(array: Uint8Array, length: number): Uint8Array {
  if (array.length >= length) return array;
  const larger = bytes(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

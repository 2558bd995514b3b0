/**
 * Allocates large typed arrays.
 *
 * A history of a million transactions is some twenty million objects. V8 counts the bytes of typed arrays as part of
 * its heap, and collects garbage after a certain number of them: five times in one check, each taking a second without
 * any effect. It does not count shared buffers, so large arrays are made over shared buffers (measured: 1,000,000
 * list-append transactions in 7.0 s without, in 2.7 s with). If a runtime has no shared buffers, ordinary ones are
 * used.
 *
 * @module
 */

/** Arrays with fewer bytes than this use ordinary buffers. */
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
 * An array of integers with the content of `array` and room for at least `length`. If it must grow, it at least
 * doubles.
 */
export function grown(array: Int32Array, length: number): Int32Array {
  if (array.length >= length) return array;
  const larger = integers(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

/** As {@link grown}, for bytes. */
export function grownBytes(array: Uint8Array, length: number): Uint8Array {
  if (array.length >= length) return array;
  const larger = bytes(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

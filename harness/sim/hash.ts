/**
 * Randomness without state: numbers that depend only on a seed and on their purpose.
 *
 * The fate of a message or a sync is drawn here, not from a sequence. So leaving one fault or operation out of a run
 * does not change what it did not cause.
 *
 * @module
 */

/**
 * Mixes one more number into a hash.
 *
 * One round of MurmurHash3's 32-bit body (Appleby, public domain): its constants were found by search for avalanche.
 */
export function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  let h = hash ^ Math.imul(k, 0x1b873593);
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

/**
 * MurmurHash3's finalizer: every bit of the result depends on every bit of `hash`. Returns an unsigned 32-bit number.
 */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Mixes a time in nanoseconds, which needs more than 32 bits. */
export function mixTime(hash: number, time: number): number {
  return mix(mix(hash, time >>> 0), (time / 4294967296) | 0);
}

/** Mixes a text. */
export function mixText(hash: number, text: string): number {
  let mixed = mix(hash, text.length);
  for (let i = 0; i < text.length; i++) mixed = mix(mixed, text.charCodeAt(i));
  return mixed;
}

/** A seed of up to 53 bits as the start of a hash for the purpose `name`. */
export function hashSeed(seed: number, name: string): number {
  return mixText(mixTime(0, seed), name);
}

/**
 * Fingerprints of 64 bits, in two halves: of a text, and of a list of fingerprints.
 *
 * @module
 */

/** A fingerprint: two halves of 32 bits. */
export interface Fingerprint {
  readonly high: number;
  readonly low: number;
}

/** The fingerprint of a text: two runs of multiplications and shifts over its units, each finished as in murmur3. */
export function fingerprintOf(text: string): Fingerprint {
  let high = 0x9747b28c;
  let low = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    high ^= high >>> 13;
    low = Math.imul(low + unit, 0xcc9e2d51) ^ (low >>> 15);
  }
  return { high: finish(high ^ text.length), low: finish(low) };
}

/** The fingerprint of a list, in its order. */
export function fingerprintOfAll(list: Iterable<Fingerprint>): Fingerprint {
  let high = 0x2545f491;
  let low = 0x4f6cdd1d;
  for (const one of list) {
    high = finish(Math.imul(high, 0x85ebca6b) ^ one.high);
    low = finish(Math.imul(low, 0xcc9e2d51) + one.low);
  }
  return { high, low };
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

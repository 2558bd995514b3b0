/**
 * Seeded random numbers: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018),
 * seeded by splitmix32, with streams that are split off by name. Whole numbers only, the same on every engine.
 *
 * @module
 */

/** A stream of random numbers. */
export interface Random {
  /** The next whole number from 0 to 2^32 - 1. */
  next(): number;
  /**
   * The next whole number from 0 to `bound` - 1, each as likely as the others.
   *
   * @throws {RangeError} If `bound` is not a whole number from 1 to 2^32.
   */
  below(bound: number): number;
  /** Draws whether an event with a probability of `numerator` / `denominator` happens. */
  chance(numerator: number, denominator: number): boolean;
  /** A separate stream. It depends only on the seed and the name, not on how many numbers were drawn. */
  split(name: string): Random;
}

/**
 * Makes a stream from a seed.
 *
 * @param seed Any whole number from 0 to 2^53 - 1.
 * @returns The stream.
 * @throws {RangeError} If the seed is not such a number.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createRandom } from "@kayadb/raft/raft";
 *
 * assert.equal(createRandom(1).split("network").next(), createRandom(1).split("network").next());
 * ```
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`Cannot take ${seed} as a seed: a whole number from 0 to 2^53 - 1 is needed`);
  }
  return stream(mix32(seed >>> 0, Math.floor(seed / 4294967296)), 0);
}

/**
 * A hash of two 32-bit numbers to one, for draws that must not depend on earlier draws (murmur3's finalizer over both).
 */
export function mix32(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
  h ^= h >>> 16;
  h = Math.imul(h ^ (b >>> 16) ^ Math.imul(b, 0x165667b1), 0x85ebca6b);
  return (h ^ (h >>> 15)) >>> 0;
}

/** A 32-bit hash of a name (FNV-1a over its UTF-16 units), to split streams by. */
function hashName(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

function stream(high: number, low: number): Random {
  // splitmix32: four words that are not all zero, from the two words of the stream's identity
  let counter = mix32(high, low);
  const word = (): number => {
    counter = (counter + 0x9e3779b9) | 0;
    let z = counter ^ (counter >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let a = word(), b = word(), c = word(), d = word() | 1;

  const next = (): number => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const below = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 4294967296) {
      throw new RangeError(`Cannot draw below ${bound}: a whole number from 1 to 2^32 is needed`);
    }
    // Drawing again above the last whole multiple of `bound` keeps all numbers equally likely.
    const limit = 4294967296 - (4294967296 % bound);
    let drawn = next();
    while (drawn >= limit) drawn = next();
    const rest = drawn % bound;
    // As a small integer to the engine, where it is one: what is drawn goes into many fields and keys.
    return rest <= 0x7fffffff ? rest | 0 : rest;
  };
  return {
    next,
    below,
    chance: (numerator, denominator) => below(denominator) < numerator,
    split: (name) => stream(mix32(high, hashName(name)), mix32(low ^ 0x5bd1e995, high)),
  };
}

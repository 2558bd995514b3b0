/**
 * The versions of a history's keys: each pair of a key and a value that was written to it, or read from it, is one.
 *
 *     id        0    1    2    3   ...
 *     key       0    0    3    1        the key's number
 *     value     1    2    1   "a"       the value itself
 *     writer    0    0    7   -1        the transaction that wrote it, -1 if nobody did
 *     flags     .    F    F    .        isFinal: its writer's last write of this key, ...
 *
 * Integers, nearly all values of nearly all histories, are found by open addressing in one table of ids: a Map a key took three times as long for a million
 * transactions. Everything else is found in a Map.
 *
 * @module
 */

/** The version is its writer's last write of its key. */
export const isFinal = 1;
/** More than one transaction that may have happened wrote this value to this key. */
export const isAmbiguous = 2;

/** What has no writer. */
export const nobody = -1;

/** Grows an array of integers to hold at least `size`. */
function grown(array: Int32Array, size: number): Int32Array {
  if (array.length >= size) return array;
  const larger = new Int32Array(Math.max(size, array.length * 2));
  larger.set(array);
  return larger;
}

function isSmallInteger(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

/** What stands for a value in a Map: the value itself, or its JSON where it is an object. */
export function comparable(value: unknown): unknown {
  return typeof value === "object" && value !== null ? "\0" + JSON.stringify(value) : value;
}

/** All versions of a history. Ids are given in the order of insertion. */
export class Versions {
  /** How many there are. */
  count = 0;
  /** The key of each version. */
  key: Int32Array = new Int32Array(1024);
  /** The transaction that wrote each version, or {@link nobody}. */
  writer: Int32Array = new Int32Array(1024);
  /** {@link isFinal}, {@link isAmbiguous}. */
  flags: Uint8Array = new Uint8Array(1024);
  /** The value of each version. */
  readonly value: unknown[] = [];

  #slots: Int32Array = new Int32Array(4096).fill(-1);
  #integers: Int32Array = new Int32Array(1024);
  #others = new Map<number, Map<unknown, number>>();

  /** The version of `key` with `value`, or -1. */
  find(key: number, value: unknown): number {
    if (!isSmallInteger(value)) return this.#others.get(key)?.get(comparable(value)) ?? -1;
    return this.#slots[this.#slotOf(key, value)]!;
  }

  /** The version of `key` with `value`; it is made if it is not there yet. */
  insert(key: number, value: unknown): number {
    if (!isSmallInteger(value)) {
      let ofKey = this.#others.get(key);
      if (ofKey === undefined) this.#others.set(key, ofKey = new Map());
      const name = comparable(value);
      const known = ofKey.get(name);
      if (known !== undefined) return known;
      ofKey.set(name, this.count);
      return this.#add(key, value);
    }
    const slot = this.#slotOf(key, value);
    const known = this.#slots[slot]!;
    if (known >= 0) return known;
    const id = this.count;
    this.#slots[slot] = id;
    this.#integers = grown(this.#integers, id + 1);
    this.#integers[id] = value;
    this.#add(key, value);
    if (this.count * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #add(key: number, value: unknown): number {
    const id = this.count++;
    if (id >= this.key.length) {
      this.key = grown(this.key, id + 1);
      this.writer = grown(this.writer, id + 1);
      const flags = new Uint8Array(this.key.length);
      flags.set(this.flags);
      this.flags = flags;
    }
    this.#integers = grown(this.#integers, id + 1);
    this.key[id] = key;
    this.writer[id] = nobody;
    this.value.push(value);
    return id;
  }

  /** The slot that holds the version, or the free one where it belongs. */
  #slotOf(key: number, value: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hash = Math.imul(key, 0x9e3779b1) ^ Math.imul(value, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let at = hash & mask;; at = (at + 1) & mask) {
      const id = slots[at]!;
      if (id < 0 || (this.key[id] === key && this.#integers[id] === value && isSmallInteger(this.value[id]))) return at;
    }
  }

  #rehash(): void {
    const previous = this.#slots;
    this.#slots = new Int32Array(previous.length * 4).fill(-1);
    for (const id of previous) {
      if (id >= 0) this.#slots[this.#slotOf(this.key[id]!, this.#integers[id]!)] = id;
    }
  }
}

/**
 * The versions of a history's keys. Each pair of a key and a value that was written to it, or read from it, is a
 * version.
 *
 *     id        0    1    2    3   ...
 *     key       0    0    3    1        the key's number
 *     value     1    2    1   "a"       the value itself
 *     writer    0    0    7   -1        the transaction that wrote it, -1 if nobody did
 *     flags     .    F    F    .        isFinal: its writer's last write of this key, ...
 *
 * Integers, the most common values, are found in one table of ids. While no value occurs under two keys, the table is
 * indexed by the value, so that values that are used together are close in memory. Otherwise it is a hash table with
 * open addressing (a Map per key took three times as long for a million transactions). Other values are found in a Map.
 *
 * @module
 */
import { entryOf } from "../../entries.ts";
import { jsonOf } from "../../json_of.ts";
import { bytes, grown, grownBytes, integers } from "./memory.ts";

/** The version is its writer's last write of its key. */
export const isFinal = 1;
/**
 * It is unclear which write a read of this value saw: several writes that may have happened have the value, or the
 * initial state has it.
 */
export const isAmbiguous = 2;
/** Several transactions wrote this value to this key, counting failed ones. */
export const isShared = 4;
/** The initial state has the same value. */
export const isLikeInitial = 8;

/** Stands for the writer of a version without one. */
export const nobody = -1;

function isSmallInteger(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

/** The key of a value in a Map: the value itself, or its JSON if it is an object. */
export function comparable(value: unknown): unknown {
  return typeof value === "object" && value !== null ? "\0" + jsonOf(value) : value;
}

/** The table may be indexed by values up to this multiple of the number of versions. */
const VALUES_EACH = 4;

/** All versions of a history. Ids are assigned in the order of insertion. */
export class Versions {
  /** How many versions there are. */
  count = 0;
  /** The key of each version. */
  key: Int32Array;
  /** The transaction that wrote each version, or {@link nobody}. */
  writer: Int32Array;
  /** {@link isFinal}, {@link isAmbiguous}. */
  flags: Uint8Array;

  /** 1 + the id of the version with each value, or 0; undefined once two keys have a value in common. */
  #byValue: Int32Array | undefined;
  #slots: Int32Array = new Int32Array(0); // 1 + the id, or 0
  #integers: Int32Array;
  #others = new Map<number, unknown>();
  #idsOfOthers = new Map<number, Map<unknown, number>>();

  /** @param expected For how many versions to allocate memory first. */
  constructor(expected = 1024) {
    this.key = integers(expected);
    this.writer = integers(expected);
    this.flags = bytes(expected);
    this.#integers = integers(expected);
    this.#byValue = integers(VALUES_EACH * expected);
  }

  /** The value of a version. */
  valueOf(version: number): unknown {
    return this.#others.size > 0 && this.#others.has(version) ? this.#others.get(version) : this.#integers[version];
  }

  /** The version of `key` with `value`, or -1. */
  find(key: number, value: unknown): number {
    if (!isSmallInteger(value)) return this.#idsOfOthers.get(key)?.get(comparable(value)) ?? -1;
    const byValue = this.#byValue;
    if (byValue !== undefined) {
      const id = value >= 0 && value < byValue.length ? byValue[value]! - 1 : -1;
      return id >= 0 && this.key[id] === key ? id : -1;
    }
    return this.#slots[this.#slotOf(key, value)]! - 1;
  }

  /** The version of `key` with `value`; makes it if it does not exist. */
  insert(key: number, value: unknown): number {
    if (!isSmallInteger(value)) {
      const ofKey = entryOf(this.#idsOfOthers, key, () => new Map());
      const name = comparable(value);
      const known = ofKey.get(name);
      if (known !== undefined) return known;
      const id = this.#add(key);
      ofKey.set(name, id);
      this.#others.set(id, value);
      return id;
    }
    const byValue = this.#byValue;
    if (byValue !== undefined) {
      const known = value >= 0 && value < byValue.length ? byValue[value]! - 1 : -2;
      if (known >= 0 && this.key[known] === key) return known;
      if (known === -1) {
        const id = this.#add(key);
        this.#integers[id] = value;
        byValue[value] = id + 1;
        return id;
      }
      this.#leaveValues();
    }
    const slot = this.#slotOf(key, value);
    const known = this.#slots[slot]!;
    if (known > 0) return known - 1;
    const id = this.#add(key);
    this.#slots[slot] = id + 1;
    this.#integers[id] = value;
    if (this.count * 2 > this.#slots.length) this.#hash(this.#slots.length * 4);
    return id;
  }

  #add(key: number): number {
    const id = this.count++;
    if (id >= this.key.length) {
      this.key = grown(this.key, id + 1);
      this.writer = grown(this.writer, id + 1);
      this.flags = grownBytes(this.flags, id + 1);
      this.#integers = grown(this.#integers, id + 1);
    }
    this.key[id] = key;
    this.writer[id] = nobody;
    return id;
  }

  /**
   * The slot that holds the version, or the free slot for it. Consecutive values of a key are in neighbouring slots,
   * because they are used together.
   */
  #slotOf(key: number, value: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const start = (Math.imul(key, 0x9e3779b1) >>> 7) + value;
    for (let at = start & mask;; at = (at + 1) & mask) {
      const id = slots[at]! - 1;
      if (id < 0 || (this.#integers[id] === value && this.key[id] === key)) return at;
    }
  }

  /** Changes to the hash table: two keys have a value in common, or a value is too large for an index. */
  #leaveValues(): void {
    this.#byValue = undefined;
    let slots = 4096;
    while (slots < 2 * this.key.length) slots *= 2;
    this.#hash(slots);
  }

  #hash(slots: number): void {
    this.#slots = integers(slots);
    for (let id = 0; id < this.count; id++) {
      if (this.#others.size > 0 && this.#others.has(id)) continue;
      this.#slots[this.#slotOf(this.key[id]!, this.#integers[id]!)] = id + 1;
    }
  }
}

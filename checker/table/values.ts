/**
 * Interns values as small integers, so that checking compares only numbers.
 *
 * Two values are equal if their JSON is: objects compare by their entries in any order, `1` and `1.0` are one number.
 *
 * @module
 */

/** The id of `null`; `undefined` has the same id. */
export const NULL_ID = 0;

/**
 * The JSON of a value, with the keys of its objects sorted: equal values have equal texts. Bigints are written as
 * digits, `NaN` and infinite numbers as in JavaScript, other special values as JSON writes them.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
}

const decoder = new TextDecoder();

function enlarged(old: Int32Array, least: number): Int32Array<ArrayBuffer> {
  const array = new Int32Array(Math.max(old.length * 2, least));
  array.set(old);
  return array;
}

/**
 * A table of values with dense ids from 0.
 *
 * Integers are in an open-addressed table of their own (12 ns, instead of 60 ns in a `Map`). It is indexed by the hash
 * of the integer:
 *
 *     slots: | id + 1, or 0 where empty | ...      numbers: | the integer of the same slot | ...
 */
export class Values {
  #values: unknown[] = [null];
  #others = new Map<unknown, number>();
  #slots = new Int32Array(1024);
  #numbers = new Int32Array(1024);
  #integers = 0;
  // Texts by their bytes: a hash table of ids (plus 1), and for each id the position of its bytes in `#arena`: | begin
  // | end |.
  #textSlots = new Int32Array(256);
  #textCount = 0;
  #textBytes = new Int32Array(256);
  #arena = new Uint8Array(4096);
  #arenaEnd = 0;

  /** How many values there are. */
  get size(): number {
    return this.#values.length;
  }

  /** The value with an id. */
  at(id: number): unknown {
    return this.#values[id];
  }

  /** The id of a value; a new id if the value is new. */
  intern(value: unknown): number {
    if (value === null || value === undefined) return NULL_ID;
    if (typeof value === "number") {
      return (value | 0) === value && !Object.is(value, -0) ? this.internInt32(value) : this.#internOther(value, value);
    }
    if (typeof value === "string" || typeof value === "boolean") return this.#internOther(value, value);
    if (typeof value === "bigint" && value === BigInt(Number(value)) && Number.isSafeInteger(Number(value))) {
      return this.intern(Number(value));
    }
    // A private first character distinguishes a text from the JSON of an object.
    return this.#internOther(`\u0000${canonicalJson(value)}`, value);
  }

  /** The id of a 32-bit integer. */
  internInt32(value: number): number {
    const mask = this.#slots.length - 1;
    let slot = Math.imul(value, 0x9e3779b1) >>> 7 & mask;
    for (;;) {
      const found = this.#slots[slot]!;
      if (found === 0) break;
      if (this.#numbers[slot] === value) return found - 1;
      slot = slot + 1 & mask;
    }
    const id = this.#values.push(value) - 1;
    this.#slots[slot] = id + 1;
    this.#numbers[slot] = value;
    if (++this.#integers * 2 > mask) this.#grow();
    return id;
  }

  /** The id of a text, given as UTF-8 bytes. The string is made only the first time. */
  internBytes(bytes: Uint8Array, begin: number, end: number): number {
    let hash = end - begin;
    for (let i = begin; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const mask = this.#textSlots.length - 1;
    let slot = (hash ^ hash >>> 15) & mask;
    search: for (let found; (found = this.#textSlots[slot]!) !== 0; slot = slot + 1 & mask) {
      const from = this.#textBytes[found * 2 - 2]!;
      if (this.#textBytes[found * 2 - 1]! - from !== end - begin) continue;
      for (let i = begin; i < end; i++) if (this.#arena[from + i - begin] !== bytes[i]) continue search;
      return found - 1;
    }
    const text = decoder.decode(bytes.subarray(begin, end));
    const id = this.#internOther(text, text);
    this.#textSlots[slot] = id + 1;
    if (id * 2 + 2 > this.#textBytes.length) this.#textBytes = enlarged(this.#textBytes, id * 2 + 2);
    if (this.#arenaEnd + end - begin > this.#arena.length) {
      const arena = new Uint8Array(Math.max(this.#arena.length * 2, this.#arenaEnd + end - begin));
      arena.set(this.#arena);
      this.#arena = arena;
    }
    this.#arena.set(bytes.subarray(begin, end), this.#arenaEnd);
    this.#textBytes[id * 2] = this.#arenaEnd;
    this.#textBytes[id * 2 + 1] = this.#arenaEnd += end - begin;
    if (++this.#textCount * 2 > mask) this.#growTexts();
    return id;
  }

  #growTexts(): void {
    const old = this.#textSlots;
    const mask = old.length * 2 - 1;
    this.#textSlots = new Int32Array(mask + 1);
    for (const found of old) {
      if (found === 0) continue;
      const begin = this.#textBytes[found * 2 - 2]!;
      const end = this.#textBytes[found * 2 - 1]!;
      let hash = end - begin;
      for (let i = begin; i < end; i++) hash = Math.imul(hash ^ this.#arena[i]!, 0x01000193);
      let slot = (hash ^ hash >>> 15) & mask;
      while (this.#textSlots[slot] !== 0) slot = slot + 1 & mask;
      this.#textSlots[slot] = found;
    }
  }

  #internOther(key: unknown, value: unknown): number {
    if (Object.is(key, -0)) return this.internInt32(0);
    let id = this.#others.get(key);
    if (id === undefined) {
      id = this.#values.push(value) - 1;
      this.#others.set(key, id);
    }
    return id;
  }

  #grow(): void {
    const slots = this.#slots;
    const numbers = this.#numbers;
    const mask = slots.length * 2 - 1;
    this.#slots = new Int32Array(mask + 1);
    this.#numbers = new Int32Array(mask + 1);
    for (let i = 0; i < slots.length; i++) {
      if (slots[i] === 0) continue;
      let slot = Math.imul(numbers[i]!, 0x9e3779b1) >>> 7 & mask;
      while (this.#slots[slot] !== 0) slot = slot + 1 & mask;
      this.#slots[slot] = slots[i]!;
      this.#numbers[slot] = numbers[i]!;
    }
  }
}

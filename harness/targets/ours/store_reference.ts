/**
 * A naive second implementation of the store and of its commands' bytes, which the simulator compares with the real
 * one. It shares no code with that: plain maps, keys sorted anew for each scan, transactions tried and undone.
 *
 * @module
 */
import type { ClientReply, Value } from "../../../server/mod.ts";
import type { Reference } from "../../sim/invariants/answers.ts";

type Held = string | number | Value[] | Set<Value>;

const OK: ClientReply = { type: "ok", value: null };
const WRONG_TYPE: ClientReply = { type: "fail", error: "wrong type" };
/** The kind of the directory's commands, which are not the store's. */
const DIRECTORY = 32;
/** The most keys that a scan looks at. */
const SCAN_MAX = 10_000;

/** The bytes of one command, read from the front. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #take(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new RangeError(`The command ends at ${this.#bytes.length}`);
    return at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u32(): number {
    return this.u8() + 256 * this.u8() + 65_536 * this.u8() + 16_777_216 * this.u8();
  }

  bytes(): Uint8Array {
    const length = this.u32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A string of which each character is a byte. */
  text(): string {
    let text = "";
    for (let left = this.u32(); left > 0; left--) text += String.fromCharCode(this.u8());
    return text;
  }

  value(): Value {
    switch (this.u8()) {
      case 0:
        return null;
      case 1:
        return this.text();
      case 2:
        return new DataView(Uint8Array.from({ length: 8 }, () => this.u8()).buffer).getFloat64(0, true);
      case 3:
        return this.many(() => this.value());
      default:
        return new TextDecoder().decode(this.bytes());
    }
  }

  many<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.u32() }, read);
  }
}

/** Makes an empty store. */
export function createReference(): Reference {
  const held = new Map<string, Held>();
  return (command) => command[0] === DIRECTORY ? OK : execute(held, command);
}

function execute(held: Map<string, Held>, command: Uint8Array): ClientReply {
  const cursor = new Cursor(command);
  const kind = cursor.u8();
  switch (kind) {
    case 1:
      held.set(cursor.text(), cursor.text());
      return OK;
    case 2:
      held.delete(cursor.text());
      return OK;
    case 17:
      return ok(get(held, cursor.text()));
    case 18: {
      const [key, from, to] = [cursor.text(), cursor.value(), cursor.value()];
      return setIf(held, key, isEqual(get(held, key), from), to);
    }
    case 19:
      return add(held, cursor.text(), cursor.value());
    case 20:
      cursor.u8();
      return transact(held, cursor.many(() => [cursor.u8(), cursor.text(), cursor.value()]));
    case 21: {
      const [key, element] = [cursor.text(), cursor.value()];
      const set = held.get(key) ?? new Set<Value>();
      if (!(set instanceof Set)) return WRONG_TYPE;
      held.set(key, set.add(element));
      return OK;
    }
    case 22:
      return setWithFlags(held, cursor);
    default:
      return executeMany(held, kind, cursor);
  }
}

function executeMany(held: Map<string, Held>, kind: number, cursor: Cursor): ClientReply {
  switch (kind) {
    case 23:
      return ok(cursor.many(() => held.delete(cursor.text())).filter((existed) => existed).length);
    case 24:
      return ok(cursor.many(() => get(held, cursor.text())));
    case 25:
      cursor.many(() => held.set(cursor.text(), cursor.text()));
      return OK;
    case 26: {
      const key = cursor.text();
      const value = get(held, key);
      if (Array.isArray(value)) return WRONG_TYPE;
      held.delete(key);
      return ok(value);
    }
    case 27:
      return ok(held.size);
    case 28:
      return scan(held, cursor);
    case 29: {
      cursor.u8();
      const replies = cursor.many(() => execute(held, cursor.bytes()));
      return ok(
        replies.map((reply) =>
          reply.type === "ok"
            ? ["ok", reply.value]
            : ["fail", reply.error, reply.type === "fail" ? reply.actual ?? null : null]
        ),
      );
    }
    default:
      throw new RangeError(`There is no command of the kind ${kind}`);
  }
}

function ok(value: Value): ClientReply {
  return { type: "ok", value };
}

function get(held: Map<string, Held>, key: string): Value {
  const value = held.get(key) ?? null;
  return typeof value === "object" && value !== null ? [...value] : value;
}

function set(held: Map<string, Held>, key: string, value: Value): void {
  if (value === null) held.delete(key);
  else held.set(key, typeof value === "object" ? [...value] : value);
}

/** A number equals its digits. */
function isEqual(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  if (typeof a !== "object" || typeof b !== "object") {
    return typeof a !== "object" && typeof b !== "object" && `${a}` === `${b}`;
  }
  return a.length === b.length && a.every((element, i) => isEqual(element, b[i]!));
}

function setIf(held: Map<string, Held>, key: string, fits: boolean, value: Value): ClientReply {
  if (!fits) return { type: "fail", error: "mismatch", actual: get(held, key) };
  set(held, key, value);
  return OK;
}

function setWithFlags(held: Map<string, Held>, cursor: Cursor): ClientReply {
  const [key, value, flags, compared] = [cursor.text(), cursor.text(), cursor.u8(), cursor.value()];
  const before = get(held, key);
  const wants = (flag: number): boolean => (flags & flag) > 0;
  if (wants(8) && Array.isArray(before)) return WRONG_TYPE;
  const conditions = [
    !wants(1) || before === null,
    !wants(2) || before !== null,
    !wants(4) || isEqual(before, compared),
  ];
  const reply = setIf(held, key, !conditions.includes(false), value);
  return wants(8) ? ok(before) : reply;
}

function add(held: Map<string, Held>, key: string, delta: Value): ClientReply {
  const before = held.get(key) ?? 0;
  if (typeof before === "object") return WRONG_TYPE;
  const numbers = [before, delta].map(integerOf);
  if (numbers.includes(null)) return { type: "fail", error: "not an integer" };
  const sum = numbers[0]! + numbers[1]!;
  if (BigInt.asIntN(64, sum) !== sum) return { type: "fail", error: "overflow" };
  const after = Number.isSafeInteger(Number(sum)) ? Number(sum) : `${sum}`;
  held.set(key, after);
  return ok(after);
}

/** The integer of 64 bits that a number, or its usual decimal digits, stand for; `null` if there is none. */
function integerOf(value: Value | Held): bigint | null {
  if (typeof value === "object" || !/^-?\d{1,19}$/.test(`${value}`)) return null;
  if (typeof value === "number" && !Number.isSafeInteger(value)) return null;
  const integer = BigInt(value);
  return `${integer}` === `${value}` && BigInt.asIntN(64, integer) === integer ? integer : null;
}

/** Tries the steps in order, and undoes all of them if one fails. */
function transact(held: Map<string, Held>, steps: readonly (readonly [number, string, Value])[]): ClientReply {
  const before = new Map<string, Held | undefined>();
  const results: Value[] = [];
  for (const [what, key, value] of steps) {
    const list = held.get(key) ?? [];
    if (!before.has(key)) before.set(key, held.get(key));
    if (what === 1 && !Array.isArray(list)) {
      for (const [each, old] of before) {
        if (old === undefined) held.delete(each);
        else held.set(each, old);
      }
      return WRONG_TYPE;
    }
    if (what === 0) results.push(["r", key, get(held, key)]);
    else if (what === 1) held.set(key, [...list as Value[], value]);
    else set(held, key, value);
    if (what > 0) results.push([what === 1 ? "append" : "w", key, value]);
  }
  return ok(results);
}

function scan(held: Map<string, Held>, cursor: Cursor): ClientReply {
  const [isAfter, after] = [cursor.u8() === 1, cursor.text()];
  const [count, pattern] = [Math.min(cursor.u32(), SCAN_MAX), cursor.text()];
  const keys = [...held.keys()].sort().filter((key) => !isAfter || key > after);
  const seen = keys.slice(0, count);
  return ok([seen.length === count ? seen.at(-1) ?? null : null, seen.filter((key) => isLike(key, pattern))]);
}

/** Whether a key fits a pattern of `*`, `?` and other characters, none of which is special. */
function isLike(key: string, pattern: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, "[^]*").replace(/\?/g, "[^]");
  return new RegExp(`^${source}$`).test(key);
}

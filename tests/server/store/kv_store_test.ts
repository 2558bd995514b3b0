import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientReply } from "../../../server/replica/client.ts";
import type { Operation } from "../../../server/store/operation.ts";
import { createKvStore } from "../../../server/store/kv_store.ts";
import type { Value } from "../../../server/bytes/value.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { decodeCommand, encodeCommand } from "../../../raft/mod.ts";
import { createRandom, type Random } from "../../../raft/mod.ts";
import { tries } from "../../corpus.ts";

const KEYS = ["a", "b", "", "\xff\x00", "counter", "list", "set"];

/** Any value: a text of bytes or of more, a number, a list, or none. */
function anything(random: Random, depth = 0): Value {
  switch (random.below(depth < 2 ? 8 : 6)) {
    case 0:
      return null;
    case 1:
      return "\u2603 \xff";
    case 2:
      return 1.5;
    case 6:
    case 7:
      return Array.from({ length: random.below(3) }, () => anything(random, depth + 1));
    default:
      return String(random.below(4));
  }
}

function randomOperation(random: Random): Operation {
  const key = KEYS[random.below(KEYS.length)]!;
  const value = String(random.below(4));
  const micro = (): unknown => {
    const what = ["r", "append", "w"][random.below(3)];
    const argument = random.chance(1, 3) ? anything(random) : random.below(5);
    return [what, KEYS[random.below(KEYS.length)]!, what === "r" ? null : argument];
  };
  switch (random.below(14)) {
    case 10:
      return { f: "put-many", value: [[key, value], [KEYS[random.below(KEYS.length)]!, value]] };
    case 11:
      return random.below(3) === 0 ? { f: "size" } : { f: "take", key };
    case 12:
      return {
        f: "scan",
        value: [random.below(2) === 0 ? null : key, 1 + random.below(9), ["*", "?", "[a-c]*"][random.below(3)]],
      };
    case 13: {
      const parts = Array.from({ length: random.below(4) }, () => randomOperation(random));
      return { f: "all", value: parts.filter(({ f }) => f !== "all") };
    }
    case 0:
      return { f: "get", key };
    case 1:
      return { f: "put", key, value };
    case 2:
      return { f: "delete", key };
    case 3:
    case 4:
      return { f: "cas", key, value: [random.below(3) === 0 ? anything(random) : value, anything(random)] };
    case 5:
      return { f: "add", key, value: random.below(9) - 4 };
    case 6:
      return { f: "set-add", key, value: random.below(6) };
    case 7:
      return { f: "set-if", key, value: [value, random.below(16), random.below(2) === 0 ? anything(random) : "1"] };
    case 8:
      return { f: random.below(2) === 0 ? "delete-many" : "get-many", value: [key, KEYS[random.below(KEYS.length)]!] };
    default:
      return { f: "txn", value: Array.from({ length: 1 + random.below(4) }, micro) };
  }
}

/** What a value counts beside its key, by the model's way to write it. */
function sizeOf(held: unknown): number {
  if (typeof held === "string") return held.length;
  if (typeof held === "number" || held === null) return 0;
  const elements = Array.isArray(held) ? held : (held as { set: unknown[] }).set;
  return elements.reduce<number>((sum, element) => sum + 32 + sizeOf(element), 0);
}

type Model = { [key: string]: unknown };
const ok = (value: unknown = null) => ({ type: "ok", value });
const fail = (error: string, rest = {}) => ({ type: "fail", error, ...rest });
const WRONG = fail("wrong type");

/** A value whose numbers are texts. */
function inText(value: unknown): unknown {
  return Array.isArray(value) ? value.map(inText) : typeof value === "number" ? String(value) : value;
}

/** The store as one would write it in an afternoon, over plain JSON: a set is `{ set: [...] }`. Returns the new state and the reply. */
function model(state: Model, { f, key = "", value }: Operation): [Model, unknown] {
  const held = (name: string): unknown => (Object.hasOwn(state, name) ? state[name] : null);
  const seen = (name: string, of = state): unknown => {
    const found = (Object.hasOwn(of, name) ? of[name] : null) as null | { set?: unknown };
    return found?.set ?? found;
  };
  const set = (name: string, to: unknown): Model => to === null ? without([name]) : { ...state, [name]: to };
  const without = (names: string[]): Model =>
    Object.fromEntries(Object.entries(state).filter(([name]) => !names.includes(name)));
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(inText(a)) === JSON.stringify(inText(b));
  const pair = value as [string, string, string];
  switch (f) {
    case "get":
      return [state, ok(seen(key))];
    case "put":
      return [set(key, value), ok()];
    case "delete":
      return [without([key]), ok()];
    case "cas":
      if (!same(seen(key), pair[0])) return [state, fail("mismatch", { actual: seen(key) })];
      return [set(key, pair[1]), ok()];
    case "add": {
      const before = held(key) ?? "0";
      if (typeof before === "object") return [state, WRONG];
      if (!/^-?\d+$/.test(String(before))) return [state, fail("not an integer")];
      const sum = Number(before) + Number(value);
      return [set(key, sum), ok(sum)];
    }
    case "set-add": {
      const before = (held(key) ?? { set: [] }) as { set?: unknown[] };
      if (before.set === undefined) return [state, WRONG];
      return [set(key, { set: before.set.includes(value) ? before.set : [...before.set, value] }), ok()];
    }
    case "set-if": {
      const flags = Number(pair[1]);
      const actual = seen(key);
      if ((flags & 8) !== 0 && Array.isArray(actual)) return [state, WRONG];
      const fits = !((flags & 1) !== 0 && actual !== null) && !((flags & 2) !== 0 && actual === null) &&
        !((flags & 4) !== 0 && !same(actual, pair[2]));
      const reply = (flags & 8) !== 0 ? ok(actual) : fits ? ok() : fail("mismatch", { actual });
      return [fits ? set(key, pair[0]) : state, reply];
    }
    case "delete-many": {
      const names = [...new Set(value as string[])];
      return [without(names), ok(names.filter((name) => held(name) !== null).length)];
    }
    case "get-many":
      return [state, ok((value as string[]).map((name) => seen(name)))];
    case "put-many":
      return [(value as [string, string][]).reduce((next, [name, to]) => ({ ...next, [name]: to }), state), ok()];
    case "take":
      return Array.isArray(seen(key)) ? [state, WRONG] : [without([key]), ok(seen(key))];
    case "size":
      return [state, ok(Object.keys(state).length)];
    case "scan": {
      const [after, count, pattern] = value as [string | null, number, string];
      const names = Object.keys(state).sort((a, b) => a < b ? -1 : 1).filter((name) => after === null || name > after);
      const looked = names.slice(0, count);
      const fits = { "*": /^/, "?": /^[^]$/, "[a-c]*": /^[a-c]/ }[pattern]!;
      return [state, ok([looked.length < count ? null : looked.at(-1), looked.filter((name) => fits.test(name))])];
    }
    case "all": {
      let next = state;
      const done = (value as Operation[]).map((part): unknown => {
        const [after, reply] = model(next, part) as [
          Model,
          { type: string; value: unknown; error: string; actual?: unknown },
        ];
        next = after;
        return reply.type === "ok" ? ["ok", reply.value] : ["fail", reply.error, reply.actual ?? null];
      });
      return [next, ok(done)];
    }
    default: {
      let next = state;
      const done: unknown[] = [];
      for (const [what, name, argument] of value as [string, string, number][]) {
        const before = Object.hasOwn(next, name) ? next[name] : null;
        if (what === "append" && before !== null && !Array.isArray(before)) return [state, WRONG];
        if (what === "r") done.push([what, name, seen(name, next)]);
        else {
          const { [name]: _before, ...others } = next;
          const after = what === "w" ? argument : [...(before as unknown[] ?? []), argument];
          next = after === null ? others : { ...next, [name]: after };
          done.push([what, name, argument]);
        }
      }
      return [next, ok(done)];
    }
  }
}

test("the store answers as a naive model does, over snapshots too", () => {
  for (let seed = 1; seed <= tries("KAYA_RANDOM_CASES", 60); seed++) {
    const random = createRandom(seed);
    let store = createKvStore();
    let state: Model = {};
    for (let index = 1; index <= 200; index++) {
      const operation = randomOperation(random);
      const [next, expected] = model(state, operation);
      const command = encodeOperation(operation);
      const where = `seed ${seed}, ${index}: ${JSON.stringify(operation)} on ${JSON.stringify(state)}`;
      if (store.isRead(command)) assert.deepEqual(store.read(command), expected, where);
      assert.deepEqual(store.apply(command, index), expected, where);
      state = next;
      const bytes = Object.entries(state).reduce((sum, [name, held]) => sum + name.length + 144 + sizeOf(held), 0);
      assert.equal(store.bytes, bytes, where);
      if (index % 50 === 0) {
        const data = store.snapshot();
        store = createKvStore();
        store.restore(data);
        assert.deepEqual(store.snapshot(), data);
        const again = createKvStore();
        again.restore(data);
        assert.equal(store.bytes, again.bytes);
      }
    }
    for (const key of KEYS) {
      assert.deepEqual(
        store.get(key),
        model(state, { f: "get", key })[1] && (model(state, { f: "get", key })[1] as { value: unknown }).value,
      );
    }
  }
});

test("put and delete have the bytes of the core's commands", () => {
  const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const put = encodeOperation({ f: "put", key: "a\xe9", value: "b" });
  assert.deepEqual(put, encodeCommand({ type: "put", key: bytes("a\xe9"), value: bytes("b") }));
  assert.deepEqual(encodeOperation({ f: "delete", key: "a" }), encodeCommand({ type: "delete", key: bytes("a") }));
  assert.equal(decodeCommand(put).type, "put");
});

test("no bytes make the store throw, and those that are no command change nothing", () => {
  const random = createRandom(5);
  const store = createKvStore();
  store.apply(encodeOperation({ f: "put", key: "a", value: "1" }), 1);
  const before = store.snapshot().slice();
  for (let i = 0; i < tries("KAYA_RANDOM_CASES", 20_000); i++) {
    const valid = encodeOperation(randomOperation(random));
    const length = random.below(valid.length + 1);
    const reply: ClientReply = store.apply(valid.subarray(0, length), i);
    if (length < valid.length) {
      assert.equal(reply.type, "fail");
      assert.match((reply as { error: string }).error, /^Cannot read/);
    } else store.restore(before);
    const noise = Uint8Array.from({ length: random.below(30) }, () => random.below(random.below(2) === 0 ? 32 : 256));
    store.apply(noise, i);
    store.restore(before);
  }
  assert.equal(store.get("a"), "1");
});

test("a counter goes up to 64 bits and says so beyond", () => {
  const store = createKvStore();
  const add = (value: number | string): ClientReply => store.apply(encodeOperation({ f: "add", key: "n", value }), 1);
  assert.deepEqual(add("9223372036854775806"), { type: "ok", value: "9223372036854775806" });
  assert.deepEqual(add(1), { type: "ok", value: "9223372036854775807" });
  assert.deepEqual(add(1), { type: "fail", error: "overflow" });
  assert.deepEqual(add("-9223372036854775807"), { type: "ok", value: 0 });
  assert.deepEqual(add("01"), { type: "fail", error: "not an integer" });
});

test("an operation of the wrong shape is an error that names what it takes", () => {
  assert.throws(() => encodeOperation({ f: "cas", key: "a", value: 5 }), /"cas": it takes a pair of values/);
  assert.throws(() => encodeOperation({ f: "put", key: "a" }), /"put": it takes binary strings/);
  assert.throws(() => encodeOperation({ f: "put", key: "\u2603", value: "x" }), /"put": it takes binary strings/);
  assert.throws(() => encodeOperation({ f: "fly", key: "a" }), /"fly": it is not an operation of the store/);
});

test("a reply does not change when the store does", () => {
  const store = createKvStore();
  store.apply(encodeOperation({ f: "txn", value: [["append", "l", 1]] }), 1);
  const list = store.get("l");
  store.apply(encodeOperation({ f: "txn", value: [["append", "l", 2]] }), 2);
  assert.deepEqual(list, [1]);
  assert.deepEqual(store.get("l"), [1, 2]);
});

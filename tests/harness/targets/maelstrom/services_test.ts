import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../../raft/mod.ts";
import { linKv } from "../../../../harness/targets/maelstrom/services/lin_kv.ts";
import { linTso } from "../../../../harness/targets/maelstrom/services/lin_tso.ts";
import { lwwKv } from "../../../../harness/targets/maelstrom/services/lww_kv.ts";
import { seqKv } from "../../../../harness/targets/maelstrom/services/seq_kv.ts";
import type { Service } from "../../../../harness/targets/maelstrom/services/service.ts";

const read = (key: unknown) => ({ type: "read", key });
const write = (key: unknown, value: unknown) => ({ type: "write", key, value });
const cas = (key: unknown, from: unknown, to: unknown, create?: boolean) => ({
  type: "cas",
  key,
  from,
  to,
  ...(create === undefined ? {} : { create_if_not_exists: create }),
});

test("every store reads, writes, compares and sets, and says what went wrong", () => {
  for (const store of [linKv(), seqKv(() => 0), lwwKv(() => 0)]) {
    assert.deepEqual(store.handle("n0", read("x")), { type: "error", code: 20, text: "key does not exist" });
    assert.equal(store.handle("n0", cas("x", 1, 2))["code"], 20);
    assert.equal(store.handle("n0", cas("x", null, 1, true)).type, "cas_ok");
    assert.deepEqual(store.handle("n0", cas("x", 3, 4)), {
      type: "error",
      code: 22,
      text: "current value 1 is not 3",
    });
    assert.equal(store.handle("n0", write("x", { b: [1], a: 2 })).type, "write_ok");
    assert.equal(store.handle("n0", cas("x", { a: 2, b: [1] }, 7)).type, "cas_ok");
    assert.deepEqual(store.handle("n0", read("x")), { type: "read_ok", value: 7 });
    assert.equal(store.handle("n0", { type: "delete", key: "x" })["code"], 10);
  }
});

test("keys of two types are two keys", () => {
  const store = linKv();
  store.handle("n0", write(1, "number"));
  store.handle("n0", write("1", "text"));
  assert.equal(store.handle("n0", read(1))["value"], "number");
});

test("the oracle counts up from 0", () => {
  const oracle = linTso();
  assert.deepEqual([0, 1, 2].map(() => oracle.handle("n0", { type: "ts" })["ts"]), [0, 1, 2]);
});

/** What some nodes did, each in its order. */
interface Step {
  readonly node: string;
  readonly write?: number;
  readonly read?: number | null;
}

function drive(store: Service, seed: number, steps: number): Step[] {
  const random = createRandom(seed).split("nodes");
  return Array.from({ length: steps }, (_, i): Step => {
    const node = `n${random.below(3)}`;
    if (random.below(2) === 0) {
      store.handle(node, write("x", i));
      return { node, write: i };
    }
    return { node, read: (store.handle(node, read("x"))["value"] ?? null) as number | null };
  });
}

/** Whether there is one order of all steps, in which each node's are in its own, that explains every read. */
function isSequential(steps: readonly Step[]): boolean {
  const lanes = ["n0", "n1", "n2"].map((node) => steps.filter((step) => step.node === node));
  const seen = new Set<string>();
  const search = (places: readonly number[], value: number | null): boolean => {
    const state = `${places} ${value}`;
    if (seen.has(state)) return false;
    seen.add(state);
    if (places.every((place, lane) => place === lanes[lane]!.length)) return true;
    return lanes.some((lane, i) => {
      const step = lane[places[i]!];
      if (step === undefined || (step.read !== undefined && step.read !== value)) return false;
      return search(places.map((place, j) => j === i ? place + 1 : place), step.write ?? value);
    });
  };
  return search([0, 0, 0], null);
}

test("seq-kv is sequentially consistent, and not linearizable", () => {
  let stale = 0;
  for (let seed = 0; seed < 400; seed++) {
    const random = createRandom(seed);
    const steps = drive(seqKv((bound) => random.below(bound)), seed, 14);
    assert.ok(isSequential(steps), JSON.stringify(steps));
    let latest: number | null = null;
    for (const step of steps) {
      if (step.write !== undefined) latest = step.write;
      else if (step.read !== latest) stale++;
    }
  }
  assert.ok(stale > 100, `${stale} reads were stale`);
});

test("seq-kv never goes back for a node, and is at most 31 writes late", () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = createRandom(seed);
    const store = seqKv((bound) => random.below(bound));
    let last = -1;
    for (let i = 0; i < 500; i++) {
      store.handle("writer", write("x", i));
      if (random.below(3) > 0) continue;
      const value = (store.handle("reader", read("x"))["value"] ?? -1) as number;
      assert.ok(value >= last && value >= i - 31, `${value} after ${last}, at ${i}`);
      last = value;
    }
  }
});

test("lww-kv loses writes, and converges when it is asked often enough", () => {
  let isLost = false;
  for (let seed = 0; seed < 50; seed++) {
    const random = createRandom(seed);
    const store = lwwKv((bound) => random.below(bound));
    for (let i = 0; i < 5; i++) store.handle("n0", write("x", i));
    const seen = Array.from({ length: 300 }, () => store.handle("n0", read("x"))["value"]);
    assert.equal(new Set(seen.slice(-50)).size, 1, `seed ${seed}`);
    isLost ||= seen.at(-1) !== 4;
  }
  assert.ok(isLost, "no write ever lost against an earlier one");
});

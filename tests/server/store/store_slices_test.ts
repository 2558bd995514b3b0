// Snapshots of stores with more keys than one look-up gives, which grow, shrink and change while their slices are taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom, type Random } from "../../../raft/mod.ts";
import { ByteWriter } from "../../../server/bytes/byte_writer.ts";
import { joinSlices } from "../../../server/replica/snapshot_slices.ts";
import { createKvStore, type KvStore } from "../../../server/store/kv_store.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { tries } from "../../corpus.ts";

/** How many keys there may be: several times as many as a snapshot looks up at a time. */
const KEYS = 1500;

function keyAt(number: number): string {
  return `k${String(number).padStart(4, "0")}`;
}

/** A run of neighbouring keys comes, goes or changes; some are lists, sets and counters. */
function disturb(store: KvStore, random: Random): void {
  const [from, step] = [random.below(KEYS), 1 + random.below(3)];
  const count = 1 + random.below(random.chance(1, 3) ? 500 : 4);
  const keys = Array.from({ length: count }, (_, i) => keyAt((from + step * i) % KEYS));
  const key = keys[0]!;
  const value = "v".repeat(random.below(9));
  const operations = [
    { f: "put-many", value: keys.map((name) => [name, value]) },
    { f: "delete-many", value: keys },
    { f: "set-add", key, value },
    { f: "txn", value: [["append", key, value], ["append", keys.at(-1), random.below(9)]] },
    { f: "add", key, value: 1 },
    { f: "take", key },
  ];
  store.apply(encodeOperation(operations[random.below(random.chance(1, 2) ? 2 : operations.length)]!), 1);
}

function contentOf(store: KvStore): unknown {
  return new Map([...store.keys()].sort().map((key) => [key, store.get(key)]));
}

test("a snapshot holds what the store held when it began, however many keys come and go before its last slice", () => {
  // Seed 12 deletes so many keys ahead of the cursor that neither they nor those that are left fit one look-up.
  for (let seed = 12; seed < 12 + tries("KAYA_RANDOM_CASES", 42); seed++) {
    const random = createRandom(seed);
    const store = createKvStore(1 + random.below(2000));
    for (let i = 0; i < 60; i++) disturb(store, random);
    const expected = contentOf(store);

    const bytes = joinSlices(function* (writer) {
      const steps = store.snapshotInSteps!(writer);
      for (let isDone = steps.next().done === true; !isDone; isDone = steps.next().done === true) {
        for (let i = random.below(4); i > 0; i--) disturb(store, random);
        yield;
      }
    });

    const restored = createKvStore();
    restored.restore(bytes);
    assert.deepEqual(contentOf(restored), expected, `seed ${seed}`);
    assert.equal(restored.size, (expected as Map<string, unknown>).size);
  }
});

test("a slice with a record of an unknown kind, or one that is cut short, is refused, and the store stays as it was", () => {
  const store = createKvStore();
  for (let i = 0; i < 30; i++) disturb(store, createRandom(i));
  const before = contentOf(store);
  const writer = new ByteWriter();
  store.snapshotInSteps!(writer).next();
  const whole = writer.copy();
  const unknown = Uint8Array.from([...whole, 3, 0, 0, 0, 0]);
  assert.throws(() => store.restoreInSteps!().add(unknown), {
    name: "SyntaxError",
    message: "Cannot read a store's snapshot: a record's kind is 0 to 2, but 3 was found",
  });
  for (const length of [1, 3, whole.length - 1]) {
    assert.throws(() => store.restoreInSteps!().add(whole.subarray(0, length)), SyntaxError, `${length} bytes`);
  }
  assert.deepEqual(contentOf(store), before);
});

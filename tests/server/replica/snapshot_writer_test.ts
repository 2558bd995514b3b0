import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configurationOf,
  createRandom,
  logIndex,
  nodeId,
  type Snapshot,
  type SnapshotContent,
  term,
} from "../../../raft/mod.ts";
import { ByteWriter } from "../../../server/bytes/byte_writer.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";
import { SnapshotLoad } from "../../../server/replica/snapshot_load.ts";
import { joinSlices, loadSlices, slicesOf } from "../../../server/replica/snapshot_slices.ts";
import { SnapshotWriter } from "../../../server/replica/snapshot_writer.ts";
import { withDirectory } from "../../../server/replica/directory.ts";
import { withSessions } from "../../../server/replica/sessions.ts";
import type { StateMachine } from "../../../server/replica/state_machine.ts";
import { createKvStore, type KvStore } from "../../../server/store/kv_store.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { type MemoryDisk, memoryDisk } from "../journal/memory_disk.ts";

function opened(): { disk: MemoryDisk; journal: Journal } {
  const disk = memoryDisk();
  let opened: Journal | null = null;
  openJournal(disk, { clusterId: "c", nodeId: 1 }, (_error, journal) => opened = journal);
  disk.settle();
  return { disk, journal: opened! };
}

function put(store: StateMachine, key: string, value: string): void {
  store.apply(encodeOperation({ f: "put", key, value }), 1);
}

function contentOf(store: KvStore): unknown {
  return Object.fromEntries([...store.keys()].sort().map((key) => [key, store.get(key)]));
}

/** What a snapshot's bytes make of an empty machine. */
function loaded(journal: Journal, disk: MemoryDisk, content: SnapshotContent, machine: StateMachine): void {
  journal.append([{ index: logIndex(1), term: term(0), kind: "noop", data: new Uint8Array(0) }]);
  const identity = { index: logIndex(1), term: term(0), configuration: configurationOf([nodeId(1)]) };
  const snapshot: Snapshot = { ...identity, ...content };
  journal.compact(snapshot, logIndex(2));
  const load = new SnapshotLoad(snapshot, journal, machine);
  for (let step = load.step(); step !== "done"; step = load.step()) if (step === "waits") assert.ok(disk.step());
}

test("a snapshot holds the state as of its index, though commands are applied before its next slice", () => {
  const { disk, journal } = opened();
  const machine = createKvStore(1);
  const taken: SnapshotContent[] = [];
  const take = (_index: number, content: SnapshotContent): void => void taken.push(content);
  const writer = new SnapshotWriter({ machine, journal, dueBytes: Infinity, maxBytes: Infinity, take });
  for (const key of ["a", "b", "c"]) put(machine, key, "before");

  writer.begin(3);
  put(machine, "a", "after");
  put(machine, "d", "after");
  while (taken.length === 0) writer.step();

  const restored = createKvStore();
  loaded(journal, disk, taken[0]!, restored);
  assert.deepEqual(contentOf(restored), { a: "before", b: "before", c: "before" });
});

test("a snapshot above the size limit is given up, and tried again later", () => {
  const { journal } = opened();
  const machine = createKvStore(100);
  let taken = 0;
  const take = (): void => void taken++;
  const writer = new SnapshotWriter({ machine, journal, dueBytes: 10, maxBytes: 2000, take });
  for (let i = 0; i < 100; i++) put(machine, `k${i}`, "x".repeat(50));
  const command = new Uint8Array(50);
  writer.applied(command);
  assert.ok(writer.isDue);
  writer.begin(1);
  for (let i = 0; i < 100; i++) writer.step();
  assert.deepEqual([writer.isTooLarge, writer.isDue, taken], [true, false, 0]);
  for (let i = 10; i < 100; i++) machine.apply(encodeOperation({ f: "delete", key: `k${i}` }), 1);
  writer.applied(command);
  for (let ticks = 0; ticks < 100; ticks++) writer.tick();
  assert.ok(writer.isDue);
  writer.begin(2);
  for (let i = 0; i < 100; i++) writer.step();
  assert.deepEqual([writer.isTooLarge, taken], [false, 1]);
});

test("a snapshot waits for four times the last one's size, and for no more bytes than it is given", () => {
  const dueAfter = (lastBytes: number, relaxedBytes: number): number => {
    const { journal } = opened();
    const take = (): void => {};
    const options = { machine: createKvStore(), journal, dueBytes: 10, relaxedBytes, maxBytes: Infinity, take };
    const writer = new SnapshotWriter(options);
    writer.replaced(lastBytes);
    let bytes = 0;
    for (; !writer.isDue; bytes++) writer.applied(new Uint8Array(1));
    return bytes;
  };
  assert.equal(dueAfter(0, 0), 11);
  assert.equal(dueAfter(50, 0), 51);
  assert.equal(dueAfter(50, 1000), 201);
  assert.equal(dueAfter(50, 120), 121);
  assert.equal(dueAfter(500, 120), 501);
  assert.equal(dueAfter(1, 120), 11);
});

/** One drawn command over few keys: values, lists and sets come and go. */
function disturb(store: StateMachine, below: (n: number) => number): void {
  const key = `k${below(30)}`;
  const value = "v".repeat(below(20));
  const operations = [
    { f: "put", key, value },
    { f: "delete", key },
    { f: "txn", value: [["append", `list${below(3)}`, value]] },
    { f: "set-add", key: `set${below(3)}`, value: below(50) },
    { f: "delete-many", value: [`k${below(30)}`, `list${below(3)}`, `set${below(3)}`] },
  ];
  store.apply(encodeOperation(operations[below(operations.length)]!), 1);
}

test("slices do not show commands that are applied between them, and are the same on every node", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = createRandom(seed);
    const below = (n: number): number => random.below(n);
    const sliceBytes = 1 + below(200);
    const store = createKvStore(sliceBytes);
    for (let i = 0; i < 60; i++) disturb(store, below);
    const twin = createKvStore(sliceBytes);
    twin.restore(store.snapshot());
    assert.deepEqual(twin.snapshot(), store.snapshot(), "whatever the order in which the keys came");

    const expected = store.snapshot();
    const slices = joinSlices(function* (writer) {
      const steps = slicesOf(store, writer);
      while (steps.next().done !== true) {
        for (let i = below(6); i > 0; i--) disturb(store, below);
        yield;
      }
    });
    const [a, b] = [createKvStore(), createKvStore()];
    a.restore(expected);
    b.restore(slices);
    assert.deepEqual(contentOf(b), contentOf(a), `seed ${seed}`);
    assert.deepEqual(slices, expected, `seed ${seed}: the bytes`);
  }
});

test("machines around machines give each its own slices, and a loader that is given up changes nothing", () => {
  const make = (): StateMachine & { store: KvStore } => {
    const store = createKvStore(10);
    return { ...withSessions(withDirectory(store)), store };
  };
  const [from, to] = [make(), make()];
  for (let i = 0; i < 20; i++) put(from, `k${i}`, "x".repeat(i));
  put(to, "old", "1");
  const loader = to.restoreInSteps!();
  const writer = new ByteWriter();
  const steps = from.snapshotInSteps!(writer);
  steps.next();
  loader.add(writer.view());
  assert.deepEqual(contentOf(to.store), { old: "1" });
  steps.return();
  loadSlices(from.snapshot(), to.restoreInSteps!());
  assert.deepEqual(contentOf(to.store), contentOf(from.store));
});

test("a snapshot's bytes do not change from one version to the next", () => {
  const machine = withDirectory(createKvStore());
  put(machine, "k", "v");
  assert.deepEqual([...machine.snapshot()], [
    ...[5, 0, 0, 0, 0, 0, 0, 0, 0], // the directory's slice: 0, and no members
    ...[13, 0, 0, 0, 1, 0, 1, 0, 0, 0, 107, 1, 1, 0, 0, 0, 118], // the store's slice: 1, then a value: k, v
  ]);
});

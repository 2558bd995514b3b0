// Snapshots that are written, installed, sent and dropped while they are read, from a disk with short reads.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configurationOf,
  crc32c,
  createRandom,
  logIndex,
  nodeId,
  type Random,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import type { Disk, DiskDone } from "../../../server/journal/disk.ts";
import { snapshotName } from "../../../server/journal/snapshot_format.ts";
import { SnapshotStore } from "../../../server/journal/snapshot_store.ts";
import { tries } from "../../corpus.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const IDENTITY = { clusterId: "c", nodeId: 1 };
const configuration = configurationOf([nodeId(1)]);

/** A store, and what a naive one would hold: the bytes of each snapshot that somebody may still read. */
interface Twin {
  readonly disk: MemoryDisk;
  readonly store: SnapshotStore;
  readonly failures: Error[];
  /** The snapshots that are held, the latest last. */
  held: { readonly snapshot: Snapshot; readonly data: Uint8Array; at: number }[];
  sent: Snapshot[];
}

function twin(random: Random): Twin {
  const disk = memoryDisk((count) => random.below(count));
  disk.disturbReads(random);
  const failures: Error[] = [];
  const onFailure = (error: Error): void => void failures.push(error);
  const store = new SnapshotStore({ disk, identity: IDENTITY, found: null, onProgress: () => {}, onFailure });
  return { disk, store, failures, held: [], sent: [] };
}

function snapshotOf(index: number, data: Uint8Array): Snapshot {
  return { index: logIndex(index), term: term(1), configuration, bytes: data.length, digest: crc32c(data) };
}

function bytesOf(random: Random): Uint8Array {
  return Uint8Array.from({ length: random.below(200) }, () => random.below(256));
}

/** Writes the node's own snapshot, or installs a leader's. */
function takeNext(of: Twin, random: Random): void {
  const { store, held } = of;
  const data = bytesOf(random);
  const snapshot = snapshotOf((held.at(-1)?.snapshot.index ?? 0) + 1, data);
  const half = random.below(data.length + 1);
  if (random.chance(1, 2)) {
    const draft = store.stage();
    for (const part of [data.slice(0, half), data.slice(half)]) draft.add(part);
    store.take(snapshot, () => {});
  } else {
    assert.ok(store.receive(snapshot, 0, data.slice(0, half)) && store.receive(snapshot, half, data.slice(half)));
    assert.ok(store.install(snapshot, () => {}));
  }
  held.push({ snapshot, data, at: 0 });
}

/** Reads on in one of the snapshots that are held, and compares. */
function readOn({ store, held }: Twin, random: Random): void {
  if (held.length === 0) return;
  const one = held[random.below(held.length)]!;
  const most = 1 + random.below(50);
  const part = store.read(one.snapshot, one.at, most);
  if (part === null) return;
  assert.ok(part.length <= most && (part.length > 0 || one.at === one.data.length));
  assert.deepEqual(part, one.data.slice(one.at, one.at + part.length));
  one.at = random.chance(1, 4) ? 0 : one.at + part.length;
}

/** What a naive store keeps: the latest, those that are not durable yet or later, and those that are sent. */
function forget(of: Twin): void {
  const durable = of.store.durableIndex;
  of.held = of.held.filter(({ snapshot }) => snapshot.index >= durable || of.sent.includes(snapshot));
}

test("a snapshot that is held reads as it was written, whatever comes and goes meanwhile, and no read fails", () => {
  for (let seed = 1; seed <= tries("KAYA_RANDOM_CASES", 120); seed++) {
    const random = createRandom(seed);
    const of = twin(random);
    for (let turn = 0; turn < 80; turn++) {
      const choice = random.below(12);
      if (choice === 0) takeNext(of, random);
      else if (choice === 1) {
        of.sent = of.held.filter(() => random.chance(1, 3)).map(({ snapshot }) => snapshot);
        of.store.hold(of.sent);
      } else if (choice < 6) readOn(of, random);
      else of.disk.step();
      forget(of);
      assert.deepEqual(of.failures, [], `seed ${seed}, turn ${turn}`);
    }
    of.disk.settle();
    of.store.hold([]);
    of.disk.settle();
    const latest = of.held.at(-1)?.snapshot.index;
    const expected = latest === undefined ? [] : [snapshotName(latest)];
    assert.deepEqual([of.disk.names(), of.failures], [expected, []], `seed ${seed}`);
  }
});

test("a draft is synced on its way, so that no single sync has much to do", () => {
  let [unsynced, most] = [0, 0];
  const ended: DiskDone[] = [];
  // A disk that copies nothing: the draft has many bytes.
  const disk: Partial<Disk> = {
    write(_file, _position, bytes, done) {
      most = Math.max(most, unsynced += bytes.length);
      ended.push(done);
    },
    sync(_file, done) {
      unsynced = 0;
      ended.push(done);
    },
  };
  const ignore = (): void => {};
  const parts = { identity: IDENTITY, found: null, onProgress: ignore, onFailure: ignore };
  const draft = new SnapshotStore({ disk: disk as Disk, ...parts }).stage();
  const chunk = new Uint8Array(3 << 20);
  for (let i = 0; i < 4; i++) {
    draft.add(chunk);
    ended.splice(0).forEach((done) => done(null));
  }
  assert.deepEqual([draft.written, most], [12 << 20, 9 << 20]);
});

test("a large snapshot is read in blocks, of which a few are kept in memory", () => {
  const MIB = 1 << 20;
  let reads = 0;
  const waiting: (() => void)[] = [];
  const zeros = new Uint8Array(MIB);
  const disk: Partial<Disk> = {
    read(_file, _position, length, done) {
      reads++;
      waiting.push(() => done(null, zeros.subarray(0, length)));
    },
  };
  const snapshot: Snapshot = { ...snapshotOf(1, new Uint8Array(0)), bytes: 12 * MIB };
  const fail = (error: Error): never => {
    throw error;
  };
  const parts = { identity: IDENTITY, found: snapshot, onProgress: () => {}, onFailure: fail };
  const store = new SnapshotStore({ disk: disk as Disk, ...parts });
  const read = (at: number): number => {
    while (store.read(snapshot, at, MIB) === null) waiting.shift()!();
    return store.read(snapshot, at, MIB)!.length;
  };
  for (let at = 0; at < 12; at++) assert.equal(read(at * MIB + 1), MIB - 1);
  assert.equal(reads, 12);
  read(11 * MIB);
  read(9 * MIB);
  assert.equal(reads, 12, "the last blocks are kept");
  read(0);
  assert.ok(reads > 12, "the first block is not");
});

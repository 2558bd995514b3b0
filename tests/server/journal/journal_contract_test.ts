// What the journal, and the files below it, refuse; and disks that contradict themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configurationOf,
  crc32c,
  createRandom,
  type Entry,
  logIndex,
  nodeId,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import type { Disk } from "../../../server/journal/disk.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";
import { segmentName } from "../../../server/journal/segments.ts";
import { snapshotName } from "../../../server/journal/snapshot_format.ts";
import { readFile, replaceFile } from "../../../server/journal/whole_file.ts";
import { failingDisk, InjectedFailure } from "./failing_disk.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const IDENTITY = { clusterId: "c", nodeId: 1 };

function opened(disk: MemoryDisk): Journal {
  let found: Journal | null = null;
  openJournal(disk, IDENTITY, (error, journal) => {
    assert.equal(error, null);
    found = journal;
  });
  disk.settle();
  return found!;
}

function entry(index: number): Entry {
  return { index: logIndex(index), term: term(1), kind: "command", data: new Uint8Array(10) };
}

function snapshotOf(index: number, data: Uint8Array): Snapshot {
  const configuration = configurationOf([nodeId(1)]);
  return { index: logIndex(index), term: term(1), configuration, bytes: data.length, digest: crc32c(data) };
}

/** A journal with entries 5 to 9, and a snapshot at 6. */
function compacted(): { disk: MemoryDisk; journal: Journal } {
  const disk = memoryDisk();
  const journal = opened(disk);
  for (let index = 1; index <= 9; index++) journal.appendOne(entry(index));
  const data = Uint8Array.of(1, 2, 3);
  journal.stageSnapshot().add(data);
  journal.compact(snapshotOf(6, data), logIndex(5));
  journal.flush((error) => assert.equal(error, null));
  disk.settle();
  return { disk, journal };
}

test("what the journal does not hold is refused, and changes nothing", () => {
  const { disk, journal } = compacted();
  const before = disk.content(segmentName(1));
  const refusals: [() => unknown, RegExp][] = [
    [() => journal.slice(logIndex(4), logIndex(6)), /entries 4 to 6: the journal holds 5 to 9/],
    [() => journal.slice(logIndex(5), logIndex(11)), /entries 5 to 11: the journal holds 5 to 9/],
    [() => journal.appendOne(entry(9)), /append entry 9: the journal ends at 9/],
    [() => journal.append([entry(11)]), /append entry 11: the journal ends at 9/],
    [() => journal.truncate(logIndex(4)), /truncate from 4: the journal begins after 4/],
    [() => journal.compact(snapshotOf(8, Uint8Array.of(1)), logIndex(9)), /of 1 bytes: it was not written to the log/],
    [() => journal.readSnapshot(snapshotOf(5, new Uint8Array(3)), 0, 9), /the snapshot at 5: it is not held/],
  ];
  for (const [act, message] of refusals) assert.throws(act, { name: "RangeError", message });
  // A draft that is not the snapshot's is not taken either.
  journal.stageSnapshot().add(Uint8Array.of(2));
  assert.throws(() => journal.compact(snapshotOf(8, Uint8Array.of(1)), logIndex(9)), RangeError);
  journal.unstageSnapshot();
  journal.truncate(logIndex(10)); // there is nothing from there on
  disk.settle();

  assert.deepEqual([journal.firstIndex, journal.lastIndex, journal.snapshotIndex, journal.isDirty], [5, 9, 6, false]);
  assert.deepEqual(disk.content(segmentName(1)), before);
  assert.deepEqual([journal.termAt(logIndex(3)), journal.termAt(logIndex(0)), journal.termAt(logIndex(10))], [
    undefined,
    0,
    undefined,
  ]);
});

test("one flush is under way at a time, and a flush of a journal without changes changes nothing", () => {
  const { disk, journal } = compacted();
  let flushed = 0;
  journal.flush((error) => {
    assert.equal(error, null);
    flushed++;
  });
  assert.throws(() => journal.flush(() => {}), /A flush of the journal is under way already/);
  disk.settle();

  assert.equal(flushed, 1);
  disk.lose(0);
  const again = opened(disk);
  assert.deepEqual([again.lastIndex, again.snapshotIndex, again.durableIndex, again.doubt], [9, 6, 9, null]);
});

test("a leader's snapshot is taken in order from its beginning, and read from any offset", () => {
  const { disk, journal } = compacted();
  const data = Uint8Array.of(9, 8, 7, 6);
  const snapshot = snapshotOf(20, data);
  assert.equal(journal.receiveSnapshot(snapshot, 1, data), false, "its beginning has not come");
  assert.equal(journal.restore(snapshot), false, "nothing has come");
  assert.equal(journal.receiveSnapshot(snapshot, 0, data.slice(0, 2)), true);
  assert.equal(journal.receiveSnapshot(snapshotOf(21, data), 2, data.slice(2)), false, "another snapshot");
  assert.equal(journal.restore(snapshotOf(21, data)), false, "another snapshot");
  assert.equal(journal.receiveSnapshot(snapshot, 2, data.slice(2)), true);
  assert.equal(journal.restore(snapshot), true);
  disk.settle();

  assert.deepEqual(journal.readSnapshot(snapshot, 4, 10), new Uint8Array(0), "there is nothing behind its end");
  assert.equal(journal.readSnapshot(snapshot, 1, 2), null);
  disk.settle();
  assert.deepEqual(journal.readSnapshot(snapshot, 1, 2), data.slice(1, 3));
});

test("a flush ends only when the snapshots that replaced the log meanwhile are durable, also if they follow each other", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = createRandom(seed);
    const disk = memoryDisk((count) => random.below(count));
    const journal = opened(disk);
    const install = (index: number): void => {
      const data = Uint8Array.of(index);
      assert.ok(journal.receiveSnapshot(snapshotOf(index, data), 0, data) && journal.restore(snapshotOf(index, data)));
    };
    const durableAt: number[] = [];
    install(10);
    journal.flush(() => durableAt.push(journal.durableSnapshotIndex));
    install(20);
    // The next one comes while the flush makes its segment.
    while (journal.durableSnapshotIndex < 20) assert.ok(disk.step());
    install(30);
    disk.settle();

    assert.deepEqual(durableAt, [30], `seed ${seed}`);
    disk.lose(0);
    assert.deepEqual([opened(disk).snapshotIndex, opened(disk).lastIndex], [30, 30]);
  }
});

test("a snapshot's file that has other bytes than it says is refused, and one that shrinks under the node ends it", () => {
  const { disk, journal } = compacted();
  const file = snapshotName(6);
  const whole = disk.content(file)!;
  disk.put(file, Uint8Array.of(0, ...whole));
  const ends: (Error | null)[] = [];
  openJournal(disk, IDENTITY, (error) => ends.push(error));
  disk.settle();
  assert.match(String(ends[0]), /snapshot-0000000006: .*its data has 4 bytes, but its trailer says 3$/);

  const failures: string[] = [];
  journal.onFailure = (error) => failures.push(error.message);
  disk.put(file, whole.slice(0, 1));
  assert.equal(journal.readSnapshot(snapshotOf(6, Uint8Array.of(1, 2, 3)), 0, 9), null);
  disk.settle();
  assert.deepEqual(failures, ["Cannot read snapshot-0000000006: it ends before offset 1"]);
});

test("an owner that no journal can have is refused before the disk is asked anything", () => {
  const disk = memoryDisk();
  const open = (clusterId: string, nodeId: number): void => openJournal(disk, { clusterId, nodeId }, () => {});
  assert.throws(() => open("x".repeat(256), 1), /^RangeError: A cluster id has at most 255 bytes, but this has 256$/);
  assert.throws(() => open("é".repeat(128), 1), /but this has 256$/);
  for (const id of [0, -1, 1.5, NaN, 2 ** 53]) {
    assert.throws(() => open("c", id), /A node's number is a whole number from 1/);
  }
  assert.equal(disk.waiting, 0);
  open("é".repeat(127), 1);
  disk.settle();
  assert.deepEqual(disk.names(), [segmentName(1)]);
});

/** A disk on which one file has another size, or ends earlier, than its folder and size say. */
function contradicting(disk: Disk, file: string, how: "vanished" | "shorter"): Disk {
  return {
    write: (name, position, bytes, done) => disk.write(name, position, bytes, done),
    sync: (name, done) => disk.sync(name, done),
    rename: (from, to, done) => disk.rename(from, to, done),
    remove: (name, done) => disk.remove(name, done),
    syncFolder: (done) => disk.syncFolder(done),
    list: (done) => disk.list(done),
    read: (name, position, length, done) => disk.read(name, position, length, done),
    size(name, done) {
      disk.size(name, (error, size) => {
        if (name !== file) done(error, size);
        else done(error, how === "vanished" ? null : size! + 1);
      });
    },
  };
}

test("a file that vanishes or shrinks while the journal is opened is an error that names the file", () => {
  const { disk } = compacted();
  for (const file of [segmentName(1), snapshotName(6)]) {
    for (const [how, reason] of [["vanished", /it has vanished/], ["shorter", /ends at offset \d+/]] as const) {
      const ends: (Error | null)[] = [];
      openJournal(contradicting(disk, file, how), IDENTITY, (error) => ends.push(error));
      disk.settle();
      assert.equal(ends.length, 1);
      assert.match(ends[0]!.message, reason, `${file} ${how}`);
      assert.ok(ends[0]!.message.includes(file), ends[0]!.message);
    }
  }
});

test("whichever call fails while a file is replaced, it has the old content or the new, and the failure is reported once", () => {
  const [before, after] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5)];
  const replaced = (disk: Disk, bytes: Uint8Array, done: (error: Error | null) => void): void =>
    replaceFile(disk, "members", bytes, done);
  let at = 1;
  for (let failed: string | null = ""; failed !== null; at++) {
    const disk = memoryDisk();
    replaced(disk, before, (error) => assert.equal(error, null));
    disk.settle();
    const ends: (Error | null)[] = [];
    const failing = failingDisk(disk, at, createRandom(at));
    replaced(failing, after, (error) => ends.push(error));
    disk.settle();
    failed = failing.failed;

    // Whether an earlier draft could be removed matters to nobody: the new one is written over it.
    const isFailure = failed !== null && failed !== "remove members.new";
    assert.equal(ends.length, 1, `call ${at}`);
    assert.equal(ends[0] instanceof InjectedFailure, isFailure, `${failed}: ${ends[0]}`);
    disk.crash(createRandom(at));
    const found: (Uint8Array | null)[] = [];
    readFile(disk, "members", (_error, bytes) => found.push(bytes));
    disk.settle();
    const isOne = [before, after].some((bytes) => bytes.join() === found[0]?.join());
    assert.ok(isOne && (isFailure || found[0]!.join() === after.join()), `${failed}: ${found[0]}`);
  }
  assert.ok(at > 5);
});

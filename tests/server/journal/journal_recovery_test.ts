import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configurationOf,
  crc32c,
  createRandom,
  type Entry,
  logIndex,
  nodeId,
  type Random,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { openJournal, type OpenJournalOptions } from "../../../server/journal/journal_open.ts";
import {
  BATCH_HEADER_BYTES,
  batchHeaderAt,
  JournalDamagedError,
  JournalIdentityError,
  readHeader,
  saltOf,
} from "../../../server/journal/journal_format.ts";
import { type RecoveredJournal, recoverJournal } from "../../../server/journal/journal_recovery.ts";
import { segmentName, segmentNumber, Segments } from "../../../server/journal/segments.ts";
import { snapshotName } from "../../../server/journal/snapshot_format.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";
import { tries } from "../../corpus.ts";

const IDENTITY = { clusterId: "test", nodeId: 3 };
const FIRST = segmentName(1);
const members = configurationOf([1, 3].map(nodeId));

function open(disk: MemoryDisk, more: Partial<OpenJournalOptions> = {}): Journal {
  let opened: Journal | null = null;
  openJournal(disk, { ...IDENTITY, birth: 12345, ...more }, (error, journal) => {
    assert.equal(error, null);
    opened = journal;
  });
  while (opened === null && disk.step());
  return opened!;
}

function openError(disk: MemoryDisk, more: Partial<OpenJournalOptions> = {}): Error | null {
  let found: Error | null | undefined;
  openJournal(disk, { ...IDENTITY, ...more }, (error) => (found = error));
  disk.settle();
  assert.notEqual(found, undefined, "it ended");
  return found!;
}

function entry(index: number, entryTerm: number, length: number): Entry {
  return { index: logIndex(index), term: term(entryTerm), kind: "command", data: new Uint8Array(length).fill(index) };
}

function flush(journal: Journal, disk: MemoryDisk): void {
  journal.flush((error) => assert.equal(error, null));
  disk.settle();
}

function compact(journal: Journal, index: number, data: Uint8Array, keepFrom: number = index + 1): void {
  const draft = journal.stageSnapshot();
  draft.add(data.slice());
  const { bytes, digest } = draft;
  const at = logIndex(index);
  journal.compact({ index: at, term: journal.termAt(at)!, configuration: members, bytes, digest }, logIndex(keepFrom));
}

function recovered(bytes: Uint8Array, forgives = false): RecoveredJournal {
  const files = [{ number: 1, name: FIRST, bytes }];
  return recoverJournal(IDENTITY, null, files, { birth: 0, forgives });
}

/** What a journal holds, for comparison. */
interface Held {
  readonly state: unknown;
  readonly terms: readonly number[];
}

/** A journal of one segment in which each batch does something drawn, with what it held after each. */
function writtenJournal(seed: number): { bytes: Uint8Array; ends: number[]; held: Held[] } {
  const random = createRandom(seed);
  const disk = memoryDisk();
  const journal = open(disk, { segmentBytes: Infinity });
  const [ends, held]: [number[], Held[]] = [[], []];
  const note = (): void => {
    ends.push(disk.content(FIRST)!.length);
    const terms = Array.from({ length: journal.lastIndex }, (_, i) => journal.termAt(logIndex(i + 1))!);
    held.push({ state: journal.state, terms });
  };
  note();
  for (let batch = 0; batch < 8; batch++) {
    drawnChange(journal, random);
    flush(journal, disk);
    note();
  }
  return { bytes: disk.content(FIRST)!, ends, held };
}

function drawnChange(journal: Journal, random: Random): void {
  const next = journal.state.term + random.below(2) || 1;
  if (next > journal.state.term) journal.setState({ term: term(next), votedFor: nodeId(1 + random.below(3)) });
  if (random.below(4) === 0 && journal.lastIndex > 1) journal.truncate(logIndex(1 + random.below(journal.lastIndex)));
  for (let count = random.below(4); count >= 0; count--) {
    journal.appendOne(entry(journal.lastIndex + 1, journal.state.term, random.below(40)));
  }
}

function heldBy({ state, entries }: RecoveredJournal): Held {
  return { state, terms: entries.map((one) => one.term) };
}

test("every prefix of a journal holds exactly what its last whole batch left, and nobody is in doubt", () => {
  for (let seed = 1; seed <= tries("KAYA_JOURNAL_SEEDS", 30); seed++) {
    const { bytes, ends, held } = writtenJournal(seed);
    for (let length = ends[0]!; length <= bytes.length; length++) {
      const found = recovered(bytes.subarray(0, length));
      const batch = ends.findLastIndex((end) => end <= length);
      assert.deepEqual([heldBy(found), found.doubt], [held[batch], null], `seed ${seed}, ${length} bytes`);
    }
  }
});

test("a flipped bit before the last batch is refused with its place", () => {
  for (let seed = 1; seed <= tries("KAYA_JOURNAL_SEEDS", 12); seed++) {
    const { bytes, ends } = writtenJournal(seed);
    for (let at = 0; at < ends.at(-2)!; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at + seed) % 8;
      assert.throws(() => recovered(flipped), (error) => {
        if (error instanceof JournalIdentityError) return true;
        assert.ok(error instanceof JournalDamagedError, `seed ${seed}, byte ${at}`);
        assert.equal(error.file, FIRST);
        assert.ok(error.offset <= at && (at < ends[0]! || ends.includes(error.offset)), `byte ${at}: ${error.offset}`);
        return true;
      });
    }
  }
});

test("a flipped bit in the last batch leaves the node in doubt up to what the batch had promised", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { bytes, ends, held } = writtenJournal(seed);
    const last = held.at(-1)!.terms.length;
    const { term: promised } = held.at(-1)!.state as { term: number };
    for (let at = ends.at(-2)!; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at + seed) % 8;
      const found = recovered(flipped);
      assert.deepEqual(found.doubt, { lastIndex: last, term: promised }, `seed ${seed}, byte ${at}`);
      assert.deepEqual(heldBy(found).terms, held.at(-2)!.terms);
      const before = held.at(-2)!.state as { term: number; votedFor: number | null };
      const isKnown = before.term === promised && before.votedFor !== null;
      assert.deepEqual(found.state, isKnown ? before : { term: promised, votedFor: IDENTITY.nodeId });
      assert.deepEqual(
        heldBy(recovered(flipped, true)),
        held.at(-2),
        "an operator may say that nothing of it is needed",
      );
    }
  }
});

test("a last batch whose header is beyond repair leaves the node in doubt up to what its payload holds", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { bytes, ends, held } = writtenJournal(seed);
    const promise = { lastIndex: held.at(-1)!.terms.length, term: (held.at(-1)!.state as { term: number }).term };
    for (let at = 0; at < BATCH_HEADER_BYTES; at++) {
      const damaged = bytes.slice();
      for (const byte of [at, (at + 13) % BATCH_HEADER_BYTES]) damaged[ends.at(-2)! + byte]! ^= 1 << (at + seed) % 8;
      assert.deepEqual(recovered(damaged).doubt, promise, `seed ${seed}, byte ${at}`);
      assert.deepEqual(heldBy(recovered(damaged)).terms, held.at(-2)!.terms);
    }
  }
});

test("noise in place of the last batch is refused with its place, unless an operator says that it may go", () => {
  const { bytes, ends, held } = writtenJournal(4);
  const random = createRandom(7);
  for (const fill of [() => 255, () => 1 + random.below(255)]) {
    const noisy = bytes.slice();
    for (let at = ends.at(-2)!; at < noisy.length; at++) noisy[at] = fill();
    assert.throws(() => recovered(noisy), (error) => {
      assert.ok(error instanceof JournalDamagedError);
      assert.deepEqual([error.file, error.offset], [FIRST, ends.at(-2)]);
      return true;
    });
    assert.deepEqual(heldBy(recovered(noisy, true)), held.at(-2));
  }
});

test("zeros behind the last batch are room, and count for nothing", () => {
  const { bytes, held } = writtenJournal(5);
  const found = recovered(Uint8Array.from([...bytes, ...new Uint8Array(500)]));
  assert.deepEqual([heldBy(found), found.isWhole, found.doubt], [held.at(-1), true, null]);
});

test("a doubt survives restarts until the lost entries are replicated again", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  journal.setState({ term: term(2), votedFor: nodeId(1) });
  journal.appendOne(entry(1, 2, 5));
  flush(journal, disk);
  journal.appendOne(entry(2, 2, 5));
  flush(journal, disk);
  const bytes = disk.content(FIRST)!;
  bytes[bytes.length - 9]! ^= 4;
  disk.put(FIRST, bytes);
  for (let life = 0; life < 3; life++) {
    const again = open(disk);
    assert.deepEqual([again.doubt, again.lastIndex], [{ lastIndex: 2, term: 2 }, 1], `life ${life}`);
    disk.lose(0);
  }
  const again = open(disk);
  again.appendOne(entry(2, 2, 5));
  again.resolveDoubt();
  flush(again, disk);
  disk.lose(0);
  const certain = open(disk);
  assert.deepEqual([certain.doubt, certain.lastIndex], [null, 2]);
});

test("a client's bytes that copy a batch of another journal are not taken for a batch", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  journal.appendOne(entry(1, 1, 1));
  flush(journal, disk);
  const whole = disk.content(FIRST)!;
  journal.appendOne({ ...entry(2, 1, 0), data: whole });
  flush(journal, disk);
  // The copy bears the number of an earlier batch: the batch around it broke off, and goes.
  const found = recovered(disk.content(FIRST)!.slice(0, -1));
  assert.deepEqual([heldBy(found).terms, found.doubt], [[1], null]);
});

/** A journal whose entries lie in several segments. */
function segmented(count: number): { disk: MemoryDisk; journal: Journal } {
  const disk = memoryDisk();
  const journal = open(disk, { segmentBytes: 300 });
  journal.setState({ term: term(1), votedFor: null });
  for (let index = 1; index <= count; index++) {
    journal.appendOne(entry(index, 1, 60));
    flush(journal, disk);
  }
  return { disk, journal };
}

function segmentsOf(disk: MemoryDisk): string[] {
  return disk.names().filter((name) => segmentNumber(name) !== null);
}

test("entries in many segments are found again", () => {
  const { disk } = segmented(40);
  assert.ok(segmentsOf(disk).length > 8);
  disk.lose(0);
  const again = open(disk, { segmentBytes: 300 });
  for (let index = 1; index <= 40; index++) assert.equal(again.entryAt(logIndex(index))?.data[0], index);
});

test("damage to any segment but the last is refused, and so is a segment that is missing", () => {
  const { disk } = segmented(40);
  const names = segmentsOf(disk);
  const filled = names.filter((name) => disk.content(name)!.length > 100);
  for (const name of filled.slice(0, -1)) {
    const before = disk.content(name)!;
    const flipped = before.slice();
    flipped[before.length - 20]! ^= 1;
    disk.put(name, flipped);
    const error = openError(disk);
    assert.ok(error instanceof JournalDamagedError, name);
    assert.equal(error.file, name);
    disk.put(name, null);
    assert.ok(openError(disk) instanceof JournalDamagedError, `without ${name}`);
    disk.put(name, before);
  }
  assert.equal(openError(disk), null);
});

test("the segments that hold only entries up to an index are counted, but never the last one", () => {
  const found = [5, 9, 12].map((lastIndex, i) => ({ number: i + 1, end: 100, lastIndex }));
  const parts = { disk: memoryDisk(), identity: IDENTITY, birth: 1, segmentBytes: 100, isNextReady: false };
  const segments = new Segments({ ...parts, found, onFailure: assert.ifError });
  assert.deepEqual([4, 5, 8, 9, 11, 12, 99].map((index) => segments.idleUpTo(index)), [0, 1, 1, 2, 2, 2, 2]);
  assert.equal(new Segments({ ...parts, found: [], onFailure: assert.ifError }).idleUpTo(9), 0);
});

test("compaction lets segments go and rewrites none: writing amplifies at most twice, whatever the size of a value", () => {
  for (const length of [10, 1000, 20_000]) {
    const disk = memoryDisk();
    const journal = open(disk, { segmentBytes: 50_000 });
    let given = 0;
    let due = 0;
    for (let index = 1; given < 1_000_000; index++) {
      journal.appendOne(entry(index, 0, length));
      given += length + 22;
      due += length;
      if (due > 100_000) {
        // The state is one value, as of a key that is written again and again.
        compact(journal, index, new Uint8Array(length), index - 1);
        due = 0;
      }
      if (index % 10 === 0) flush(journal, disk);
    }
    disk.settle();
    assert.ok(disk.written < 2 * given, `${disk.written} bytes for ${given} in entries of ${length}`);
    assert.ok(journal.bytes < 400_000, `${journal.bytes} bytes are left`);
  }
});

test("entries that a flush makes durable count, although a snapshot replaces the log during the flush", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  for (let index = 1; index <= 5; index++) journal.appendOne(entry(index, 1, 10));
  let isFlushed = false;
  journal.flush(() => isFlushed = true);
  const data = new Uint8Array(20).fill(7);
  const snapshot = {
    ...{ index: logIndex(8), term: term(2), configuration: members },
    ...{ bytes: data.length, digest: crc32c(data) },
  };
  assert.ok(journal.receiveSnapshot(snapshot, 0, data) && journal.restore(snapshot));
  assert.equal(isFlushed, false);

  disk.settle();

  // An acknowledgement of entry 5 has waited for this flush.
  assert.ok(isFlushed && journal.durableIndex === 5, `durable up to ${journal.durableIndex}`);
  flush(journal, disk);
  assert.equal(journal.durableIndex, 8);
});

test("a restart syncs every file that it has read, and the folder, before the journal is handed out", () => {
  const { disk, journal } = segmented(12);
  compact(journal, 5, new Uint8Array([1, 2, 3]));
  disk.settle();
  // The process dies; what it wrote can be read, and nothing says whether it is durable.
  const names = disk.names().filter((name) => segmentNumber(name) !== null || name === snapshotName(5));
  const before = disk.synced.length;
  open(disk);
  const synced = disk.synced.slice(before);
  for (const name of names) if (disk.content(name) !== null) assert.ok(synced.includes(name), `${name} is synced`);
  assert.ok(synced.includes(""), "the folder is synced");
});

test("a journal that was opened survives a loss of power right away", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { disk } = segmented(8);
    const random = createRandom(seed);
    const journal = open(disk, { segmentBytes: 300 });
    journal.appendOne(entry(9, 1, 30));
    journal.flush(() => {});
    for (let steps = random.below(6); steps > 0; steps--) disk.step();
    const again = open(disk, { segmentBytes: 300 }); // another process, after a kill
    const { lastIndex } = again;
    disk.crash(random);
    assert.ok(open(disk).lastIndex >= lastIndex, `seed ${seed}`);
  }
});

test("a journal of another node, another cluster or another version is refused with an error that says so", () => {
  const disk = memoryDisk();
  open(disk);
  assert.match(
    String(openError(disk, { nodeId: 4 })),
    /belongs to node 3 of cluster "test", but this is node 4/,
  );
  assert.match(String(openError(disk, { clusterId: "other" })), /belongs to node 3 of cluster "test"/);
  const bytes = disk.content(FIRST)!;
  bytes[8] = 3;
  const { length } = readHeader(FIRST, disk.content(FIRST)!, null);
  new DataView(bytes.buffer).setUint32(length - 4, crc32c(bytes, 0, length - 4), true);
  disk.put(FIRST, bytes);
  const newer = openError(disk);
  assert.ok(newer instanceof JournalIdentityError);
  assert.match(newer.message, /format version 3, but this program reads 2 \(a newer program wrote it\)/);
  disk.put(FIRST, null);
  disk.put("journal", new Uint8Array([1]));
  assert.match(String(openError(disk)), /format version 1, which an older program wrote/);
});

test("a node that has lived before and finds no journal refuses to start empty", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  journal.appendOne(entry(1, 0, 1));
  flush(journal, disk);
  compact(journal, 1, new Uint8Array(1));
  disk.settle();
  disk.put("members", new Uint8Array(1));
  for (const name of disk.names()) if (name !== "members") disk.put(name, null);
  assert.match(String(openError(disk)), /there is none, but the file members shows that the node has lived before/);
});

test("a snapshot that is damaged anywhere, cut short, or older than where the journal begins is refused", () => {
  const { disk, journal } = segmented(20);
  compact(journal, 15, Uint8Array.from({ length: 50 }, (_, i) => i));
  disk.settle();
  journal.appendOne(entry(21, 1, 1));
  flush(journal, disk);
  disk.settle();
  const name = snapshotName(15);
  const whole = disk.content(name)!;
  for (let at = 0; at < whole.length; at++) {
    const flipped = whole.slice();
    flipped[at]! ^= 1 << at % 8;
    disk.put(name, flipped);
    const error = openError(disk);
    assert.ok(error instanceof JournalDamagedError || error instanceof JournalIdentityError, `byte ${at}: ${error}`);
  }
  for (const length of [0, 1, 40, whole.length - 1]) {
    disk.put(name, whole.slice(0, length));
    assert.ok(openError(disk) instanceof JournalDamagedError, `${length} bytes`);
  }
  disk.put(name, null);
  assert.match(String(openError(disk)), /there is none, but the journal begins after \d+/);
  disk.put(name, whole);
  assert.equal(openError(disk), null);
});

test("short reads change nothing, and failed reads are reported as errors", () => {
  const { disk, journal } = segmented(20);
  compact(journal, 10, new Uint8Array(3000).fill(7));
  disk.settle();
  disk.disturbReads(createRandom(3));
  const again = open(disk);
  assert.deepEqual([again.lastIndex, again.snapshotIndex], [20, 10]);
  disk.disturbReads(null, new Error("Cannot read: the device failed"));
  assert.match(String(openError(disk)), /the device failed/);
});

test("a leader's snapshot whose bytes are not those that it names is not installed", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  journal.setState({ term: term(5), votedFor: null });
  const data = new Uint8Array([1, 2, 3, 4]);
  const identity = { index: logIndex(9), term: term(5), configuration: members };
  const snapshot: Snapshot = { ...identity, bytes: 4, digest: crc32c(data) };
  assert.ok(journal.receiveSnapshot(snapshot, 0, new Uint8Array([1, 2])));
  assert.equal(journal.receiveSnapshot(snapshot, 3, new Uint8Array([4])), false, "a gap");
  assert.ok(journal.receiveSnapshot(snapshot, 2, new Uint8Array([3, 5])));
  assert.equal(journal.restore(snapshot), false);
  assert.equal(journal.snapshotIndex, 0);
  for (const at of [0, 2]) assert.ok(journal.receiveSnapshot(snapshot, at, data.slice(at, at + 2)));
  assert.equal(journal.restore(snapshot), true);
  flush(journal, disk);
  disk.lose(0);
  const again = open(disk);
  assert.deepEqual([again.snapshotIndex, again.lastTerm, again.firstIndex, again.state.term], [9, 5, 10, 5]);
});

test("a batch says up to where the journal was durable before it", () => {
  const { bytes, ends } = writtenJournal(2);
  const header = readHeader(FIRST, bytes, IDENTITY);
  for (const [i, end] of ends.slice(0, -1).entries()) {
    const batch = batchHeaderAt(bytes, end, saltOf(header.birth, 1))!;
    assert.deepEqual([batch.number, batch.durable], [i + 2, i + 1]);
  }
});

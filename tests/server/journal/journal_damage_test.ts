// Files that are missing, mixed up, or damaged in any field of a header: refused, or in doubt; never less than was promised.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configurationOf,
  createRandom,
  type Entry,
  logIndex,
  nodeId,
  type Random,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import { ByteWriter } from "../../../server/bytes/byte_writer.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";
import {
  BATCH_HEADER_BYTES,
  batchHeaderAt,
  beginBatch,
  finishBatch,
  JournalDamagedError,
  readHeader,
  saltOf,
  segmentHeader,
  writeEntry,
  writeOpening,
  writeState,
} from "../../../server/journal/journal_format.ts";
import { type RecoveredJournal, recoverJournal } from "../../../server/journal/journal_recovery.ts";
import { segmentName, segmentNumber } from "../../../server/journal/segments.ts";
import { tries } from "../../corpus.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";
import { IDENTITY } from "./random_journal.ts";

const BIRTH = 9;
const configuration = configurationOf([nodeId(1)]);
const HEADER_BYTES = segmentHeader(IDENTITY, BIRTH, 1).length;

/** The files of a disk that are segments. */
type Files = Map<number, Uint8Array>;

function filesOf(disk: MemoryDisk): Files {
  const numbers = disk.names().map(segmentNumber).filter((number) => number !== null);
  return new Map(numbers.map((number) => [number, disk.content(segmentName(number))!]));
}

function recovered(files: Files, snapshot: Journal["snapshot"] = null): RecoveredJournal {
  const segments = [...files].map(([number, bytes]) => ({ number, name: segmentName(number), bytes }));
  return recoverJournal(IDENTITY, snapshot, segments, { birth: 1, forgives: false });
}

function entry(index: number, of: number, length: number): Entry {
  return { index: logIndex(index), term: term(of), kind: "command", data: new Uint8Array(length).fill(index) };
}

/** A journal of several segments, with batches of entries, votes and truncations. */
function writtenJournal(random: Random): { disk: MemoryDisk; journal: Journal } {
  const disk = memoryDisk();
  let opened: Journal | null = null;
  openJournal(disk, { ...IDENTITY, birth: BIRTH, segmentBytes: 400 }, (_error, journal) => opened = journal);
  disk.settle();
  const journal = opened! as Journal;
  for (let batch = 0; batch < 12; batch++) {
    if (random.chance(1, 3)) journal.setState({ term: term(journal.state.term + 1), votedFor: nodeId(2) });
    if (random.chance(1, 5) && journal.lastIndex > 3) journal.truncate(logIndex(journal.lastIndex - 1));
    for (let count = random.below(4); count > 0; count--) {
      journal.appendOne(entry(journal.lastIndex + 1, journal.state.term, random.below(60)));
    }
    journal.flush((error) => assert.equal(error, null));
    disk.settle();
  }
  return { disk, journal };
}

function assertWhole(found: RecoveredJournal, journal: Journal, where: string): void {
  const held = { state: found.state, lastIndex: found.baseIndex + found.entries.length, doubt: found.doubt };
  assert.deepEqual(held, { state: journal.state, lastIndex: journal.lastIndex, doubt: null }, where);
  for (const { index, term } of found.entries) assert.equal(term, journal.termAt(index), where);
}

test("whichever segments before the last are missing, the node refuses to start or lacks nothing, with a snapshot and without", () => {
  for (let seed = 1; seed <= tries("KAYA_RANDOM_CASES", 120); seed++) {
    const random = createRandom(seed);
    const { disk, journal } = writtenJournal(random);
    const at = logIndex(1 + random.below(journal.lastIndex));
    const snapshot: Snapshot = { index: at, term: journal.termAt(at)!, configuration, bytes: 0, digest: 0 };
    for (const taken of [null, snapshot]) {
      const files = filesOf(disk);
      const last = Math.max(...files.keys());
      for (const number of [...files.keys()]) if (number < last && random.chance(1, 2)) files.delete(number);
      const where = `seed ${seed}, segments ${[...files.keys()]}, a snapshot at ${taken?.index}`;
      try {
        assertWhole(recovered(files, taken), journal, where);
      } catch (error) {
        if (!(error instanceof JournalDamagedError)) throw error;
      }
    }
  }
});

test("a snapshot without any segment is refused, and so is a segment that lost its beginning and its promise", () => {
  const snapshot: Snapshot = { index: logIndex(4), term: term(1), configuration, bytes: 0, digest: 0 };
  assert.throws(() => recovered(new Map(), snapshot), {
    name: "JournalDamagedError",
    message: /none, but there is a snap/,
  });

  const { bytes, at } = lastBatchBefore(1024, 300);
  const cut = bytes.slice(0, -2);
  cut.fill(255, at, at + BATCH_HEADER_BYTES);
  assert.throws(() => recovered(new Map([[1, cut]])), { file: segmentName(1), offset: at, message: /had promised$/ });
});

test("a node that is in doubt, and whose last batch is damaged again, is in doubt up to the later of the two", () => {
  const damage = (disk: MemoryDisk): void => {
    const number = Math.max(
      ...[...filesOf(disk)].filter(([n, bytes]) => batchesOf(n, bytes).length > 0).map(([n]) => n),
    );
    const bytes = disk.content(segmentName(number))!;
    bytes[batchesOf(number, bytes).at(-1)! + BATCH_HEADER_BYTES + 3]! ^= 4;
    disk.put(segmentName(number), bytes);
  };
  const disk = memoryDisk();
  const opened = (): Journal => {
    let found: Journal | null = null;
    openJournal(disk, { ...IDENTITY, birth: BIRTH }, (error, journal) => {
      assert.equal(error, null);
      found = journal;
    });
    disk.settle();
    return found!;
  };
  const append = (journal: Journal, count: number): void => {
    for (let i = 0; i < count; i++) journal.appendOne(entry(journal.lastIndex + 1, 0, 9));
    journal.flush((error) => assert.equal(error, null));
    disk.settle();
  };
  const journal = opened();
  append(journal, 2);
  append(journal, 5);
  damage(disk);
  const doubtful = opened();
  assert.deepEqual([doubtful.lastIndex, doubtful.doubt?.lastIndex], [2, 7]);
  append(doubtful, 1);
  append(doubtful, 2);
  damage(disk);

  const again = opened();
  assert.deepEqual([again.lastIndex, again.doubt?.lastIndex], [3, 7]);
  append(again, 3);
  append(again, 4);
  damage(disk);
  assert.deepEqual([opened().lastIndex, opened().doubt?.lastIndex], [6, 10]);
});

test("a segment under another one's name is refused", () => {
  const files = filesOf(writtenJournal(createRandom(3)).disk);
  const last = Math.max(...files.keys());
  files.set(last, files.get(2)!);
  const name = segmentName(last);
  assert.throws(() => recovered(files), { file: name, offset: 0, message: /its header is that of segment 2$/ });
});

/** The damage that a field may suffer. */
const FILLS: readonly ((random: Random) => number)[] = [() => 0, () => 255, (random) => random.below(256)];

/** Each field of a header that begins at an offset, filled in each way; fields that stay as they were are left out. */
function* damaged(bytes: Uint8Array, at: number, fields: readonly number[]): Generator<[Uint8Array, string]> {
  const random = createRandom(at + 1);
  let from = at;
  for (const length of fields) {
    for (const fill of FILLS) {
      const copy = bytes.slice();
      for (let i = from; i < from + length; i++) copy[i] = fill(random);
      if (copy.some((byte, i) => byte !== bytes[i])) yield [copy, `offset ${from - at}, fill ${FILLS.indexOf(fill)}`];
    }
    from += length;
  }
}

/** magic | version | length | node | birth | segment | cluster length, cluster | crc */
const SEGMENT_FIELDS = [8, 4, 4, 8, 4, 8, 2, IDENTITY.clusterId.length, 4];
/** mark | payload length | number | durable | last index | term | crc */
const BATCH_FIELDS = [4, 4, 8, 8, 8, 8, 4];

test("a segment's header that is damaged in any field is refused with the file", () => {
  const files = filesOf(writtenJournal(createRandom(5)).disk);
  for (const [number, bytes] of files) {
    for (const [copy, where] of damaged(bytes, 0, SEGMENT_FIELDS)) {
      assert.throws(() => recovered(new Map(files).set(number, copy)), (error) => {
        assert.ok(error instanceof JournalDamagedError, `${error}`);
        assert.equal(error.file, segmentName(number), where);
        return true;
      });
    }
  }
});

/** The offsets at which a segment's batches begin. */
function batchesOf(number: number, bytes: Uint8Array): number[] {
  const salt = saltOf(BIRTH, number);
  const offsets: number[] = [];
  const from = readHeader("", bytes, null).length;
  for (let batch = batchHeaderAt(bytes, from, salt); batch !== null; batch = batchHeaderAt(bytes, batch.end, salt)) {
    offsets.push(batch.payload - BATCH_HEADER_BYTES);
  }
  return offsets;
}

test("a batch whose header is damaged in any field is refused, or leaves the node in doubt if it is the last", () => {
  for (let seed = 1; seed <= tries("KAYA_RANDOM_CASES", 30); seed++) {
    const { disk, journal } = writtenJournal(createRandom(seed));
    const files = filesOf(disk);
    const last = Math.max(
      ...[...files].filter(([number, bytes]) => batchesOf(number, bytes).length > 0).map(([n]) => n),
    );
    for (const [number, bytes] of files) {
      for (const at of batchesOf(number, bytes)) {
        const isLast = number === last && at === batchesOf(number, bytes).at(-1);
        for (const [copy, field] of damaged(bytes, at, BATCH_FIELDS)) {
          const where = `seed ${seed}, segment ${number}, batch at ${at}, ${field}`;
          const recover = (): RecoveredJournal => recovered(new Map(files).set(number, copy));
          if (isLast) {
            const { doubt, state } = recover();
            assert.ok(doubt !== null && doubt.lastIndex >= journal.lastIndex, `${where}: ${JSON.stringify(doubt)}`);
            assert.equal(state.term, journal.state.term, where);
          } else {
            assert.throws(recover, (error) => {
              assert.ok(error instanceof JournalDamagedError, `${where}: ${error}`);
              assert.equal(error.file, segmentName(number), where);
              return true;
            });
          }
        }
      }
    }
  }
});

/** A journal whose last batch begins so many bytes before the end of a sector of 512 bytes. */
function lastBatchBefore(boundary: number, before: number): { bytes: Uint8Array; at: number } {
  const disk = memoryDisk();
  let opened: Journal | null = null;
  openJournal(disk, { ...IDENTITY, birth: BIRTH }, (_error, journal) => opened = journal);
  disk.settle();
  const journal = opened! as Journal;
  const flush = (): void => {
    journal.flush((error) => assert.equal(error, null));
    disk.settle();
  };
  const length = (): number => disk.content(segmentName(1))!.length;
  const empty = length();
  journal.appendOne(entry(1, 0, 0));
  flush();
  const one = length() - empty;
  journal.appendOne(entry(2, 0, boundary - before - length() - one));
  flush();
  const at = length();
  journal.appendOne(entry(3, 0, 1200));
  flush();
  return { bytes: disk.content(segmentName(1))!, at };
}

test("a last batch whose sectors were written in another order was torn, and is dropped without a doubt", () => {
  // The sectors that were not written: that of the header's beginning, with a part of the payload or without.
  for (const before of [1, 20, BATCH_HEADER_BYTES - 1, BATCH_HEADER_BYTES, 60]) {
    const { bytes, at } = lastBatchBefore(1024, before);
    assert.equal(at, 1024 - before);
    const torn = bytes.slice();
    torn.fill(0, at, 1024);
    torn.fill(0, 1536);
    const found = recovered(new Map([[1, torn]]));
    assert.deepEqual([found.entries.length, found.doubt, found.isWhole], [2, null, false], `${before} bytes before`);

    if (before === BATCH_HEADER_BYTES) {
      const unbegun = bytes.slice();
      unbegun.fill(0, at, 1024);
      assert.equal(recovered(new Map([[1, unbegun]])).doubt, null, "all sectors but the header's");
    }
    // Bytes that are neither the earlier content nor the batch's were never written by anybody.
    const noisy = torn.slice();
    noisy.fill(7, at, at + Math.min(before, BATCH_HEADER_BYTES));
    noisy.fill(7, 1024, 1100);
    assert.throws(() => recovered(new Map([[1, noisy]])), JournalDamagedError, `${before} bytes before`);
  }
});

/** A segment of batches that a test writes, with the right checksums. */
function forged(batches: readonly ((writer: ByteWriter) => void)[]): Files {
  const whole = new ByteWriter(1024);
  whole.bytes(segmentHeader(IDENTITY, BIRTH, 1));
  for (const [i, write] of batches.entries()) {
    const writer = new ByteWriter(256);
    beginBatch(writer);
    write(writer);
    finishBatch(writer, i + 1, { lastIndex: 9, term: 1 }, saltOf(BIRTH, 1));
    whole.bytes(writer.view());
  }
  return new Map([[1, whole.copy()]]);
}

const OPENING = (writer: ByteWriter): void => writeOpening(writer, { number: 0, index: 0, term: 0 });

test("a batch with the right checksum whose records make no sense is refused with its place and the reason", () => {
  const cases: [readonly ((writer: ByteWriter) => void)[], RegExp][] = [
    [[(writer) => writeState(writer, { term: term(1), votedFor: null })], /segment's opening record was expected/],
    [[OPENING, (writer) => writeEntry(writer, entry(2, 1, 3))], /where entry 2 follows 0/],
    [[OPENING, (writer) => writer.u8(77)], /a record has the type 77, which is unknown/],
    [[OPENING, (writer) => {
      writer.u8(1);
      writer.u8(9);
    }], /an entry has an unknown kind/],
    [[OPENING, (writer) => {
      writer.u8(1);
      writer.u8(1);
    }], /an entry's term needs 8 bytes/],
    [[OPENING, (writer) => {
      writer.u8(3);
      writer.u64(2 ** 50);
    }], /Term|term/],
  ];
  for (const [batches, reason] of cases) {
    const files = forged(batches);
    assert.throws(() => recovered(files), (error) => {
      assert.ok(error instanceof JournalDamagedError, `${error}`);
      assert.match(error.message, reason);
      const offsets = batchesOf(1, files.get(1)!);
      assert.deepEqual([error.file, error.offset], [segmentName(1), offsets.at(-1) ?? HEADER_BYTES]);
      return true;
    });
  }
});

test("a truncation below the segment that records it is replayed, as the segments before it are no longer needed", () => {
  const disk = memoryDisk();
  let opened: Journal | null = null;
  openJournal(disk, { ...IDENTITY, segmentBytes: 400 }, (_error, journal) => opened = journal);
  disk.settle();
  const journal = opened! as Journal;
  const flush = (): void => {
    journal.flush((error) => assert.equal(error, null));
    disk.settle();
  };
  for (let index = 1; index <= 8; index++) journal.appendOne(entry(index, 1, 60));
  flush();
  journal.truncate(logIndex(4));
  for (let index = 4; index <= 12; index++) journal.appendOne(entry(index, 2, 5));
  flush();
  const draft = journal.stageSnapshot();
  draft.add(Uint8Array.of(1));
  const { bytes, digest } = draft;
  journal.compact({ index: logIndex(12), term: term(2), configuration, bytes, digest }, logIndex(10));
  disk.settle();
  assert.ok(!disk.names().includes(segmentName(1)));

  let again: Journal | null = null;
  openJournal(disk, { ...IDENTITY, segmentBytes: 400 }, (_error, journal) => again = journal);
  disk.settle();
  const found = again! as Journal;
  assert.deepEqual([found.snapshotIndex, found.lastIndex, found.termAt(logIndex(10))], [12, 12, 2]);
});

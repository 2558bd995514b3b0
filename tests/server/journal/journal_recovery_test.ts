import assert from "node:assert/strict";
import { test } from "node:test";
import { type Journal, JOURNAL_FILE, openJournal, SNAPSHOT_FILE } from "../../../server/journal/journal.ts";
import {
  batchAt,
  JournalDamagedError,
  JournalIdentityError,
  readHeader,
} from "../../../server/journal/journal_format.ts";
import { recoverJournal } from "../../../server/journal/journal_recovery.ts";
import {
  createRandom,
  type Entry,
  type HardState,
  logIndex,
  nodeId,
  type Random,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const IDENTITY = { clusterId: "test", nodeId: 3 };

/** The naive twin of a journal: a plain list of terms, and what it was told. */
interface Twin {
  state: HardState;
  snapshotIndex: number;
  /** `terms[i]` is the term of entry `i + 1`; what a snapshot installed has `null`. */
  terms: (number | null)[];
  data: (number | null)[];
}

function twinOf(journal: Journal): Twin {
  const twin: Twin = { state: journal.state, snapshotIndex: journal.snapshotIndex, terms: [], data: [] };
  for (let index = 1; index <= journal.lastIndex; index++) {
    const entry = journal.entryAt(logIndex(index));
    twin.terms.push(entry?.term ?? null);
    twin.data.push(entry?.data[0] ?? null);
  }
  return twin;
}

function open(disk: MemoryDisk): Journal {
  let opened: Journal | null = null;
  openJournal(disk, IDENTITY, (error, journal) => {
    assert.equal(error, null);
    opened = journal;
  }, 12345);
  while (opened === null && disk.step());
  return opened!;
}

function openError(disk: MemoryDisk, identity = IDENTITY): Error | null {
  let found: Error | null = null;
  openJournal(disk, identity, (error) => (found = error));
  disk.settle();
  return found;
}

function entry(index: number, entryTerm: number, byte: number, length = 1): Entry {
  const data = new Uint8Array(length).fill(byte);
  return { index: logIndex(index), term: term(entryTerm), kind: "command", data };
}

function snapshotAt(journal: Journal, index: number, entryTerm: number): Snapshot {
  const configuration = { ...NO_MEMBERS, voters: [nodeId(1), nodeId(3)] };
  return {
    index: logIndex(index),
    term: term(entryTerm),
    configuration,
    data: new Uint8Array([index & 255, journal.lastIndex & 255]),
  };
}
const NO_MEMBERS = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

/** One random change of the log that a Raft node could make: nothing up to `committed` is ever taken back. */
function change(journal: Journal, random: Random, run: { term: number; committed: number }): void {
  const what = random.below(20);
  if (what < 10) {
    const count = 1 + random.below(3);
    run.term = Math.max(1, run.term);
    if (journal.state.term < run.term) journal.setState({ term: term(run.term), votedFor: null });
    for (let i = 0; i < count; i++) {
      journal.appendOne(entry(journal.lastIndex + 1, run.term, random.below(256), random.below(60)));
    }
  } else if (what < 13) {
    if (random.below(2) === 0) run.term++;
    const votedFor = random.below(3) === 0 ? null : nodeId(1 + random.below(5));
    journal.setState({ term: term(run.term), votedFor });
  } else if (what < 16) {
    const from = run.committed + 1 + random.below(journal.lastIndex - run.committed + 1);
    if (from <= journal.lastIndex) journal.truncate(logIndex(from));
  } else if (what < 18) {
    run.committed += random.below(journal.lastIndex - run.committed + 1);
    if (run.committed > journal.snapshotIndex) {
      const keepFrom = Math.max(journal.firstIndex, run.committed + 1 - random.below(4));
      journal.compact(
        snapshotAt(journal, run.committed, journal.termAt(logIndex(run.committed))!),
        logIndex(keepFrom),
      );
    }
  } else if (what === 18 && random.below(3) === 0) {
    run.term++;
    journal.setState({ term: term(run.term), votedFor: null });
    run.committed = journal.lastIndex + 1 + random.below(3);
    journal.restore(snapshotAt(journal, run.committed, run.term));
  }
}

/** A journal of several flushed batches without compaction, the twin after each, and where each batch ends. */
function writtenJournal(seed: number): { bytes: Uint8Array; ends: number[]; twins: Twin[]; whole: number } {
  const random = createRandom(seed);
  const disk = memoryDisk();
  const journal = open(disk);
  const twins = [twinOf(journal)];
  const ends = [disk.content(JOURNAL_FILE)!.length];
  const whole = ends[0]!;
  const run = { term: 0, committed: 0 };
  for (let batch = 0; batch < 6; batch++) {
    const changes = 1 + random.below(4);
    while (!journal.isDirty) {
      for (let i = 0; i < changes; i++) if (random.below(20) < 16) appendOnly(journal, random, run);
    }
    journal.flush((error) => assert.equal(error, null));
    disk.settle();
    twins.push(twinOf(journal));
    ends.push(disk.content(JOURNAL_FILE)!.length);
  }
  return { bytes: disk.content(JOURNAL_FILE)!, ends, twins, whole };
}

function appendOnly(journal: Journal, random: Random, run: { term: number; committed: number }): void {
  const before = journal.snapshotIndex;
  const pick = { ...random, below: (n: number) => (n === 20 ? random.below(16) : random.below(n)) } as Random;
  change(journal, pick, run);
  assert.equal(journal.snapshotIndex, before);
}

function recovered(bytes: Uint8Array): Twin {
  const found = recoverJournal(IDENTITY, null, bytes, 0);
  return {
    state: found.state,
    snapshotIndex: 0,
    terms: found.entries.map((one) => one.term),
    data: found.entries.map((one) => one.data[0] ?? null),
  };
}

test("every prefix of a journal holds exactly what its last whole batch left", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { bytes, ends, twins, whole } = writtenJournal(seed);
    for (let length = whole; length <= bytes.length; length++) {
      const batch = ends.findLastIndex((end) => end <= length);
      assert.deepEqual(recovered(bytes.subarray(0, length)), twins[batch], `seed ${seed}, ${length} bytes`);
    }
  }
});

test("a journal cut inside of what was put in place at once is refused", () => {
  const { bytes, whole } = writtenJournal(1);
  for (let length = 0; length < whole; length++) {
    assert.throws(() => recovered(bytes.subarray(0, length)), JournalDamagedError, `${length} bytes`);
  }
});

test("a flipped bit before the last batch is refused, one in the last batch cuts it off", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { bytes, ends, twins } = writtenJournal(seed);
    const lastBegins = ends.at(-2)!;
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at + seed) % 8;
      const where = `seed ${seed}, byte ${at}`;
      if (at >= lastBegins) assert.deepEqual(recovered(flipped), twins.at(-2), where);
      else {
        assert.throws(() => recovered(flipped), (error) => {
          return error instanceof JournalDamagedError || error instanceof JournalIdentityError;
        }, where);
      }
    }
  }
});

test("a refusal names the file and the offset of the damage", () => {
  const { bytes, ends } = writtenJournal(3);
  const flipped = bytes.slice();
  flipped[ends[1]! + 20]! ^= 1;
  assert.throws(() => recovered(flipped), (error) => {
    assert.ok(error instanceof JournalDamagedError);
    assert.equal(error.file, "journal");
    assert.equal(error.offset, ends[1]);
    assert.match(
      error.message,
      new RegExp(`damaged at offset ${ends[1]}, and a whole batch follows at offset ${ends[2]}`),
    );
    return true;
  });
});

test("zeros or noise in place of the last batch are cut off", () => {
  const { bytes, ends, twins } = writtenJournal(4);
  const random = createRandom(7);
  for (const fill of [() => 0, () => 255, () => random.below(256)]) {
    const torn = bytes.slice();
    for (let at = ends.at(-2)!; at < torn.length; at++) torn[at] = fill();
    assert.deepEqual(recovered(torn), twins.at(-2));
  }
});

test("a client's bytes that copy a batch of another journal are not taken for a batch", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  journal.appendOne(entry(1, 1, 1));
  journal.flush(() => {});
  disk.settle();
  const whole = disk.content(JOURNAL_FILE)!;
  const salt = readHeader(whole, IDENTITY).salt;
  const from = whole.length - journalBatchLength(whole, salt);
  const copied = whole.slice(from);
  journal.appendOne({ ...entry(2, 1, 0), data: copied });
  journal.flush(() => {});
  disk.settle();
  const bytes = disk.content(JOURNAL_FILE)!;
  // The copy bears the number of an earlier batch: the torn batch around it is cut, not refused.
  const torn = bytes.slice(0, -1);
  torn[whole.length + 4]! ^= 1;
  assert.deepEqual(recovered(torn).terms, [1]);
});

function journalBatchLength(bytes: Uint8Array, salt: number): number {
  for (let at = bytes.length - 16; at > 0; at--) {
    if (batchAt(bytes, at, salt)?.end === bytes.length) return bytes.length - at;
  }
  throw new Error("There is no batch");
}

test("whatever moment power is lost at, what was durable is found again and nothing that was never given", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = createRandom(seed);
    const disk = memoryDisk((files) => random.below(files));
    let journal = open(disk);
    const run = { term: 0, committed: 0 };
    for (let life = 0; life < 4; life++) {
      const history: Twin[] = [twinOf(journal)];
      let durable = { ...twinOf(journal), index: journal.durableIndex as number };
      for (let step = 0; step < 40; step++) {
        const what = random.below(3);
        if (what === 0) change(journal, random, run);
        else if (what === 1) disk.step();
        else if (journal.isDirty && !journal.isFlushing) journal.flush((error) => assert.equal(error, null));
        history.push(twinOf(journal));
        durable = { ...twinOf(journal), state: journal.durableState, index: journal.durableIndex };
      }
      disk.crash(random.below(3) / 2);
      const before = durable;
      journal = open(disk);
      const after = twinOf(journal);
      const where = `seed ${seed}, life ${life}`;
      assert.ok(after.state.term >= before.state.term, where);
      assert.ok(after.state.term >= journal.lastTerm, `${where}: the term is behind the log`);
      if (after.state.term === before.state.term && before.state.votedFor !== null) {
        assert.ok(history.some((twin) => twin.state.votedFor === after.state.votedFor), where);
      }
      const begin = Math.max(journal.snapshotIndex, before.snapshotIndex);
      for (let index = begin + 1; index <= before.index; index++) {
        assert.equal(after.terms[index - 1], before.terms[index - 1], `${where}, entry ${index}`);
        assert.equal(after.data[index - 1], before.data[index - 1], `${where}, entry ${index}`);
      }
      for (let index = journal.firstIndex as number; index <= journal.lastIndex; index++) {
        const known = history.some((twin) => twin.terms[index - 1] === after.terms[index - 1]);
        assert.ok(known, `${where}, entry ${index} was never given`);
      }
      run.term = Math.max(run.term, after.state.term);
      run.committed = Math.min(
        Math.max(journal.snapshotIndex, Math.min(run.committed, journal.lastIndex)),
        journal.lastIndex,
      );
    }
  }
});

test("a journal whose snapshot was installed but which was not yet replaced loses its entries, not its term and vote", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  journal.setState({ term: term(4), votedFor: nodeId(2) });
  journal.append([entry(1, 1, 7), entry(2, 2, 8)]);
  journal.flush(() => {});
  disk.settle();
  journal.restore(snapshotAt(journal, 9, 3));
  disk.step();
  disk.crash(0);
  const again = open(disk);
  assert.equal(again.snapshotIndex, 9);
  assert.equal(again.lastIndex, 9);
  assert.equal(again.lastTerm, 3);
  assert.equal(again.firstIndex, 10);
  assert.deepEqual(again.state, { term: 4, votedFor: 2 });
});

test("a snapshot that is on disk before the term it is of brings the term along", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  journal.setState({ term: term(5), votedFor: null });
  journal.restore(snapshotAt(journal, 9, 5));
  disk.step();
  disk.crash(0);
  const again = open(disk);
  assert.deepEqual(again.state, { term: 5, votedFor: null });
  assert.equal(again.lastTerm, 5);
  assert.deepEqual(open(disk).state, { term: 5, votedFor: null });
});

test("a journal of another node, another cluster or another version is refused with an error that says so", () => {
  const disk = memoryDisk();
  open(disk);
  assert.match(
    String(openError(disk, { clusterId: "test", nodeId: 4 })),
    /belongs to node 3 of cluster "test", but this is node 4/,
  );
  assert.match(String(openError(disk, { clusterId: "other", nodeId: 3 })), /belongs to node 3 of cluster "test"/);
  const bytes = disk.content(JOURNAL_FILE)!;
  bytes[8] = 2;
  disk.put(JOURNAL_FILE, bytes);
  const error = openError(disk);
  assert.ok(error instanceof JournalIdentityError);
  assert.match(error.message, /format version 2, but this program reads 1/);
});

test("a snapshot that is damaged, or older than where the journal begins, is refused", () => {
  const disk = memoryDisk();
  const journal = open(disk);
  journal.append([entry(1, 1, 7), entry(2, 1, 8), entry(3, 1, 9)]);
  journal.compact(snapshotAt(journal, 2, 1), logIndex(3));
  disk.settle();
  journal.flush(() => {});
  disk.settle();
  const old = disk.content(SNAPSHOT_FILE)!;
  assert.equal(open(disk).firstIndex, 3);
  const flipped = old.slice();
  flipped[30]! ^= 1;
  disk.put(SNAPSHOT_FILE, flipped);
  assert.ok(openError(disk) instanceof JournalDamagedError);
  disk.put(SNAPSHOT_FILE, old);
  const later = open(disk);
  later.append([entry(4, 1, 1)]);
  later.compact(snapshotAt(later, 4, 1), logIndex(5));
  disk.settle();
  later.flush(() => {});
  disk.settle();
  disk.put(SNAPSHOT_FILE, old);
  assert.match(String(openError(disk)), /it ends at index 2, but the journal begins after 4/);
});

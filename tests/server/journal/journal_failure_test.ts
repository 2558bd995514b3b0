// A disk of which any single call fails, in whatever the journal does: the failure is reported once, and nothing that was durable is lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Journal } from "../../../server/journal/journal.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";
import { configurationOf, createRandom, type Entry, logIndex, nodeId, RaftNode, term } from "../../../raft/mod.ts";
import { setting, tries } from "../../corpus.ts";
import { failingDisk, InjectedFailure } from "./failing_disk.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";
import { assertKept, assertReadable, disturb, IDENTITY, open, promisedBy } from "./random_journal.ts";

const SEEDS = tries("KAYA_JOURNAL_SEEDS", 24);
/** Which calls of a seed's life fail in turn: every one where KAYA_THOROUGH is set, else one of seven. */
const STRIDE = setting("KAYA_THOROUGH", "") === "" ? 7 : 1;

/** A disk with a journal that a process has left; the same for the same seed. */
function leftDisk(seed: number): { disk: MemoryDisk; committed: number } {
  const random = createRandom(seed);
  const disk = memoryDisk((count) => random.below(count));
  const journal = open(disk, random, seed);
  let committed = 0;
  for (let turn = 0; turn < 25; turn++) {
    committed = disturb(journal, random, committed);
    if (journal.isDirty && !journal.isFlushing) journal.flush((error) => assert.equal(error, null));
    while (random.chance(4, 5) && disk.step());
  }
  disk.settle();
  if (random.chance(1, 2)) disk.crash(random);
  return { disk, committed };
}

/** One life on a disk of which the `at`-th call fails. Returns the call, or `null` if there were fewer. */
function liveOn(seed: number, at: number): string | null {
  const { disk, committed } = leftDisk(seed);
  const random = createRandom(seed + 1);
  const failing = failingDisk(disk, at, createRandom(1000 * seed + at));
  const reported: Error[] = [];
  const note = (error: Error | null): void => void (error !== null && reported.push(error));
  let promised = promisedBy(open(disk, random, seed));
  disk.settle();
  let journal: Journal | null = null;
  let answers = 0;
  const segmentBytes = 100 + random.below(600);
  openJournal(failing, { ...IDENTITY, birth: seed, segmentBytes }, (error, opened) => {
    answers++;
    note(error);
    journal = opened;
  });
  while (answers === 0 && disk.step());
  // A host may begin to listen some time after the journal was opened.
  while (random.chance(1, 2) && disk.step());
  for (let turn = 0, agreed = committed; turn < 25 && reported.length === 0 && journal !== null; turn++) {
    const host: Journal = journal;
    host.onFailure = note;
    agreed = disturb(host, random, agreed);
    const { snapshot } = host;
    if (snapshot !== null && random.chance(1, 3)) host.readSnapshot(snapshot, 0, 10);
    if (host.isDirty && !host.isFlushing) host.flush(note);
    while (reported.length === 0 && random.chance(4, 5) && disk.step());
    promised = promisedBy(host);
  }
  disk.settle();
  const held = journal as Journal | null;
  if (held !== null && reported.length === 0 && !held.isFlushing) held.flush(note);
  disk.settle();

  assert.equal(answers, 1, "the opening ends once");
  const { failed } = failing;
  // What becomes of a file that was given up, or has another name by now, matters to nobody.
  const [, verb, file = ""] = /^(\w+) ((?:draft|snapshot)-\d+)$/.exec(failed ?? "") ?? [];
  const isGone = (verb === "write" || verb === "read") && !disk.names().includes(file);
  const isGivenUp = isGone || (verb === "remove" && file.startsWith("draft-"));
  const expected = failed === null ? [0] : isGivenUp ? [0, 1] : [1];
  assert.ok(expected.includes(reported.length), `${failed}: ${reported.length} reports ${reported}`);
  assert.ok(reported.every((error) => error instanceof InjectedFailure), `${reported}`);
  disk.crash(random);
  const again = open(disk, random, seed);
  new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, again);
  assertKept(again, promised);
  assertReadable(again, disk);
  return failed;
}

test("whichever single call of the disk fails, the failure is reported once, and nothing durable is lost", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (let at = 1 + seed % STRIDE, failed: string | null = ""; failed !== null; at += STRIDE) {
      try {
        failed = liveOn(seed, at);
      } catch (error) {
        throw new Error(`seed ${seed}, call ${at}: ${(error as Error).message}`, { cause: error });
      }
    }
  }
});

const FAILURE = new Error("Cannot write: the device failed");

function entry(index: number): Entry {
  return { index: logIndex(index), term: term(0), kind: "command", data: new Uint8Array(60) };
}

/** Opens the journal, and notes its failures. */
function opened(disk: MemoryDisk, failures: Error[], segmentBytes = 1e9): Journal {
  let journal: Journal | null = null;
  openJournal(disk, { ...IDENTITY, segmentBytes }, (error, found) => {
    assert.equal(error, null);
    journal = found;
  });
  while (journal === null) assert.ok(disk.step());
  const found = journal as Journal;
  found.onFailure = (error) => failures.push(error);
  return found;
}

function write(journal: Journal, disk: MemoryDisk, upTo: number): void {
  while (journal.lastIndex < upTo) journal.appendOne(entry(journal.lastIndex + 1));
  journal.flush((error) => assert.equal(error, null));
  disk.settle();
}

/** Takes a snapshot at an index; `add` writes its data. */
function take(journal: Journal, index: number, beforeTaken: () => void = () => {}): void {
  const draft = journal.stageSnapshot();
  draft.add(new Uint8Array(30).fill(index));
  beforeTaken();
  const { bytes, digest } = draft;
  const identity = { index: logIndex(index), term: term(0), configuration: configurationOf([nodeId(1)]) };
  journal.compact({ ...identity, bytes, digest }, logIndex(index + 1));
}

test("a snapshot of which a write has failed never gets its name, and the one before it stays", () => {
  const [disk, failures] = [memoryDisk(), [] as Error[]];
  const journal = opened(disk, failures);
  write(journal, disk, 3);
  take(journal, 2);
  disk.settle();

  take(journal, 3, () => {
    disk.fail(FAILURE);
    disk.settle();
    disk.fail(null);
  });
  disk.settle();

  assert.deepEqual(failures, [FAILURE]);
  assert.equal(journal.durableSnapshotIndex, 2);
  disk.lose(1);
  assert.deepEqual([opened(disk, failures).snapshotIndex, failures.length], [2, 1]);
});

test("segments stay as long as no batch of the segment after them is durable", () => {
  const [disk, failures] = [memoryDisk(), [] as Error[]];
  const journal = opened(disk, failures, 100);
  journal.setState({ term: term(7), votedFor: nodeId(2) });
  write(journal, disk, 3);
  journal.appendOne(entry(4));
  const ends: (Error | null)[] = [];
  disk.fail(FAILURE);
  journal.flush((error) => ends.push(error));
  disk.settle();
  disk.fail(null);

  take(journal, 3);
  disk.settle();

  assert.deepEqual(ends, [FAILURE]);
  disk.lose(1);
  assert.deepEqual(opened(disk, failures).state, { term: term(7), votedFor: nodeId(2) });
});

test("a call that fails while a new journal is opened is reported once, by the opening or by the next flush", () => {
  // With the first order the oldest call goes first, with the second the newest: the next segment before the batch.
  for (const pick of [() => 0, (count: number) => count - 1]) {
    for (let at = 1;; at++) {
      const disk = memoryDisk(pick);
      const failing = failingDisk(disk, at, createRandom(at));
      const openings: (Journal | null)[] = [];
      const failures: Error[] = [];
      const note = (error: Error | null): void => void (error !== null && failures.push(error));
      openJournal(failing, { ...IDENTITY, segmentBytes: 100 }, (error, journal) => {
        note(error);
        openings.push(journal);
      });
      disk.settle();
      if (failing.failed === null) break;

      openings[0]?.flush(note);
      disk.settle();

      assert.equal(openings.length, 1, `call ${at}: the opening has ended ${openings.length} times`);
      assert.equal(failures.length, 1, `call ${at}, ${failing.failed}: ${failures.length} reports`);
    }
  }
});

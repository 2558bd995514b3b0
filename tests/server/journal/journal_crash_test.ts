// Power lost at any moment between two effects of the disk: what the journal had promised is there after the restart, whatever was under way.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiskDone } from "../../../server/journal/disk.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";
import { createRandom, nodeId, RaftNode } from "../../../raft/mod.ts";
import { tries } from "../../corpus.ts";
import { memoryDisk } from "./memory_disk.ts";
import { assertKept, assertReadable, disturb, IDENTITY, NOTHING, open, promisedBy } from "./random_journal.ts";

const SEEDS = tries("KAYA_JOURNAL_SEEDS", 400);
const LIVES = 6;

const flushed: DiskDone = (error) => assert.equal(error, null);

test("after a crash at any moment, all durable data are there, and a node can start from them", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = createRandom(seed);
    const disk = memoryDisk((count) => random.below(count));
    disk.disturbReads(random);
    let promised = NOTHING;
    let committed = 0;
    for (let life = 0; life < LIVES; life++) {
      let journal: Journal;
      try {
        journal = open(disk, random, seed);
        new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, journal); // refuses a log that contradicts itself
        assertKept(journal, promised);
        assertReadable(journal, disk);
      } catch (error) {
        throw new Error(`seed ${seed}, life ${life}: ${(error as Error).message}`, { cause: error });
      }
      for (let turn = 10 + random.below(60); turn > 0; turn--) {
        const choice = random.below(4);
        if (choice === 0) disk.step();
        else if (choice === 1 && !journal.isFlushing && journal.isDirty) journal.flush(flushed);
        else committed = disturb(journal, random, committed);
      }
      promised = promisedBy(journal);
      disk.crash(random);
    }
  }
});

test("a crash while the journal is opened loses nothing either", () => {
  for (let seed = 1; seed <= SEEDS / 4; seed++) {
    const random = createRandom(1_000_000 + seed);
    const disk = memoryDisk((count) => random.below(count));
    let journal = open(disk, random, seed);
    for (let i = 0; i < 30; i++) {
      if (!journal.isFlushing && journal.isDirty && random.chance(1, 2)) journal.flush(flushed);
      else disturb(journal, random, 0);
      if (random.chance(1, 2)) disk.step();
    }
    const promised = promisedBy(journal);
    for (let tries = 0; tries < 5; tries++) {
      disk.crash(random);
      openJournal(disk, { ...IDENTITY, birth: seed }, () => {});
      for (let steps = random.below(30); steps > 0; steps--) disk.step();
    }
    disk.crash(random);
    journal = open(disk, random, seed);
    assertKept(journal, promised);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type DurableLog, wouldRecover } from "../../../../harness/sim/invariants/recovery.ts";
import { World } from "../../../../harness/sim/invariants/world.ts";
import { openLeft } from "../../../../harness/sim/left_disk.ts";
import { SimDisk } from "../../../../harness/sim/disk.ts";
import { EventQueue } from "../../../../harness/sim/event_queue.ts";
import {
  createRandom,
  type Entry,
  type LogIndex,
  MemLog,
  type NodeId,
  nodeId,
  type Term,
} from "../../../../raft/mod.ts";
import { type Disk, type Journal, openJournal } from "../../../../server/mod.ts";

const OWNER = { clusterId: "sim", nodeId: 1, segmentBytes: 600 };

function entry(index: number, data: number): Entry {
  return { index: index as LogIndex, term: 2 as Term, kind: "command", data: new Uint8Array([data]) };
}

/** A log of term 2 with so many entries; its journal says that the snapshot up to an index is durable. */
function log(entries: number, durableSnapshotIndex: number = 0, votedFor: NodeId | null = null): DurableLog {
  const made = new MemLog();
  made.setState({ term: 2 as Term, votedFor });
  for (let index = 1; index <= entries; index++) made.appendOne(entry(index, index));
  return Object.assign(made, { durableSnapshotIndex });
}

function judged(known: DurableLog, left: DurableLog | Error, mayDoubt = false): string | null {
  const seen = new World(() => 0, { electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50 });
  wouldRecover(seen, 1, known, left, mayDoubt);
  return seen.verdict().reason ?? null;
}

test("a crash that keeps all that the node knows, or more, is no breach", () => {
  assert.equal(judged(log(3), log(3)), null);
  assert.equal(judged(log(3), log(4)), null);
});

test("entries, a vote, a snapshot or another entry that a crash would lose are noticed", () => {
  assert.match(
    judged(log(3), log(2))!,
    /^durability: node 1 would restart with entries up to 2, but knew those up to 3/,
  );
  assert.match(
    judged(log(3, 0, nodeId(2)), log(3))!,
    /^durability: node 1 would restart with a vote for null in term 2/,
  );
  assert.match(
    judged(log(3, 2), log(3))!,
    /^recovery: .* node 1 would find its snapshot at entry 0, but knows that at 2/,
  );
  const doubtful = Object.assign(log(3), { doubt: { lastIndex: 4, term: 2 } });
  assert.match(judged(log(3), doubtful)!, /^recovery: after a crash now, node 1 would be in doubt/);
  assert.equal(judged(log(3), doubtful, true), null, "the end of a doubt that the life began with may not be durable");
  const other = log(2);
  other.appendOne(entry(3, 99));
  assert.match(judged(log(3), other)!, /^recovery: after a crash now, node 1 would find another entry 3 than it knows/);
  assert.match(judged(log(3), new Error("it is gone"))!, /^recovery: after a crash now, node 1 could not start: it is/);
});

function open(disk: Disk, queue: EventQueue): Journal {
  let opened: Journal | null = null;
  openJournal(disk, OWNER, (error, journal) => {
    assert.equal(error, null);
    opened = journal;
  });
  while (opened === null) queue.step();
  return opened;
}

test("what the files of a crash give is what the node finds after that crash, for random moments", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = createRandom(seed);
    const queue = new EventQueue();
    const disk = new SimDisk(queue, seed, 1);
    const journal = open(disk.open(), queue);
    for (let step = 0; step < 30; step++) {
      const { lastIndex } = journal;
      if (random.below(4) === 0 && lastIndex > 2) journal.truncate(lastIndex - random.below(2) as LogIndex);
      else journal.append([entry(lastIndex + 1, random.below(256))]);
      if (random.below(2) === 0 && journal.isDirty && !journal.isFlushing) journal.flush(() => {});
      for (let event = random.below(6); event > 0; event--) queue.step();
    }
    const left = openLeft(disk.leftByCrash(), OWNER);
    assert.ok(!(left instanceof Error), String(left));
    const known = journal.durableIndex;

    assert.equal(judged(journal, left), null, `seed ${seed}`);
    assert.ok(left.lastIndex >= known, `seed ${seed}`);
    disk.crash();
    const found = open(disk.open(), queue);
    assert.deepEqual(
      found.slice(1 as LogIndex, known + 1 as LogIndex),
      left.slice(1 as LogIndex, known + 1 as LogIndex),
      `seed ${seed}`,
    );
  }
});

test("a crash that leaves many thousand segments is no trouble", () => {
  const queue = new EventQueue();
  const disk = new SimDisk(queue, 1, 1);
  const journal = open(disk.open(), queue);
  const data = new Uint8Array(OWNER.segmentBytes);
  for (let index = 1; index <= 9000; index++) {
    journal.append([{ ...entry(index, 0), data }]);
    let isFlushed = false;
    journal.flush(() => isFlushed = true);
    while (!isFlushed) queue.step();
  }
  const files = disk.leftByCrash();
  assert.ok(files.size >= 3000, `${files.size} files`);
  const left = openLeft(files, OWNER);
  assert.ok(!(left instanceof Error), String(left));
  assert.equal(left.lastIndex, 9000);
});

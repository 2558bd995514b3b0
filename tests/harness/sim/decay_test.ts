// What a disk has kept goes bad, in every way: a journal that starts all the same has lost nothing, or is in doubt about it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decay } from "../../../harness/nemesis/damage.ts";
import { Coverage } from "../../../harness/sim/coverage.ts";
import { damage, isSegment } from "../../../harness/sim/decay.ts";
import { SimDisk } from "../../../harness/sim/disk.ts";
import { EventQueue } from "../../../harness/sim/event_queue.ts";
import { Invariants } from "../../../harness/sim/invariants/invariants.ts";
import { configurationOf, createRandom, logIndex, nodeId, type Random, term } from "../../../raft/mod.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { JournalDamagedError, JournalIdentityError } from "../../../server/journal/journal_format.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";

const SEEDS = 60;
const MEMBERS = configurationOf([1, 2, 3].map(nodeId));

function open(disk: SimDisk, queue: EventQueue): Journal | Error {
  let opened: Journal | Error | null = null;
  const options = { clusterId: "c", nodeId: 1, birth: 7, segmentBytes: 2_000 };
  openJournal(disk.open(), options, (error, journal) => opened = error ?? journal);
  while (opened === null) assert.ok(queue.step());
  return opened;
}

function flush(journal: Journal, queue: EventQueue): void {
  let isDone = false;
  journal.flush((error) => {
    assert.equal(error, null);
    isDone = true;
  });
  while (!isDone) assert.ok(queue.step());
}

/** Some entries, a few of them cut off again, a snapshot now and then. */
function write(journal: Journal, queue: EventQueue, random: Random): void {
  for (let batch = 0; batch < 30; batch++) {
    const cutFrom = logIndex(Math.max(journal.snapshotIndex + 1, journal.lastIndex));
    const isCut = random.below(8) === 0 && cutFrom >= journal.firstIndex;
    if (isCut) journal.truncate(cutFrom);
    // A later leader has other entries.
    if (isCut || random.below(6) === 0) journal.setState({ term: term(journal.state.term + 1), votedFor: null });
    for (let count = random.below(3); count >= 0; count--) {
      const data = Uint8Array.from({ length: random.below(120) }, () => random.below(256));
      const index = logIndex(journal.lastIndex + 1);
      journal.appendOne({ index, term: term(Math.max(1, journal.state.term)), kind: "command", data });
    }
    flush(journal, queue);
    if (random.below(10) > 0 || journal.lastIndex <= journal.snapshotIndex) continue;
    const draft = journal.stageSnapshot();
    draft.add(new Uint8Array(1 + random.below(100)).fill(batch));
    const { bytes, digest } = draft;
    const index = journal.lastIndex;
    journal.compact({ index, term: journal.lastTerm, configuration: MEMBERS, bytes, digest }, logIndex(index - 1));
  }
}

/** How often a journal that was damaged so was refused, came back in doubt, and came back whole. */
function outcomes(how: Decay | "flip" | "sectors"): { refused: number; doubtful: number; whole: number } {
  const counts = { refused: 0, doubtful: 0, whole: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const queue = new EventQueue();
    const disk = new SimDisk(queue, seed, 1);
    const journal = open(disk, queue) as Journal;
    write(journal, queue, createRandom(seed));
    if (how === "sectors") {
      journal.appendOne({
        index: logIndex(journal.lastIndex + 1),
        term: term(99),
        kind: "noop",
        data: new Uint8Array(1500),
      });
      journal.flush(() => {});
      disk.tear(isSegment, "sectors");
    } else {
      disk.crash();
      if (damage(disk, how, seed) === null) continue;
    }
    const invariants = new Invariants(() => 0, new Coverage(), {
      electionTimeoutTicks: 10,
      checkQuorum: true,
      preVote: true,
      maxAppendBytes: 50,
      maxSessions: 9,
    });
    invariants.starts(1, journal, () => 0);

    const found = open(disk, queue);

    if (found instanceof Error) {
      assert.ok(found instanceof JournalDamagedError || found instanceof JournalIdentityError, `${seed}: ${found}`);
      counts.refused++;
    } else {
      invariants.starts(1, found, () => 0);
      assert.deepEqual(invariants.verdict(), { valid: true, breaches: [] }, `seed ${seed}`);
      if (found.doubt === null) counts.whole++;
      else counts.doubtful++;
    }
  }
  return counts;
}

test("a flipped bit before the last batch, or a dropped or misdirected write, is refused or harmless", () => {
  for (const how of ["flip", "dropped", "misdirected"] as const) {
    const { refused, doubtful, whole } = outcomes(how);
    assert.ok(
      refused > 10 * whole && doubtful === 0,
      `${how}: ${refused} refused, ${doubtful} in doubt, ${whole} whole`,
    );
  }
});

test("a bit of the snapshot is refused, unless a newer snapshot has taken its place", () => {
  const { refused, doubtful, whole } = outcomes("snapshot");
  assert.ok(refused > whole && doubtful === 0, `${refused} refused, ${doubtful} in doubt, ${whole} whole`);
});

test("a bit of the last batch leaves doubt, and one of a new segment's beginning doubt or a refusal", () => {
  const last = outcomes("last"), fresh = outcomes("fresh");
  assert.ok(last.doubtful > 0.9 * SEEDS && last.whole === 0, JSON.stringify(last));
  assert.ok(fresh.refused > 0 && fresh.refused + fresh.doubtful > 0.9 * SEEDS, JSON.stringify(fresh));
});

test("a batch with missing sectors is dropped or in doubt, and durable data stay", () => {
  const { refused, doubtful, whole } = outcomes("sectors");
  assert.ok(refused === 0 && doubtful > 0 && whole > 0, `${refused} refused, ${doubtful} in doubt, ${whole} whole`);
});

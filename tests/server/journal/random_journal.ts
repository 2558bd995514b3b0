// A journal to which random things happen, as a node might do them, and what it has promised so far.
import assert from "node:assert/strict";
import type { Journal } from "../../../server/journal/journal.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";
import {
  configurationOf,
  crc32c,
  type HardState,
  logIndex,
  nodeId,
  type Random,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import type { MemoryDisk } from "./memory_disk.ts";

const members = configurationOf([1, 2, 3].map(nodeId));
export const IDENTITY = { clusterId: "c", nodeId: 1 };

/** What the journal has said is durable. */
export interface Promised {
  readonly state: HardState;
  /** The terms of the durable entries, by index. */
  readonly terms: ReadonlyMap<number, number>;
  readonly snapshotIndex: number;
}

export const NOTHING: Promised = { state: { term: term(0), votedFor: null }, terms: new Map(), snapshotIndex: 0 };

export function open(disk: MemoryDisk, random: Random, birth: number): Journal {
  let opened: Journal | null = null;
  let failure: Error | null = null;
  // Segments of a few batches, so that they come and go.
  const options = { ...IDENTITY, birth, segmentBytes: 100 + random.below(600) };
  openJournal(disk, options, (error, journal) => [failure, opened] = [error, journal]);
  while (opened === null && failure === null && disk.step());
  if (opened === null) throw failure ?? new Error("The journal was never opened");
  return opened;
}

export function promisedBy(journal: Journal): Promised {
  const terms = new Map<number, number>();
  for (let index: number = journal.firstIndex; index <= journal.durableIndex; index++) {
    terms.set(index, journal.termAt(logIndex(index))!);
  }
  return { state: journal.durableState, terms, snapshotIndex: journal.durableSnapshotIndex };
}

/** What was durable is there. */
export function assertKept(journal: Journal, promised: Promised): void {
  const { state } = journal;
  assert.ok(state.term >= promised.state.term, `the term fell from ${promised.state.term} to ${state.term}`);
  if (state.term === promised.state.term && promised.state.votedFor !== null) {
    assert.equal(state.votedFor, promised.state.votedFor, "the vote was lost");
  }
  assert.ok(journal.snapshotIndex >= promised.snapshotIndex, "the snapshot was lost");
  for (const [index, held] of promised.terms) {
    if (index > journal.snapshotIndex) assert.equal(journal.termAt(logIndex(index)), held, `entry ${index} was lost`);
  }
}

/** The log's own snapshot reads as what was written, and so does a chunk of it. */
export function assertReadable(journal: Journal, disk: MemoryDisk): void {
  const { snapshot } = journal;
  if (snapshot === null) return;
  let digest = 0;
  for (let offset = 0; offset < snapshot.bytes;) {
    const part = journal.readSnapshot(snapshot, offset, 7);
    if (part === null) assert.ok(disk.step(), "a read that is not there yet is under way");
    else {
      digest = crc32c(part, 0, part.length, digest);
      offset += part.length;
    }
  }
  assert.equal(digest, snapshot.digest);
}

function bytesOf(random: Random, most: number): Uint8Array {
  return Uint8Array.from({ length: random.below(most) }, () => random.below(256));
}

function raiseTerm(journal: Journal, to: number): void {
  if (to > journal.state.term) journal.setState({ term: term(to), votedFor: null });
}

function appendSome(journal: Journal, random: Random): void {
  const current = Math.max(journal.lastTerm, journal.state.term, 1);
  raiseTerm(journal, current);
  for (let count = random.below(3); count >= 0; count--) {
    const index = logIndex(journal.lastIndex + 1);
    journal.appendOne({
      index,
      term: term(current),
      kind: "command",
      data: bytesOf(random, random.chance(1, 8) ? 1500 : 20),
    });
  }
}

function takeSnapshot(journal: Journal, random: Random): number {
  const at = journal.snapshotIndex + 1 + random.below(journal.lastIndex - journal.snapshotIndex);
  const keepFrom = Math.max(journal.firstIndex, at + 1 - random.below(4));
  const draft = journal.stageSnapshot();
  for (let left = random.below(4); left > 0; left--) draft.add(bytesOf(random, 30));
  const { bytes, digest } = draft;
  const index = logIndex(at);
  journal.compact({ index, term: journal.termAt(index)!, configuration: members, bytes, digest }, logIndex(keepFrom));
  return at;
}

function installSnapshot(journal: Journal, random: Random, settled: number): number {
  const at = Math.max(settled, journal.lastIndex - 3) + 1 + random.below(4);
  const of = Math.max(journal.state.term, journal.lastTerm) + random.below(2);
  raiseTerm(journal, of);
  if (journal.termAt(logIndex(at)) === of) return settled;
  const data = bytesOf(random, 60);
  const identity = { index: logIndex(at), term: term(of), configuration: members };
  const snapshot: Snapshot = { ...identity, bytes: data.length, digest: crc32c(data) };
  const half = random.below(data.length + 1);
  assert.ok(journal.receiveSnapshot(snapshot, 0, data.slice(0, half)));
  if (random.chance(1, 4)) return settled;
  assert.ok(half === data.length || journal.receiveSnapshot(snapshot, half, data.slice(half)));
  assert.ok(journal.restore(snapshot));
  return at;
}

/** Does to the journal what a node might, drawn by chance; `committed` is what no truncation may reach. */
export function disturb(journal: Journal, random: Random, committed: number): number {
  const settled = Math.max(journal.snapshotIndex, committed);
  switch (random.below(7)) {
    case 0:
    case 1:
      appendSome(journal, random);
      return committed;
    case 2: {
      const votedFor = random.chance(1, 2) ? nodeId(1 + random.below(3)) : null;
      journal.setState({ term: term(journal.state.term + 1), votedFor });
      return committed;
    }
    case 3: {
      if (journal.lastIndex <= settled) return committed;
      raiseTerm(journal, journal.state.term + 1);
      journal.truncate(logIndex(settled + 1 + random.below(journal.lastIndex - settled)));
      return committed;
    }
    case 4:
      if (journal.lastIndex <= journal.snapshotIndex) return committed;
      return Math.max(committed, takeSnapshot(journal, random));
    case 5:
      journal.resolveDoubt();
      return committed;
    default:
      return installSnapshot(journal, random, settled);
  }
}

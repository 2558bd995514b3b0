// Power lost at any moment between two effects of the disk: what the journal had promised is there after the restart, whatever was under way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Journal, openJournal } from "../../../server/journal/journal.ts";
import type { Disk, DiskDone } from "../../../server/journal/disk.ts";
import {
  configurationOf,
  createRandom,
  type HardState,
  logIndex,
  nodeId,
  RaftNode,
  type Random,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import { setting } from "../../corpus.ts";

const SEEDS = Number(setting("KAYA_JOURNAL_SEEDS", "400"));
const LIVES = 6;
const members = configurationOf([1, 2, 3].map(nodeId));

/** A disk whose effects happen one by one, as the test draws them: files overtake each other, and a crash comes between any two. */
class SteppedDisk {
  readonly #random: Random;
  readonly #files = new Map<string, { bytes: Uint8Array; durable: number }>();
  readonly #effects = new Map<string, (() => void)[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The disk as one life of the node sees it. */
  disk(): Disk {
    const queue = (file: string, effect: () => void): void => {
      if (!this.#effects.has(file)) this.#effects.set(file, []);
      this.#effects.get(file)!.push(effect);
    };
    return {
      append: (file, bytes, done) =>
        queue(file, () => {
          const before = this.#files.get(file) ?? { bytes: new Uint8Array(0), durable: 0 };
          this.#files.set(file, { bytes: Uint8Array.from([...before.bytes, ...bytes]), durable: before.durable });
          done(null);
        }),
      sync: (file, done) =>
        queue(file, () => {
          const held = this.#files.get(file);
          if (held !== undefined) held.durable = held.bytes.length;
          done(null);
        }),
      read: (file, done) => queue(file, () => done(null, this.#files.get(file)?.bytes.slice() ?? null)),
      replace: (file, bytes, done) =>
        queue(file, () => {
          this.#files.set(file, { bytes: bytes.slice(), durable: bytes.length });
          // The new content may stand before the caller hears of it.
          if (this.#random.chance(3, 4)) done(null);
          else queue(file, () => done(null));
        }),
    };
  }

  /** Lets one effect happen; `false` where none is due. */
  step(): boolean {
    const busy = [...this.#effects.values()].filter((effects) => effects.length > 0);
    if (busy.length === 0) return false;
    busy[this.#random.below(busy.length)]!.shift()!();
    return true;
  }

  /** What was not synced stays in part, and its last byte may be damaged. */
  crash(): void {
    this.#effects.clear();
    for (const file of this.#files.values()) {
      const kept = this.#random.below(file.bytes.length - file.durable + 1);
      file.bytes = file.bytes.slice(0, file.durable + kept);
      if (kept > 0 && this.#random.chance(1, 2)) file.bytes[file.bytes.length - 1]! ^= 1 << this.#random.below(8);
      file.durable = file.bytes.length;
    }
  }
}

/** What the journal has said is durable. */
interface Promised {
  readonly state: HardState;
  /** The terms of the durable entries, by index. */
  readonly terms: ReadonlyMap<number, number>;
}

function open(disk: SteppedDisk, salt: number): Journal {
  let opened: Journal | null = null;
  let failure: Error | null = null;
  openJournal(
    disk.disk(),
    { clusterId: "c", nodeId: 1 },
    (error, journal) => [failure, opened] = [error, journal],
    salt,
  );
  while (opened === null && failure === null && disk.step());
  if (opened === null) throw failure ?? new Error("The journal was never opened");
  return opened;
}

function promisedBy(journal: Journal): Promised {
  const terms = new Map<number, number>();
  for (let index: number = journal.firstIndex; index <= journal.durableIndex; index++) {
    terms.set(index, journal.termAt(logIndex(index))!);
  }
  return { state: journal.durableState, terms };
}

function assertKept(journal: Journal, promised: Promised): void {
  const { state } = journal;
  assert.ok(state.term >= promised.state.term, `the term fell from ${promised.state.term} to ${state.term}`);
  if (state.term === promised.state.term && promised.state.votedFor !== null) {
    assert.equal(state.votedFor, promised.state.votedFor, "the vote was lost");
  }
  for (const [index, held] of promised.terms) {
    if (index > journal.snapshotIndex) assert.equal(journal.termAt(logIndex(index)), held, `entry ${index} was lost`);
  }
}

/** Does to the journal what a node might, drawn by chance; `committed` is what no truncation may reach. */
function disturb(journal: Journal, random: Random, committed: number): number {
  const raiseTerm = (to: number): void => {
    if (to > journal.state.term) journal.setState({ term: term(to), votedFor: null });
  };
  const snapshotAt = (index: number, of: number): Snapshot => ({
    index: logIndex(index),
    term: term(of),
    configuration: members,
    data: new Uint8Array(random.below(30)),
  });
  const settled = Math.max(journal.snapshotIndex, committed);
  switch (random.below(6)) {
    case 0:
    case 1: {
      const current = Math.max(journal.lastTerm, journal.state.term, 1);
      raiseTerm(current);
      for (let count = random.below(3); count >= 0; count--) {
        const index = logIndex(journal.lastIndex + 1);
        journal.appendOne({ index, term: term(current), kind: "command", data: new Uint8Array(random.below(20)) });
      }
      return committed;
    }
    case 2: {
      const votedFor = random.chance(1, 2) ? nodeId(1 + random.below(3)) : null;
      journal.setState({ term: term(journal.state.term + 1), votedFor });
      return committed;
    }
    case 3: {
      if (journal.lastIndex <= settled) return committed;
      raiseTerm(journal.state.term + 1);
      journal.truncate(logIndex(settled + 1 + random.below(journal.lastIndex - settled)));
      return committed;
    }
    case 4: {
      if (journal.lastIndex <= journal.snapshotIndex) return committed;
      const at = journal.snapshotIndex + 1 + random.below(journal.lastIndex - journal.snapshotIndex);
      const keepFrom = Math.max(journal.firstIndex, at + 1 - random.below(4));
      journal.compact(snapshotAt(at, journal.termAt(logIndex(at))!), logIndex(keepFrom));
      return Math.max(committed, at);
    }
    default: {
      const at = Math.max(settled, journal.lastIndex - 3) + 1 + random.below(4);
      const of = Math.max(journal.state.term, journal.lastTerm) + random.below(2);
      raiseTerm(of);
      if (journal.termAt(logIndex(at)) === of) return committed;
      journal.restore(snapshotAt(at, of));
      return at;
    }
  }
}

test("for all moments of a crash, what was durable is there afterwards, and a node can start from it", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = createRandom(seed);
    const disk = new SteppedDisk(random);
    let promised: Promised = { state: { term: term(0), votedFor: null }, terms: new Map() };
    let committed = 0;
    for (let life = 0; life < LIVES; life++) {
      const journal = open(disk, seed);
      new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, journal); // refuses a log that contradicts itself
      assertKept(journal, promised);
      const flushed: DiskDone = (error) => assert.equal(error, null);
      for (let turn = 10 + random.below(60); turn > 0; turn--) {
        const choice = random.below(4);
        if (choice === 0) disk.step();
        else if (choice === 1 && !journal.isFlushing && journal.isDirty) journal.flush(flushed);
        else committed = disturb(journal, random, committed);
      }
      promised = promisedBy(journal);
      disk.crash();
    }
  }
});

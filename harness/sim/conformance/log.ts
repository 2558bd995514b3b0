/**
 * The guarantees of a `RaftLog`: what it reports as durable survives a crash at any moment, and its snapshots are
 * complete or absent.
 *
 * The log under test writes to a disk of the simulator, which loses unsynced data.
 *
 * @module
 */
import {
  configurationOf,
  crc32c,
  createRandom,
  type Entry,
  type HardState,
  logIndex,
  nodeId,
  type RaftLog,
  type Random,
  type Snapshot,
  type SnapshotContent,
  term,
} from "../../../raft/mod.ts";
import type { Disk } from "../../../server/mod.ts";
import { SimDisk } from "../disk.ts";
import { EventQueue } from "../event_queue.ts";
import { type ConformanceCase, must, mustBe, mustThrow } from "./case.ts";

/** A log under test, with the functions that only its host calls. */
export interface TestedLog {
  /** The log. */
  readonly log: RaftLog;
  /** Begins to make everything durable. Calls `done` at the end, but not before this call has returned. */
  sync(done: (error: Error | null) => void): void;
  /** Gives the log the bytes of a snapshot. The returned content is then passed to `compact`. */
  stage(data: Uint8Array): SnapshotContent;
}

/** Opens the log on a disk, or makes a new one. */
export type OpenLog = (disk: Disk, done: (error: Error | null, opened: TestedLog | null) => void) => void;

const ROUNDS = 40;
const MEMBERS = configurationOf([1, 2, 3].map(nodeId));

/**
 * The conformance cases of a log.
 *
 * @example The journal is one
 * ```ts
 * import { openJournal } from "@kayadb/raft/server";
 * import { testLog } from "@kayadb/raft/sim";
 *
 * const cases = testLog((disk, done) =>
 *   openJournal(disk, { clusterId: "mine", nodeId: 1 }, (error, journal) => {
 *     if (journal === null) return done(error, null);
 *     const stage = (data: Uint8Array) => {
 *       const draft = journal.stageSnapshot();
 *       draft.add(data.slice());
 *       return { bytes: draft.bytes, digest: draft.digest };
 *     };
 *     done(null, { log: journal, sync: (synced) => journal.flush(synced), stage });
 *   })
 * );
 * for (const { run } of cases) run(); // or: test(name, run)
 * ```
 */
export function testLog(open: OpenLog): ConformanceCase[] {
  const cases: readonly [string, (bench: LogBench, random: Random) => void][] = [
    ["what was written is read at once, as a plain list would have it", readsAtOnce],
    ["what makes no sense is refused, and changes nothing", refuses],
    ["nothing is durable before a sync that began later has ended", isDurableAfterSync],
    ["what was durable is found again, whatever moment power is lost at", survives],
    ["term and vote are found again", keepsVotes],
    ["the bytes of a snapshot are read in any parts, and after a crash as well", readsSnapshots],
    ["a snapshot that is being sent is held while newer ones are taken", holdsSnapshots],
    ["a leader's snapshot takes the log's place when its bytes match their digest, and only then", restores],
  ];
  return cases.map(([name, check]) => ({
    name,
    run() {
      for (let seed = 1; seed <= ROUNDS; seed++) check(new LogBench(open, seed), createRandom(seed));
    },
  }));
}

/** A disk with the log on it, through several lives. */
class LogBench {
  readonly #open: OpenLog;
  readonly #queue = new EventQueue();
  readonly disk: SimDisk;

  constructor(open: OpenLog, seed: number) {
    this.#open = open;
    this.disk = new SimDisk(this.#queue, seed, 1);
  }

  /** Starts a life. */
  start(): TestedLog {
    let found: TestedLog | null = null;
    let failure: Error | null = null;
    this.#open(this.disk.open(), (error, opened) => [failure, found] = [error, opened]);
    this.settle();
    if (found === null) throw failure ?? new Error("The log was not opened");
    return found;
  }

  /** Runs this many events of the disk. */
  step(count: number): void {
    for (let left = count; left > 0 && this.#queue.step(); left--);
  }

  settle(): void {
    while (this.#queue.step());
  }

  /** Makes everything durable. */
  sync(tested: TestedLog): void {
    let ended = false;
    tested.sync((error) => {
      must(error === null, `a sync failed: ${error?.message}`);
      ended = true;
    });
    must(!ended, "a sync ended before its call had returned");
    this.settle();
    must(ended, "a sync has never ended");
  }

  /** Cuts the power, and starts the next life. */
  restart(): TestedLog {
    this.disk.crash();
    return this.start();
  }
}

function entryAt(index: number, entryTerm: number, random: Random): Entry {
  const data = Uint8Array.from({ length: random.below(40) }, () => random.below(256));
  return { index: logIndex(index), term: term(entryTerm), kind: "command", data };
}

function appendSome({ log }: TestedLog, random: Random): void {
  const raised = Math.max(log.state.term, 1) + random.below(2);
  if (raised > log.state.term) log.setState({ term: term(raised), votedFor: null });
  for (let count = 1 + random.below(4); count > 0; count--) {
    log.appendOne(entryAt(log.lastIndex + 1, raised, random));
  }
}

/** The entries after the log's snapshot, for comparison. */
function entriesOf(log: RaftLog, through: number = log.lastIndex): unknown[] {
  const entries = [];
  for (let index = log.snapshotIndex + 1; index <= through; index++) {
    const entry = log.entryAt(logIndex(index));
    entries.push(entry === undefined ? null : [entry.index, entry.term, entry.kind, [...entry.data]]);
  }
  return entries;
}

function readsAtOnce(bench: LogBench, random: Random): void {
  const tested = bench.start();
  const { log } = tested;
  let naive: Entry[] = [];
  for (let step = 0; step < 40; step++) {
    const from = naive.length;
    if (from > 0 && random.chance(1, 4)) {
      const cut = 1 + random.below(from);
      log.truncate(logIndex(cut));
      naive = naive.slice(0, cut - 1);
    } else {
      appendSome(tested, random);
      for (let index = from + 1; index <= log.lastIndex; index++) naive.push(log.entryAt(logIndex(index))!);
    }
    mustBe([log.firstIndex, log.lastIndex, log.lastTerm], [1, naive.length, naive.at(-1)?.term ?? 0], "the log's ends");
    for (const entry of naive) must(log.termAt(entry.index) === entry.term, `the term at ${entry.index} is wrong`);
    mustBe(log.termAt(logIndex(naive.length + 1)) ?? null, null, "the term beyond the end");
    const low = 1 + random.below(naive.length + 1);
    const sliced = log.slice(logIndex(low), logIndex(naive.length + 1), 100);
    mustBe(
      sliced.map(({ index }) => index),
      naive.slice(low - 1, low - 1 + sliced.length).map(({ index }) => index),
      "a slice",
    );
    must(low > naive.length || sliced.length >= 1, "a slice has at least one entry");
  }
}

function refuses(bench: LogBench, random: Random): void {
  const tested = bench.start();
  const { log } = tested;
  appendSome(tested, random);
  appendSome(tested, random);
  const before = JSON.stringify([log.lastIndex, entriesOf(log)]);
  const { lastIndex, lastTerm } = log;
  mustThrow(() => log.appendOne(entryAt(lastIndex + 2, lastTerm, random)), "an entry behind a gap must be refused");
  mustThrow(() => log.slice(logIndex(1), logIndex(lastIndex + 2)), "a slice beyond the end must be refused");
  mustBe([log.lastIndex, entriesOf(log)], JSON.parse(before), "the log after what was refused");
  const content = tested.stage(new Uint8Array(3));
  log.compact({ index: logIndex(1), term: log.termAt(logIndex(1))!, configuration: MEMBERS, ...content }, logIndex(2));
  mustThrow(() => log.truncate(logIndex(1)), "a truncation of what the snapshot covers must be refused");
}

function isDurableAfterSync(bench: LogBench, random: Random): void {
  const tested = bench.start();
  const { log } = tested;
  appendSome(tested, random);
  mustBe([log.durableIndex, log.durableState.term], [0, 0], "what is durable before any sync");
  bench.sync(tested);
  mustBe([log.durableIndex, log.durableState], [log.lastIndex, log.state], "what is durable after a sync");
  const first = log.lastIndex;
  appendSome(tested, random);
  tested.sync(() => {});
  const begun = log.lastIndex;
  appendSome(tested, random);
  bench.settle();
  must(log.durableIndex <= begun, "a sync made durable what was appended after it had begun");
  must(log.durableIndex >= first, "what is durable fell without a truncation");
  log.truncate(logIndex(1));
  mustBe(log.durableIndex, 0, "what is durable after a truncation");
}

function survives(bench: LogBench, random: Random): void {
  let tested = bench.start();
  for (let life = 0; life < 4; life++) {
    const { log } = tested;
    let isSyncing = false;
    for (let turn = 5 + random.below(25); turn > 0; turn--) {
      const choice = random.below(5);
      if (choice < 2) appendSome(tested, random);
      else if (choice === 2 && log.lastIndex > log.snapshotIndex) {
        log.truncate(logIndex(log.snapshotIndex + 1 + random.below(log.lastIndex - log.snapshotIndex)));
      } else if (choice === 3 && !isSyncing) {
        isSyncing = true;
        tested.sync(() => isSyncing = false);
      } else bench.step(random.below(5));
    }
    const [entries, state] = [entriesOf(log, Math.max(log.durableIndex, log.snapshotIndex)), log.durableState];
    tested = bench.restart();
    const found = entriesOf(tested.log).slice(0, entries.length);
    mustBe(found, entries, "the entries that were durable, after a crash");
    must(tested.log.state.term >= state.term, "the term fell in a crash");
    must(tested.log.durableIndex === tested.log.lastIndex, "what a restart finds is not durable");
  }
}

function keepsVotes(bench: LogBench, random: Random): void {
  let tested = bench.start();
  for (let life = 1; life <= 4; life++) {
    const state: HardState = { term: term(life), votedFor: nodeId(1 + random.below(3)) };
    tested.log.setState(state);
    mustBe(tested.log.state, state, "term and vote as they were set");
    bench.sync(tested);
    tested = bench.restart();
    mustBe(tested.log.state, state, "term and vote after a crash");
  }
}

/** All bytes of a snapshot, read in parts. */
function bytesOf(bench: LogBench, { log }: TestedLog, snapshot: Snapshot, random: Random): number[] {
  const bytes: number[] = [];
  for (let asked = 0; bytes.length < snapshot.bytes; asked++) {
    must(asked < 10_000, "the bytes of a snapshot never come");
    const part = log.readSnapshot(snapshot, bytes.length, 1 + random.below(50));
    if (part === null) bench.step(1);
    else {
      must(part.length > 0, "a part of a snapshot is empty");
      bytes.push(...part);
    }
  }
  return bytes;
}

function takeSnapshot(bench: LogBench, tested: TestedLog, random: Random): { snapshot: Snapshot; data: Uint8Array } {
  appendSome(tested, random);
  bench.sync(tested);
  const data = Uint8Array.from({ length: 1 + random.below(300) }, () => random.below(256));
  const index = tested.log.lastIndex;
  const content = tested.stage(data);
  mustBe(content, { bytes: data.length, digest: crc32c(data) }, "what the log says of a snapshot's bytes");
  const snapshot: Snapshot = { index, term: tested.log.lastTerm, configuration: MEMBERS, ...content };
  tested.log.compact(snapshot, logIndex(index + 1));
  mustBe([tested.log.snapshotIndex, tested.log.firstIndex], [index, index + 1], "the log after a compaction");
  return { snapshot, data };
}

function readsSnapshots(bench: LogBench, random: Random): void {
  const tested = bench.start();
  const { snapshot, data } = takeSnapshot(bench, tested, random);
  mustBe(bytesOf(bench, tested, snapshot, random), [...data], "the bytes of a snapshot");
  bench.settle();
  appendSome(tested, random);
  bench.sync(tested);
  const last = tested.log.lastIndex;
  const again = bench.restart();
  mustBe([again.log.snapshotIndex, again.log.lastIndex], [snapshot.index, last], "the log after a crash");
  mustBe(bytesOf(bench, again, again.log.snapshot!, random), [...data], "the bytes of a snapshot after a crash");
}

function holdsSnapshots(bench: LogBench, random: Random): void {
  const tested = bench.start();
  const first = takeSnapshot(bench, tested, random);
  tested.log.holdSnapshots([first.snapshot]);
  for (let more = 0; more < 3; more++) {
    const latest = takeSnapshot(bench, tested, random);
    bench.settle();
    mustBe(bytesOf(bench, tested, first.snapshot, random), [...first.data], "the bytes of a snapshot that is held");
    mustBe(bytesOf(bench, tested, latest.snapshot, random), [...latest.data], "the bytes of the latest snapshot");
  }
}

function restores(bench: LogBench, random: Random): void {
  const tested = bench.start();
  const { log } = tested;
  appendSome(tested, random);
  bench.sync(tested);
  const data = Uint8Array.from({ length: 2 + random.below(200) }, () => random.below(256));
  const index = logIndex(log.lastIndex + 1 + random.below(5));
  const identity = { index, term: log.state.term, configuration: MEMBERS };
  const snapshot: Snapshot = { ...identity, bytes: data.length, digest: crc32c(data) };
  const [before, { state }] = [log.lastIndex, log];
  const wrong = data.slice();
  wrong[0]! ^= 1;
  must(log.receiveSnapshot(snapshot, 0, wrong), "a snapshot is taken from its beginning");
  must(!log.restore(snapshot), "bytes that do not match their digest were installed");
  mustBe([log.lastIndex, log.snapshotIndex], [before, 0], "the log after a snapshot that was refused");
  const half = 1 + random.below(data.length - 1);
  must(log.receiveSnapshot(snapshot, 0, data.slice(0, half)), "a snapshot begins anew from offset 0");
  must(!log.receiveSnapshot(snapshot, half + 1, data.slice(half)), "bytes behind a gap were taken");
  must(log.receiveSnapshot(snapshot, half, data.slice(half)), "a snapshot goes on where it stood");
  must(log.restore(snapshot), "a snapshot of the right bytes was refused");
  mustBe([log.snapshotIndex, log.lastIndex, log.firstIndex], [index, index, index + 1], "the log that was replaced");
  bench.sync(tested);
  const again = bench.restart();
  mustBe([again.log.snapshotIndex, again.log.lastIndex], [index, index], "the replaced log after a crash");
  mustBe(again.log.state, state, "term and vote beside a snapshot");
  mustBe(bytesOf(bench, again, again.log.snapshot!, random), [...data], "the bytes of the installed snapshot");
}

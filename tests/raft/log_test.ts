import { test } from "node:test";
import assert from "node:assert/strict";
import {
  configurationOf,
  crc32c,
  createRandom,
  encodeConfiguration,
  type Entry,
  entryBytes,
  LogContradictionError,
  type LogIndex,
  MemLog,
  type NodeId,
  nodeId,
  RaftNode,
  type Snapshot,
  type Term,
} from "../../raft/mod.ts";
import { lastIndexWithTermAtMost } from "../../raft/log.ts";
import { copyOf } from "./disk_log.ts";
import { install } from "./snapshots.ts";

const index = (value: number): LogIndex => value as LogIndex;

function entry(at: number, term: number, data = new Uint8Array([at & 255])): Entry {
  return { index: index(at), term: term as Term, kind: "command", data };
}
const DATA = new Uint8Array(3);
const CONTENT = { bytes: 3, digest: crc32c(DATA) };

function snapshot(at: number, term: number): Snapshot {
  return { index: index(at), term: term as Term, configuration: configurationOf([nodeId(1)]), ...CONTENT };
}

test("a MemLog agrees with a plain list through random appends, truncations, compactions and restores", () => {
  const random = createRandom(21);
  for (let round = 0; round < 60; round++) {
    const log = new MemLog();
    // naive: all entries that ever were, from 1 on; and two bounds
    let naive: Entry[] = [];
    let first = 1, snapshotIndex = 0, snapshotTerm = 0, term = 1;
    for (let step = 0; step < 120; step++) {
      const last = Math.max(naive.length, snapshotIndex);
      const choice = random.below(10);
      if (choice < 5) {
        term += random.below(2);
        const fresh = Array.from(
          { length: 1 + random.below(5) },
          (_, i) => entry(last + 1 + i, term, new Uint8Array(random.below(9))),
        );
        log.append(fresh);
        naive.push(...fresh);
      } else if (choice < 7 && last > snapshotIndex) {
        const from = snapshotIndex + 1 + random.below(last - snapshotIndex);
        log.truncate(index(from));
        naive = naive.slice(0, from - 1);
      } else if (choice < 9 && last > snapshotIndex) {
        const at = snapshotIndex + 1 + random.below(last - snapshotIndex);
        const keepFrom = Math.max(first, at + 1 - random.below(6));
        snapshotTerm = naive[at - 1]!.term;
        log.stage(DATA);
        log.compact(snapshot(at, snapshotTerm), index(keepFrom));
        [snapshotIndex, first] = [at, keepFrom];
      } else if (choice === 9 && random.chance(1, 8)) {
        const at = last + 1 + random.below(5);
        term++;
        install(log, snapshot(at, term), DATA);
        naive = Array.from({ length: at }, (_, i) => entry(i + 1, term));
        [snapshotIndex, snapshotTerm, first] = [at, term, at + 1];
      }
      const end = Math.max(naive.length, snapshotIndex);
      assert.deepEqual([log.firstIndex, log.lastIndex, log.snapshotIndex, log.snapshotTerm], [
        first,
        end,
        snapshotIndex,
        snapshotTerm,
      ]);
      for (let at = 0; at <= end + 1; at++) {
        const held = at >= first && at <= end ? naive[at - 1] : undefined;
        assert.equal(log.entryAt(index(at)), held);
        assert.equal(log.termAt(index(at)), held?.term ?? (at === snapshotIndex ? snapshotTerm : undefined));
      }
      const from = first + random.below(end - first + 2);
      const to = from + random.below(end + 1 - from + 1);
      assert.deepEqual(log.slice(index(from), index(to)), naive.slice(from - 1, to - 1));
      const bound = random.below(120);
      const bounded = log.slice(index(from), index(to), bound);
      const bytes = (entries: readonly Entry[]): number => entries.reduce((sum, held) => sum + entryBytes(held), 0);
      assert.deepEqual(bounded, naive.slice(from - 1, from - 1 + bounded.length));
      assert(bounded.length <= 1 || bytes(bounded) <= bound);
      if (from - 1 + bounded.length < to - 1) {
        assert(bytes(naive.slice(from - 1, from + bounded.length)) > bound && bounded.length > 0);
      }
    }
  }
});

test("a MemLog refuses a gap, a term that falls, and what its snapshot covers", () => {
  const log = new MemLog();
  log.append([entry(1, 2), entry(2, 2)]);
  assert.throws(() => log.appendOne(entry(4, 2)), RangeError);
  assert.throws(() => log.appendOne(entry(3, 1)), RangeError);
  log.stage(DATA);
  log.compact(snapshot(1, 2), index(2));
  assert.throws(() => log.truncate(index(1)), RangeError);
  assert.throws(() => log.slice(index(1), index(3)), RangeError);
  assert.throws(() => log.compact(snapshot(1, 2), index(2)), RangeError);
  assert.throws(() => log.compact(snapshot(2, 2), index(2)), /was not given these/);
  assert.throws(() => log.readSnapshot(snapshot(2, 2), 0, 1), /it is not held/);
  log.truncate(index(3));
  assert.equal(log.lastIndex, 2, "there is nothing behind the end to cut");
});

test("a MemLog takes a snapshot's chunks only in order, and puts nothing else in its log's place", () => {
  const log = new MemLog();
  const [one, other] = [snapshot(5, 1), snapshot(6, 1)];
  const half = DATA.length >> 1;
  assert.equal(log.receiveSnapshot(one, half, DATA.subarray(half)), false);
  assert.equal(log.receiveSnapshot(one, 0, DATA.subarray(0, half)), true);
  assert.equal(log.receiveSnapshot(other, half, DATA.subarray(half)), false);
  assert.equal(log.receiveSnapshot(one, half + 1, DATA.subarray(half + 1)), false);
  assert.equal(log.receivedBytes, half);
  assert.equal(log.restore(other), false);
  assert.deepEqual([log.lastIndex, log.snapshot], [0, null]);
  assert.equal(log.receiveSnapshot(one, 0, DATA), true);
  assert.equal(log.restore(one), true);
  assert.deepEqual([log.lastIndex, log.snapshotIndex, log.snapshotData], [5, 5, DATA]);
});

test("halving finds the same last index of a term at most as walking does", () => {
  const random = createRandom(22);
  for (let round = 0; round < 300; round++) {
    const log = new MemLog();
    let term = 1;
    const length = 1 + random.below(30);
    for (let at = 1; at <= length; at++) log.appendOne(entry(at, term += random.below(3)));
    const high = random.below(length + 1);
    const low = random.below(high + 1);
    const bound = random.below(term + 2);
    let walked = high;
    while (walked > low && log.termAt(index(walked))! > bound) walked--;
    assert.equal(lastIndexWithTermAtMost(log, index(low), index(high), bound as Term), walked);
  }
});

const start = (log: MemLog): RaftNode =>
  new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] as NodeId[] }, log);

function logOf(...terms: number[]): MemLog {
  const log = new MemLog();
  log.setState({ term: Math.max(0, ...terms) as Term, votedFor: null });
  log.append(terms.map((term, i) => entry(i + 1, term)));
  return log;
}

/** The log, but for what `lies` says of it. */
function lying(log: MemLog, lies: Record<string, unknown>): MemLog {
  return new Proxy(log, {
    get: (target, name) => {
      if (typeof name === "string" && name in lies) return lies[name];
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("a log that contradicts itself is refused with an error that says how", () => {
  const compacted = logOf(1, 1, 2, 2);
  compacted.stage(DATA);
  compacted.compact(snapshot(2, 1), index(3));
  const refusals: [MemLog, RegExp][] = [
    [lying(logOf(1), { snapshotIndex: 3 }), /its snapshot is at index 3, but there is none/],
    [lying(compacted, { snapshotTerm: 2 }), /it tells of a snapshot at 2 of term 2, but holds one at 2 of term 1/],
    [
      lying(compacted, { firstIndex: 4 }),
      /its first entry is 4, but its snapshot ends at 2: the entries between are missing/,
    ],
    [lying(compacted, { lastIndex: 1 }), /it ends at 1, before its snapshot, which ends at 2/],
    [
      lying(logOf(1), { durableState: { term: 2, votedFor: null } }),
      /term 2 is durable, but the node's term is only 1/,
    ],
    [lying(logOf(1), { durableIndex: 2 }), /it is durable up to 2, beyond its last entry, 1/],
    [
      lying(logOf(1, 4), { state: { term: 3, votedFor: null } }),
      /its last entry is of term 4, but the node's term is only 3/,
    ],
    [
      lying(logOf(1, 1, 1), { entryAt: (at: number) => at === 2 ? undefined : entry(at, 1) }),
      /entry 2 is missing between 1 and 3/,
    ],
    [lying(logOf(1, 1), { entryAt: (at: number) => entry(at === 2 ? 3 : at, 1) }), /entry 3 stands in the place of 2/],
    [
      lying(logOf(1, 2, 2), { entryAt: (at: number) => entry(at, at === 3 ? 1 : 2) }),
      /terms of its entries fall from 2 to 1 at index 3/,
    ],
    [lying(compacted, { entryAt: (at: number) => entry(at, 0) }), /terms of its entries fall from 1 to 0 at index 3/],
    [lying(logOf(1, 2), { lastTerm: 1 }), /its last entry is of term 2, but it says 1/],
    [lying(logOf(1), { lastIndex: 2 ** 48 + 1 }), /it ends at 281474976710657, but the largest index is/],
    [
      lying(compacted, {
        snapshot: { ...compacted.snapshot, configuration: { ...configurationOf([nodeId(2)]), learners: [nodeId(2)] } },
      }),
      /the configuration of its snapshot at 2 is wrong: node 2 is a voter and a learner/,
    ],
    [
      lying(compacted, { firstIndex: 2, entryAt: (at: number) => entry(at, at === 2 ? 0 : 2) }),
      /entry 2 is of term 0, but the snapshot there of term 1/,
    ],
    [
      lying(logOf(1), { entryAt: () => ({ ...entry(1, 1), kind: "configuration" }) }),
      /entry 1 holds no configuration: Cannot decode/,
    ],
  ];
  for (const [log, message] of refusals) {
    assert.throws(
      () => start(log),
      (error: Error) => error instanceof LogContradictionError && message.test(error.message),
      String(message),
    );
  }
});

test("a node starts from every beginning of another's log, and finds its term, vote and configuration there", () => {
  const changed = encodeConfiguration(configurationOf([nodeId(1), nodeId(2), nodeId(3), nodeId(4)]));
  const log = logOf(1, 1);
  log.appendOne({ index: index(3), term: 1 as Term, kind: "configuration", data: changed });
  log.setState({ term: 5 as Term, votedFor: nodeId(3) });
  for (let length = 3; length >= 0; length--) {
    const cut = copyOf(log);
    if (length < 3) cut.truncate(index(length + 1));
    const status = start(cut).status();
    assert.deepEqual([status.term, status.votedFor, status.lastIndex, status.commitIndex], [5, 3, length, 0]);
    assert.equal(status.configuration.voters.length, length === 3 ? 4 : 3);
  }
});

// What a host sees of a node beside the rules: settings, status, tracer; and the parts that the rules are made of.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  createRandom,
  type Envelope,
  logIndex,
  MemLog,
  nodeId,
  type RaftConfig,
  RaftNode,
  type RaftTracer,
  type Role,
  term,
} from "../../raft/mod.ts";
import { Inflights } from "../../raft/progress.ts";
import { logOf, logOfTerms, Network } from "./network.ts";

test("a setting that is out of range is refused with its name", () => {
  const make = (config: Partial<RaftConfig>): () => RaftNode => () =>
    new RaftNode({ id: nodeId(1), peers: [], ...config });
  const wrong: [Partial<RaftConfig>, RegExp][] = [
    [{ id: 0 as never }, /Cannot take 0 as a NodeId/],
    [{ peers: [1.5 as never] }, /Cannot take 1.5 as a NodeId/],
    [{ electionTimeoutTicks: 1 }, /Cannot set electionTimeoutTicks to 1: a whole number from 2 is needed/],
    [{ electionTimeoutTicks: NaN }, /Cannot set electionTimeoutTicks to NaN/],
    [
      { heartbeatIntervalTicks: 10 },
      /Cannot set heartbeatIntervalTicks to 10: it must be less than electionTimeoutTicks, 10/,
    ],
    [{ seed: -1 }, /Cannot set seed to -1/],
    [{ maxInflightAppends: 0 }, /Cannot set maxInflightAppends to 0/],
    [{ keepBytes: 0.5 }, /Cannot set keepBytes to 0.5/],
    [{ keepBytes: 9, maxKeepBytes: 8 }, /Cannot set maxKeepBytes to 8: it must not be below keepBytes, 9/],
    [{ join: true, peers: [nodeId(2)] }, /Cannot set join with 1 peers/],
    [{ electionTimeoutTicks: 1_000_001 }, /Cannot set electionTimeoutTicks to 1000001: at most 1000000 are allowed/],
    [
      { peers: Array.from({ length: 1001 }, (_, i) => nodeId(i + 2)) },
      /Cannot take 1001 peers: at most 1000 are allowed/,
    ],
  ];
  for (const [config, message] of wrong) {
    assert.throws(make(config), (error: Error) => error instanceof RangeError && message.test(error.message));
  }
});

test("numbers that are no ids, terms or indexes are refused", () => {
  for (const value of [-1, 0.5, NaN, Infinity, Number.MAX_SAFE_INTEGER + 1]) {
    for (const make of [nodeId, term, logIndex]) assert.throws(() => make(value), RangeError);
  }
  assert.throws(() => nodeId(0), RangeError);
  assert.deepEqual([nodeId(1), term(0), logIndex(0)], [1, 0, 0]);
});

test("a leader's status tells how far each follower is", () => {
  const network = new Network();
  network.elect(1);
  network.isolate(3);
  network.propose(1, 7);
  const { role, term, leader, commitIndex, appliedIndex, lastIndex, durableIndex, followers } = network.node(1)
    .status();
  assert.deepEqual([role, term, leader, commitIndex, appliedIndex, lastIndex, durableIndex], [
    "leader",
    1,
    1,
    2,
    2,
    2,
    2,
  ]);
  assert.deepEqual(
    followers.map((
      { id, state, matchIndex, nextIndex, inflightAppends },
    ) => [id, state, matchIndex, nextIndex, inflightAppends]),
    [
      [2, "replicate", 2, 3, 0],
      [3, "replicate", 1, 3, 1],
    ],
  );
  assert.deepEqual(network.node(2).status().followers, []);
});

test("a tracer sees every change, in order, and a node without one does the same", () => {
  const seen: string[] = [];
  const tracer: RaftTracer = {
    term: (term) => seen.push(`term ${term}`),
    role: (role, term) => seen.push(`${role} ${term}`),
    leader: (leader) => seen.push(`leader ${leader}`),
    append: (entry) => seen.push(`append ${entry.index}`),
    commit: (commitIndex, before) => seen.push(`commit ${before}..${commitIndex}`),
    apply: (from, to) => seen.push(`apply ${from}..${to}`),
    send: (envelope) => seen.push(`send ${envelope.type}`),
    receive: (envelope) => seen.push(`receive ${envelope.type}`),
  };
  const run = (config: Partial<RaftConfig>): string => {
    const log = new MemLog();
    const node = new RaftNode({ id: nodeId(1), peers: [], seed: 3, ...config }, log);
    const sent: Envelope[] = node.campaign();
    node.propose(new Uint8Array([5]));
    sent.push(...node.broadcast());
    assert.deepEqual(node.drainApplied().map(({ index }) => index), [2]);
    return logOf(log) + sent.length;
  };
  assert.equal(run({ tracer }), run({}));
  const expected =
    "pre-candidate 0, term 1, candidate 1, leader 1, leader 1, append 1, commit 0..1, append 2, commit 1..2, apply 1..2";
  assert.equal(seen.join(", "), expected);
});

test("the host may change what a node returns without changing the node", () => {
  const network = new Network();
  const leader = network.elect(1);
  for (const own of [leader.tick(), leader.drainReads(), leader.drainApplied(), leader.broadcast()] as unknown[][]) {
    own.length = 0;
    own.push("anything");
  }
  network.propose(1, 7);
  assert.deepEqual(network.appliedBytes(3), [7]);
});

test("the same seed gives the same run, another seed another", () => {
  const run = (seed: number): string => {
    const network = new Network({ nodes: 5, config: { seed } });
    network.run(60);
    const roles: Role[] = [1, 2, 3, 4, 5].map((id) => network.node(id).role);
    return JSON.stringify([roles, network.sent.map(({ type, from, to, term }) => [type, from, to, term])]);
  };
  assert.equal(run(1), run(1));
  assert.equal(new Set([1, 2, 3, 4, 5, 6].map(run)).size > 1, true);
});

test("a node restarts at any moment and goes on, and nothing that was applied changes", () => {
  const network = new Network();
  network.elect(1);
  network.propose(1, 5, 6, 7);
  for (const id of [3, 2, 1]) network.restart(id);
  network.run(60);
  const [leader] = network.leaders();
  network.propose(leader!.id, 8);
  for (const id of [1, 2, 3]) assert.deepEqual(network.appliedBytes(id), [5, 6, 7, 8]);
});

test("a window of appends agrees with a plain list", () => {
  const random = createRandom(5);
  for (let round = 0; round < 50; round++) {
    const [most, mostBytes] = [1 + random.below(40), 1 + random.below(300)];
    const window = new Inflights(most, mostBytes);
    let naive: { last: number; bytes: number }[] = [];
    let last = 0;
    for (let step = 0; step < 200; step++) {
      if (random.chance(2, 3)) {
        if (!window.isFull) {
          const bytes = random.below(30);
          naive.push({ last: last += 1 + random.below(3), bytes });
          window.add(logIndex(last), bytes);
        }
      } else if (random.chance(1, 30)) {
        window.clear();
        naive = [];
      } else {
        const index = last - random.below(12);
        window.freeTo(index as never);
        naive = naive.filter((append) => append.last > index);
      }
      const bytes = naive.reduce((sum, append) => sum + append.bytes, 0);
      assert.deepEqual([window.count, window.bytes, window.isFull], [
        naive.length,
        bytes,
        naive.length >= most || bytes >= mostBytes,
      ]);
    }
  }
});

test("random streams are the same on every engine", () => {
  const random = createRandom(42);
  assert.deepEqual([random.next(), random.next(), random.next()], [2094595216, 3981101596, 2854370514]);
});

test("streams that were split depend on their name and the seed alone, and numbers are spread evenly", () => {
  const first = createRandom(7);
  const second = createRandom(7);
  second.next();
  assert.equal(first.split("a").next(), second.split("a").next());
  assert.notEqual(first.split("a").next(), first.split("b").next());
  assert.notEqual(createRandom(8).split("a").next(), first.split("a").next());
  assert.notEqual(first.split("a").split("b").next(), first.split("b").split("a").next());
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[first.below(10)]!++;
  for (const count of counts) assert(count > 9_500 && count < 10_500, `${counts}`);
  assert.throws(() => first.below(0), RangeError);
  assert.throws(() => createRandom(-1), RangeError);
});

test("leader, candidate and follower all start from the same log", () => {
  const log = logOfTerms([1, 2, 2], 4);
  const node = new RaftNode({ id: nodeId(2), peers: [nodeId(1), nodeId(3)] }, log);
  assert.deepEqual([node.role, node.term, node.leader, node.commitIndex, node.appliedIndex], [
    "follower",
    4,
    null,
    0,
    0,
  ]);
});

// Disks that are slow, that hang, and hosts that do not say when a sync has ended.
import { test } from "node:test";
import assert from "node:assert/strict";
import { type Entry, nodeId, ProposalRefusedError, type RaftLog, RaftNode, type RaftTracer } from "../../raft/mod.ts";
import { UnsyncedBytes } from "../../raft/unsynced.ts";
import { DiskLog } from "./disk_log.ts";
import { append, entriesOf, heartbeat, Network } from "./network.ts";
import { SlowCluster } from "./slow_cluster.ts";
import { tries } from "../corpus.ts";

const dataBytes = (entries: readonly Entry[]): number => entries.reduce((sum, { data }) => sum + data.length, 0);

test("a leader is elected, and commits, whatever part of four election timeouts a sync takes", () => {
  const slowest: number[] = [];
  for (const electionTimeoutTicks of [10, 20]) {
    for (const part of [0, 0.3, 0.5, 0.8, 0.9, 1, 1.2, 2, 4]) {
      const syncTicks = Math.round(part * electionTimeoutTicks);
      for (let seed = 1; seed <= tries("KAYA_SLOW_DISK_SEEDS", 10); seed++) {
        const cluster = new SlowCluster(3, () => syncTicks, { seed, electionTimeoutTicks });
        const ticks = cluster.run(100 * electionTimeoutTicks, () => (cluster.leader()?.commitIndex ?? 0) >= 1);
        assert(ticks < Infinity, `no commit: timeout ${electionTimeoutTicks}, sync ${syncTicks}, seed ${seed}`);
        slowest.push(ticks / electionTimeoutTicks);
        // Whoever campaigned meanwhile may depose this leader once, as its request has waited for its sync.
        cluster.run(60 * electionTimeoutTicks);
        const term = cluster.leader()?.term;
        cluster.run(20 * electionTimeoutTicks);
        assert.equal(cluster.leader()?.term, term, "the leader leads on");
      }
    }
  }
  assert(Math.max(...slowest) < 100, `${Math.max(...slowest)} election timeouts`);
});

test("an election timeout doubles with each lost election up to tenfold, and is as at first once a leader is heard", () => {
  const began: number[] = [];
  let ticks = 0;
  const tracer: RaftTracer = { role: (role) => role === "candidate" && began.push(ticks) };
  const config = { id: nodeId(1), peers: [2, 3].map(nodeId), electionTimeoutTicks: 10, preVote: false, tracer };
  const node = new RaftNode(config);
  const campaigns = (count: number): number[] => {
    began.length = 0;
    let heldRole = node.role;
    for (; began.length < count; ticks++) {
      node.tick();
      // A candidate that begins anew keeps its role: its term tells.
      if (heldRole === "candidate" && node.term > lastTerm) began.push(ticks);
      lastTerm = node.term;
      heldRole = node.role;
    }
    return began.slice(1).map((at, i) => at - began[i]!);
  };
  let lastTerm = node.term;
  const gaps = campaigns(8);
  for (const [i, factor] of [1, 2, 4, 8, 10, 10, 10].entries()) {
    const gap = gaps[i]!;
    assert(gap >= 10 * factor && gap < 20 * factor, `after ${i + 1} elections: ${gap} ticks, of ${gaps}`);
  }
  node.handle(heartbeat(2, 1, node.term));
  assert.equal(node.role, "follower");
  lastTerm = node.term;
  const [first] = campaigns(2);
  assert(first! >= 10 && first! < 20, `${first} ticks after a leader was heard`);
});

test("a node that is cut off asks for pre-votes at the usual pace, as no election is lost by that", () => {
  const network = new Network();
  network.elect(1);
  network.isolate(3);
  network.run(400);
  network.isolate(1, 2, 3);
  network.run(100);
  network.heal();
  let ticks = 0;
  for (; network.leaders().length === 0; ticks++) network.run(1);
  assert(ticks <= 40, `${ticks} ticks`);
});

test("a candidate whose vote is not durable begins no further term, however long the sync takes", () => {
  const cluster = new SlowCluster(3, () => Infinity, { seed: 1 });
  cluster.run(500);
  for (const id of [1, 2, 3]) {
    const { term, isStateDurable, syncStallTicks } = cluster.node(id).status();
    assert(term <= 1 && (term === 0 || (!isStateDurable && syncStallTicks > 300)), `node ${id}: term ${term}`);
  }
});

test("a host that forgets persisted() has a leader all the same, which commits with the ticks", () => {
  const cluster = new SlowCluster(3, () => 1, { seed: 1 });
  cluster.callsPersisted = false;
  assert(cluster.run(200, () => (cluster.leader()?.commitIndex ?? 0) >= 1) < Infinity);
  assert(cluster.leader()!.term <= 3);
  const alone = new SlowCluster(1, () => 1, { seed: 1 });
  alone.callsPersisted = false;
  assert(alone.run(100, () => (alone.leader()?.commitIndex ?? 0) >= 1) < Infinity);
});

test("a leader whose disk hangs refuses proposals at the bound, shows it, and hands over; the others go on", () => {
  const cluster = new SlowCluster(3, () => 0, { seed: 3, maxUnsyncedBytes: 10_000 });
  cluster.run(100, () => (cluster.leader()?.commitIndex ?? 0) >= 1);
  const old = cluster.leader()!;
  const { id, term } = old;
  cluster.syncTicks = (of) => of === id ? Infinity : 0;
  let refused = 0;
  const handedOver = cluster.run(200, () => {
    try {
      if (old.role === "leader") old.propose(new Uint8Array(900));
    } catch (error) {
      assert(error instanceof ProposalRefusedError, String(error));
      refused++;
    }
    cluster.settle(id);
    assert(old.status().unsyncedBytes <= 11_000, `${old.status().unsyncedBytes} bytes`);
    return (cluster.leader()?.id ?? id) !== id;
  });
  assert(handedOver < 30 && refused > 0, `${handedOver} ticks, ${refused} refused`);
  assert(old.status().syncStallTicks > 0);
  const next = cluster.leader()!;
  assert(next.term > term);
  const { index } = next.propose(new Uint8Array(1));
  assert(cluster.run(20, () => next.commitIndex >= index) < Infinity);
});

test("a leader whose disk hangs with little to sync hands over after ten election timeouts", () => {
  const cluster = new SlowCluster(3, () => 0, { seed: 4 });
  cluster.run(100, () => (cluster.leader()?.commitIndex ?? 0) >= 1);
  const { id } = cluster.leader()!;
  cluster.syncTicks = (of) => of === id ? Infinity : 0;
  cluster.node(id).propose(new Uint8Array(1));
  cluster.settle(id);
  const ticks = cluster.run(300, () => (cluster.leader()?.id ?? id) !== id);
  assert(ticks >= 95 && ticks <= 115, `${ticks} ticks`);
});

test("a leader whose disk hangs leads no longer than an election timeout after it began to hand over in vain", () => {
  const cluster = new SlowCluster(3, () => 0, { seed: 4 });
  cluster.run(100, () => (cluster.leader()?.commitIndex ?? 0) >= 1);
  const leader = cluster.leader()!;
  const { id } = leader;
  cluster.passes = ({ type }) => type !== "timeout-now";
  cluster.syncTicks = (of) => of === id ? Infinity : 0;
  leader.propose(new Uint8Array(1));
  cluster.settle(id);
  cluster.run(300, () => leader.status().transferTarget !== null);
  assert.equal(leader.role, "leader");
  assert.equal(cluster.run(30, () => leader.role !== "leader"), 10);
  assert(cluster.run(100, () => (cluster.leader()?.id ?? id) !== id) < Infinity);
});

test("a leader whose disk hangs steps down at once if it hears no follower, and leads on if it has none", () => {
  for (const nodes of [1, 3]) {
    const cluster = new SlowCluster(nodes, () => 0, { seed: 4, checkQuorum: false });
    cluster.run(100, () => (cluster.leader()?.commitIndex ?? 0) >= 1);
    const leader = cluster.leader()!;
    cluster.passes = () => false;
    cluster.syncTicks = () => Infinity;
    leader.propose(new Uint8Array(1));
    cluster.settle(leader.id);
    const ticks = cluster.run(300, () => leader.role !== "leader");
    if (nodes === 1) assert.equal(ticks, Infinity);
    else assert(ticks >= 95 && ticks <= 115, `${ticks} ticks`);
    assert.equal(leader.status().transferTarget, null);
  }
});

test("a leader whose disk is slow, and not hanging, leads on", () => {
  const cluster = new SlowCluster(3, () => 40, { seed: 5, electionTimeoutTicks: 10 });
  cluster.run(600, () => (cluster.leader()?.commitIndex ?? 0) >= 1);
  const { id, term } = cluster.leader()!;
  for (let i = 0; i < 300; i++) {
    cluster.node(id).propose(new Uint8Array(10));
    cluster.settle(id);
    cluster.run(1);
  }
  assert.deepEqual([cluster.node(id).role, cluster.node(id).term], ["leader", term]);
});

test("a follower whose disk hangs takes no more than the bound, and goes on once the disk does", () => {
  const log = new DiskLog();
  const node = new RaftNode({ id: nodeId(1), peers: [2, 3].map(nodeId), maxUnsyncedBytes: 1000 }, log);
  const large = (index: number): Entry[] => [{ ...entriesOf(index, 1)[0]!, data: new Uint8Array(500) }];
  for (let index = 1; index <= 9; index++) node.handle(append(2, 1, 1, [index - 1, index === 1 ? 0 : 1], large(index)));
  assert.deepEqual([log.lastIndex, node.status().unsyncedBytes], [2, 1048]);
  log.beginSync();
  log.endSync();
  assert.equal(node.status().unsyncedBytes, 0);
  node.handle(append(2, 1, 1, [2, 1], large(3)));
  assert.equal(log.lastIndex, 3);
});

test("the bytes that are not durable are counted right through appends, syncs and truncations", () => {
  const log = new DiskLog();
  const node = new RaftNode({ id: nodeId(1), peers: [2, 3].map(nodeId) }, log);
  let seed = 1;
  const below = (bound: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % bound;
  for (let step = 0, term = 1; step < 2000; step++) {
    const choice = below(10);
    if (choice < 5) {
      // sometimes over what is there, in a later term: a truncation
      if (choice === 0) term++;
      const prev = Math.max(0, log.lastIndex - (choice === 0 ? below(4) : 0));
      const data = new Uint8Array(below(50));
      const entries = entriesOf(prev + 1, ...Array<number>(1 + below(3)).fill(term)).map((one) => ({ ...one, data }));
      node.handle(append(2, 1, term, [prev, log.termAt(prev as never)!], entries));
    } else if (choice < 7) log.isSyncing ? log.endSync() : log.beginSync();
    let naive = 0;
    for (let i: number = log.durableIndex + 1; i <= log.lastIndex; i++) {
      naive += 24 + log.entryAt(i as never)!.data.length;
    }
    assert.equal(node.status().unsyncedBytes, naive, `step ${step}`);
  }
});

test("entries that were counted, became durable and were compacted between two looks do not count any more", () => {
  const [one, more] = [new Uint8Array(10), new Uint8Array(20)];
  const log = { firstIndex: 1, durableIndex: 0, lastIndex: 3, entryAt: (index: number) => entryAt(index) };
  const entryAt = (index: number): unknown =>
    index < log.firstIndex || index > log.lastIndex ? undefined : { data: index < 4 ? one : more };
  const unsynced = new UnsyncedBytes(log as unknown as RaftLog);
  assert.equal(unsynced.count(), 3 * 34);
  Object.assign(log, { firstIndex: 3, durableIndex: 3, lastIndex: 4 });

  assert.equal(unsynced.count(), 44);
});

test("a follower that is probed, and whose disk is slow, is sent its entries once", () => {
  for (const slow of [1, 10, 40, 100]) {
    const cluster = new SlowCluster(3, (id) => id === 3 ? slow : 0, { seed: 7 });
    cluster.node(1).campaign();
    cluster.run(400, () => [1, 2].includes(cluster.leader()?.id ?? 0) && cluster.leader()!.commitIndex >= 1);
    const leader = cluster.leader()!;
    cluster.passes = ({ from, to }) => from !== 3 && to !== 3;
    cluster.run(1);
    leader.reportUnreachable(nodeId(3));
    for (let i = 0; i < 20; i++) {
      leader.propose(new Uint8Array(1000));
      cluster.settle(leader.id);
      cluster.run(1);
    }
    assert.equal(leader.status().followers.find(({ id }) => id === 3)!.state, "probe");
    cluster.passes = () => true;
    cluster.sent.length = 0;
    assert(cluster.run(600, () => cluster.node(3).commitIndex >= leader.status().lastIndex) < Infinity);
    const bytes = cluster.sent.reduce(
      (sum, envelope) =>
        envelope.type === "append-request" && envelope.to === 3 ? sum + dataBytes(envelope.entries) : sum,
      0,
    );
    assert.equal(bytes, 20_000, `syncs of ${slow} ticks`);
  }
});

test("a probe that was lost is sent again", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.isolate(3);
  leader.reportUnreachable(nodeId(3));
  network.propose(1, 1, 2, 3);
  network.run(3);
  network.heal();
  let lost = 0;
  network.passes = (envelope) =>
    !(envelope.type === "append-request" && envelope.to === 3 && envelope.entries.length > 0 && lost++ < 2);
  network.run(8);
  assert(lost > 2);
  assert.deepEqual(network.appliedBytes(3), [1, 2, 3]);
});

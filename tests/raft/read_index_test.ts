// Linearizable reads without the log: dissertation, section 6.4; leases, section 6.4.1.
import { test } from "node:test";
import assert from "node:assert/strict";
import { type Envelope, leaseTicks, logIndex, MemLog, nodeId, type RaftConfig, RaftNode } from "../../raft/mod.ts";
import { header, heartbeat, logOfTerms, Network, only, preVoteRequest, voteRequest } from "./network.ts";

const leases = { leaseReads: true };

/** A leader of three or more with a committed noop, whose messages the test carries by hand. */
function leader(config: Partial<RaftConfig> = {}, nodes = 3): { network: Network; node: RaftNode } {
  const network = new Network({ nodes, config });
  return { network, node: network.elect(1) };
}

const echo = (from: number, round: number, sentAtTick = 0): Envelope => ({
  type: "heartbeat-response",
  ...header(from, 1, 1),
  round,
  sentAtTick,
  vouchedIndex: null,
});
const roundOf = (envelopes: readonly Envelope[]): number => {
  const rounds = new Set(
    envelopes.filter((envelope) => envelope.type === "heartbeat-request").map(({ round }) => round),
  );
  assert.equal(rounds.size, 1);
  return [...rounds][0]!;
};

test("a read is confirmed by a quorum of echoes of its own round, and not before (fault 3 of kaya-raft)", () => {
  const { node } = leader({}, 5);
  const round = roundOf(node.readIndex(41));
  node.handle(echo(2, round));
  node.handle(echo(2, round)); // repeated
  assert.deepEqual(node.drainReads(), []);
  node.handle(echo(3, round));
  assert.deepEqual(node.drainReads(), [{ context: 41, index: 1 }]);
  assert.deepEqual(node.drainReads(), []);
});

test("an echo of an earlier round, of another term, or of a round that never was confirms nothing (fault 3 of kaya-raft)", () => {
  const { node } = leader();
  const earlier = roundOf(node.tick());
  const round = roundOf(node.readIndex(41));
  assert(round > earlier);
  node.handle(echo(2, earlier));
  node.handle({ ...echo(2, round), term: 0 as never });
  node.handle(echo(2, round + 7));
  assert.deepEqual(node.drainReads(), []);
  node.handle(echo(2, round));
  assert.deepEqual(node.drainReads(), [{ context: 41, index: 1 }]);
});

test("a read waits until the leader has committed in its own term (fault 3 of kaya-raft; etcd's TestReadOnlyForNewLeader)", () => {
  const logs = [1, 2, 3].map(() => logOfTerms([1, 1, 1], 1));
  const network = new Network({ log: (id) => logs[id - 1]! });
  network.passes = ({ type }) => type !== "append-request";
  const node = network.elect(1);
  network.send(node.readIndex(41));
  network.run(3);
  assert.deepEqual([node.drainReads(), node.commitIndex, node.status().pendingReads], [[], 0, 1]);
  network.heal();
  network.run(3);
  assert.deepEqual(node.drainReads(), [{ context: 41, index: 4 }]);
});

test("all reads that come while a round is under way share the next one", () => {
  const { node } = leader();
  const first = roundOf(node.readIndex(1));
  for (const context of [2, 3, 4]) assert.deepEqual(node.readIndex(context), []);
  const second = roundOf(node.handle(echo(2, first)));
  assert.deepEqual(node.drainReads(), [{ context: 1, index: 1 }]);
  assert.deepEqual(node.handle(echo(3, first)), []);
  node.handle(echo(3, second));
  assert.deepEqual(node.drainReads().map(({ context }) => context), [2, 3, 4]);
});

test("a round whose messages are lost is made up for by the next heartbeat", () => {
  const { node } = leader();
  node.readIndex(1);
  node.readIndex(2);
  node.handle(echo(2, roundOf(node.tick())));
  assert.deepEqual(node.drainReads().map(({ context }) => context), [1, 2]);
});

test("a follower's read is sent on to the leader, and confirmed there (section 6.4)", () => {
  const { network } = leader();
  network.propose(1, 7);
  network.send(network.node(2).readIndex(41));
  network.settle();
  assert.deepEqual(network.node(2).drainReads(), [{ context: 41, index: 2 }]);
  assert.equal(network.node(2).commitIndex, 2);
});

test("a follower's read request counts towards its own read, not towards a read that the leader has taken since", () => {
  const { network, node } = leader();
  const asked = only(network.node(2).readIndex(20), "read-request");
  const round = roundOf(node.readIndex(10));
  assert.deepEqual(node.handle(asked).map(({ type }) => type), ["read-response"]);
  assert.deepEqual([node.drainReads(), node.status().pendingReads], [[], 1]);
  node.handle(echo(3, round));
  assert.deepEqual(node.drainReads(), [{ context: 10, index: 1 }]);
});

test("a follower that asks and the leader must be a quorum of both halves of a joint configuration", () => {
  const network = new Network();
  const node = network.elect(1);
  network.start(4, [], new MemLog(), { join: true });
  node.proposeChange({ type: "simple", changes: [{ type: "add-learner", node: nodeId(4) }] });
  network.settle();
  const [asked2, asked3] = [2, 3].map((id) => only(network.node(id).readIndex(20), "read-request"));
  const changes = [{ type: "add-voter", node: nodeId(4) }, { type: "remove", node: nodeId(2) }] as const;
  node.proposeChange({ type: "enter-joint", changes, autoLeave: false });
  assert.equal(node.handle(asked2!).some(({ type }) => type === "read-response"), false);
  assert.equal(node.handle(asked3!).some(({ type }) => type === "read-response"), true);
});

test("a learner may read, but its echo confirms nothing (etcd's TestReadOnlyWithLearner)", () => {
  const network = new Network();
  network.elect(1);
  network.start(4, [], new MemLog(), { join: true });
  network.node(1).proposeChange({ type: "simple", changes: [{ type: "add-learner", node: nodeId(4) }] });
  network.settle();
  network.send(network.node(4).readIndex(41));
  network.settle();
  assert.deepEqual(network.node(4).drainReads(), [{ context: 41, index: 2 }]);
  network.isolate(2, 3);
  network.send(network.node(1).readIndex(42));
  network.run(3);
  assert.deepEqual(network.node(1).drainReads(), []);
});

test("a read is refused at once if no leader is known, and after a timeout if the leader does not answer", () => {
  const network = new Network();
  network.node(2).readIndex(40);
  assert.deepEqual(network.node(2).drainReads(), [{ context: 40, index: null }]);
  network.elect(1);
  network.node(2).readIndex(41); // lost
  for (let ticks = 0; ticks < 9; ticks++) network.tick(2);
  assert.deepEqual(network.node(2).drainReads(), []);
  network.tick(2);
  assert.deepEqual(network.node(2).drainReads(), [{ context: 41, index: null }]);
});

test("a leader that steps down gives up its reads, and a late answer to a read that was given up is ignored", () => {
  const { network, node } = leader();
  node.readIndex(1);
  node.handle(heartbeat(2, 1, 5));
  assert.deepEqual(node.drainReads(), [{ context: 1, index: null }]);
  const asked = only(node.readIndex(2), "read-request");
  node.handle(heartbeat(3, 1, 6));
  assert.deepEqual(node.drainReads(), [{ context: 2, index: null }]);
  const { readId, context } = asked;
  node.handle({ type: "read-response", ...header(2, 1, 6), readId, context, index: logIndex(0) });
  node.handle({ type: "read-response", ...header(2, 1, 5), readId, context, index: logIndex(0) });
  assert.deepEqual(node.drainReads(), []);
  assert.equal(network.node(2).role, "follower");
});

test("an answer to a read of the node's previous life is not taken for one of this life", () => {
  const start = (seed: number): RaftNode =>
    new RaftNode({ id: nodeId(2), peers: [nodeId(1), nodeId(3)], seed }, logOfTerms([1]));
  const lives = [1, 2].map((seed) => {
    const node = start(seed);
    node.handle(heartbeat(1, 2, 1));
    return { node, asked: only(node.readIndex(1), "read-request") };
  });
  assert.notEqual(lives[0]!.asked.readId, lives[1]!.asked.readId);
  lives[1]!.node.handle({
    ...lives[0]!.asked,
    type: "read-response",
    from: nodeId(1),
    to: nodeId(2),
    index: logIndex(0),
  });
  assert.deepEqual(lives[1]!.node.drainReads(), []);
});

test("the number of reads under way is bounded", () => {
  const refused: string[] = [];
  const readRefused = (context: number, why: string) => refused.push(`${context}: ${why}`);
  const { node } = leader({ maxPendingReads: 2, tracer: { readRefused } });
  for (const context of [1, 2, 3]) node.readIndex(context);
  assert.deepEqual(node.drainReads(), [{ context: 3, index: null }]);
  assert.deepEqual(refused, ["3: too many reads are under way"]);
});

test("a sole voter confirms its reads at once", () => {
  const network = new Network({ nodes: 1 });
  network.elect(1).readIndex(5);
  assert.deepEqual(network.node(1).drainReads(), [{ context: 5, index: 1 }]);
});

test("a read that waited for others is confirmed once the leader has become the sole voter", () => {
  const { network, node } = leader({ checkQuorum: false }, 2);
  network.isolate(2);
  node.readIndex(5);
  node.proposeChange({ type: "simple", changes: [{ type: "remove", node: nodeId(2) }] });
  network.run(1);
  assert.deepEqual(node.drainReads(), [{ context: 5, index: 1 }]);
});

test("with a lease a read takes no round, until the lease has lapsed (section 6.4.1)", () => {
  const { network, node } = leader(leases);
  network.run(1);
  assert.deepEqual(node.readIndex(1), []);
  assert.deepEqual(node.drainReads(), [{ context: 1, index: 1 }]);
  const lastEchoed = node.tick(); // and now nothing comes back any more
  assert(lastEchoed.length > 0);
  for (let ticks = 0; ticks < leaseTicks(10) - 2; ticks++) node.tick();
  assert.deepEqual(node.readIndex(2), []);
  assert.deepEqual(node.drainReads(), [{ context: 2, index: 1 }]);
  node.tick();
  assert(node.readIndex(3).length > 0);
  assert.deepEqual(node.drainReads(), []);
});

test("a lease counts from the sending of the heartbeat, not from its echo", () => {
  const { node } = leader(leases);
  const beat = node.tick().find(({ to }) => to === 2)!;
  assert.equal(beat.type, "heartbeat-request");
  for (let ticks = 0; ticks < leaseTicks(10); ticks++) node.tick();
  node.handle(echo(2, 1, 1));
  assert(node.readIndex(1).length > 0, "the echo is too old to be a promise");
});

test("a lease needs a commit of the term too", () => {
  const network = new Network({ config: leases });
  network.passes = ({ type }) => type !== "append-request";
  const node = network.elect(1);
  network.run(2);
  node.readIndex(1);
  assert.deepEqual([node.drainReads(), node.status().pendingReads], [[], 1]);
});

test("once a TimeoutNow was sent there is no lease for the rest of the term, transfer aborted or not", () => {
  const { network, node } = leader(leases);
  network.run(2);
  network.passes = ({ type }) => type !== "timeout-now";
  network.send(node.transferLeadership(nodeId(2)));
  network.run(15);
  assert.deepEqual([node.role, node.status().transferTarget], ["leader", null]);
  assert(node.readIndex(1).length > 0, "the read takes a round");
  // nor does it come back with the next heartbeats; a new term has one again
  network.run(5);
  assert.deepEqual(node.drainReads(), [{ context: 1, index: 1 }]);
  assert(node.readIndex(2).length > 0);
  network.heal();
  network.send(node.transferLeadership(nodeId(2)));
  network.run(2);
  assert.deepEqual([network.node(2).role, network.node(2).readIndex(3)], ["leader", []]);
});

test("with leases, a restarted voter gives no vote for an election timeout", () => {
  const start = (config: Partial<RaftConfig>, log: MemLog): RaftNode =>
    new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)], ...config }, log);
  const requests = [
    voteRequest(2, 1, 5, [9, 4]),
    voteRequest(2, 1, 5, [9, 4], true),
    voteRequest(2, 1, 4, [9, 4]),
    preVoteRequest(2, 1, 5, [9, 4]),
  ];
  for (const request of requests) {
    const node = start(leases, logOfTerms([1], 4));
    for (let ticks = 0; ticks < 10; ticks++) {
      assert.deepEqual(node.handle(request), [], `after ${ticks} ticks`);
      assert.equal(node.term, 4);
      node.tick();
    }
    assert.equal(node.handle(request).length, 1);
    // without leases, and for a node that never lived, there is no promise to be kept
    assert.equal(start({}, logOfTerms([1], 4)).handle(request).length, 1);
    assert.equal(start(leases, new MemLog()).handle(request).length, 1);
  }
});

test("a voter that has learned of a later term still keeps its word to the leader that it heard, who may hold a lease on it", () => {
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)], ...leases }, logOfTerms([1], 4));
  for (let ticks = 0; ticks < 10; ticks++) node.tick(); // the restart's own silence
  node.campaign();
  node.handle(heartbeat(2, 1, 4));
  node.handle({ type: "pre-vote-response", ...header(3, 1, 5), granted: false }); // late
  assert.deepEqual([node.term, node.leader], [5, null]);
  for (let ticks = 0; ticks < 10; ticks++) {
    for (const term of [5, 6]) assert.deepEqual(node.handle(voteRequest(3, 1, term, [9, 4])), []);
    assert.deepEqual(node.campaign(), [], "its own vote is part of its word");
    node.tick();
  }
  assert.equal(only(node.handle(voteRequest(3, 1, 5, [9, 4])), "vote-response").granted, true);
});

test("leases without checkQuorum are refused", () => {
  assert.throws(() => new RaftNode({ id: nodeId(1), peers: [], leaseReads: true, checkQuorum: false }), RangeError);
});

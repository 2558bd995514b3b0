// Elections: Raft, sections 5.2 and 5.4.1; PreVote, dissertation, section 9.6; CheckQuorum and loyalty, sections 6.2
// and 4.2.3.
import { test } from "node:test";
import assert from "node:assert/strict";
import { type Envelope, MemLog, type NodeId, nodeId, RaftNode } from "../../raft/mod.ts";
import {
  append,
  entriesOf,
  header,
  heartbeat,
  logOfTerms,
  Network,
  only,
  preVoteRequest,
  voteRequest,
  voteResponse,
} from "./network.ts";
import { logOf } from "./network.ts";

const paper = { preVote: false, checkQuorum: false };
const peersOf = (id: number, count = 3): NodeId[] =>
  Array.from({ length: count }, (_, i) => nodeId(i + 1)).filter((peer) => peer !== id);

function ticksUntil(node: RaftNode, isSo: () => boolean, most = 1000): number {
  for (let ticks = 1; ticks <= most; ticks++) {
    node.tick();
    if (isSo()) return ticks;
  }
  return assert.fail(`not within ${most} ticks`);
}

test("a cluster elects one leader, which commits a noop and then commands on all nodes (section 5.2)", () => {
  const network = new Network();
  network.run(40);
  assert.equal(network.leaders().length, 1);
  const leader = network.leaders()[0]!;
  network.propose(leader.id, 7, 8);
  for (const id of [1, 2, 3]) {
    assert.deepEqual(network.appliedBytes(id), [7, 8]);
    assert.equal(logOf(network.log(id)), `${leader.term} ${leader.term}:7 ${leader.term}:8`);
  }
});

test("election timeouts are drawn from one to two times the setting, and anew for each term (fault 8 of kaya-raft; section 5.2)", () => {
  const drawn = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const node = new RaftNode({ id: nodeId(1), peers: peersOf(1), seed, ...paper });
    const first = ticksUntil(node, () => node.role === "candidate");
    const second = ticksUntil(node, () => node.term === 2);
    for (const ticks of [first, second]) {
      assert(ticks >= 10 && ticks < 20, `${ticks} ticks`);
      drawn.add(ticks);
    }
  }
  assert.equal(drawn.size, 10);
});

test("nodes with the same seed draw different timeouts", () => {
  const first = [1, 2, 3, 4, 5].map((id) => {
    const node = new RaftNode({ id: nodeId(id), peers: peersOf(id, 5), seed: 7, ...paper });
    return ticksUntil(node, () => node.role === "candidate");
  });
  assert(new Set(first).size > 1, `all campaign after ${first[0]} ticks`);
});

test("a candidate votes for itself, asks all voters, and counts its own vote as one (section 5.2)", () => {
  const log = new MemLog();
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1), ...paper }, log);
  const asked = node.campaign();
  assert.deepEqual(asked.map(({ type, to, afterSync }) => [type, to, afterSync]), [["vote-request", 2, true], [
    "vote-request",
    3,
    true,
  ]]);
  assert.deepEqual(log.state, { term: 1, votedFor: 1 });
  assert.equal(node.role, "candidate");
  node.handle(voteResponse(2, 1, 1, true));
  assert.equal(node.role, "leader");
});

test("a repeated vote counts once, and a vote of another term not at all (section 5.2)", () => {
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1, 5), ...paper });
  node.campaign();
  node.handle(voteResponse(2, 1, 1, true));
  node.handle(voteResponse(2, 1, 1, true));
  node.campaign();
  node.handle(voteResponse(3, 1, 1, true));
  node.handle(voteResponse(4, 1, 1, true));
  node.handle(voteResponse(5, 1, 2, true));
  assert.deepEqual([node.role, node.term], ["candidate", 2]);
});

test("a node votes once a term, first come, first served, and says the same again (section 5.2)", () => {
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1), ...paper });
  const answer = (from: number): boolean => only(node.handle(voteRequest(from, 1, 4, [0, 0])), "vote-response").granted;
  assert.deepEqual([answer(2), answer(3), answer(2)], [true, false, true]);
  assert.equal(node.status().votedFor, 2);
});

test("a vote outlives a restart, and leaves only after a sync (figure 2)", () => {
  const log = new MemLog();
  const answer = only(
    new RaftNode({ id: nodeId(1), peers: peersOf(1) }, log).handle(voteRequest(2, 1, 4, [0, 0])),
    "vote-response",
  );
  assert.deepEqual([answer.granted, answer.afterSync], [true, true]);
  const restarted = new RaftNode({ id: nodeId(1), peers: peersOf(1) }, log);
  assert.equal(only(restarted.handle(voteRequest(3, 1, 4, [9, 3])), "vote-response").granted, false);
});

test("a vote goes only to a log that is at least as up to date: by the last term, then by length (section 5.4.1)", () => {
  const granted = (last: [number, number]): boolean => {
    const node = new RaftNode({ id: nodeId(1), peers: peersOf(1), ...paper }, logOfTerms([1, 1, 3]));
    return only(node.handle(voteRequest(2, 1, 4, last)), "vote-response").granted;
  };
  assert.deepEqual([granted([3, 3]), granted([4, 3]), granted([1, 4])], [true, true, true]);
  assert.deepEqual([granted([2, 3]), granted([9, 2]), granted([0, 0])], [false, false, false]);
});

test("a higher term makes a follower of anyone, a lower one is answered with the own (section 5.1)", () => {
  const network = new Network({ config: paper });
  const leader = network.elect(1);
  const answer = only(leader.handle(voteRequest(2, 1, 0, [9, 9])), "vote-response");
  assert.deepEqual([answer.term, answer.granted, leader.role], [1, false, "leader"]);
  leader.handle(voteRequest(2, 1, 9, [0, 0]));
  assert.deepEqual([leader.role, leader.term, leader.leader], ["follower", 9, null]);
});

test("a follower that only learns of a higher term keeps waiting for the time it already had (section 5.2)", () => {
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1), ...paper }, logOfTerms([1, 1]));
  for (let ticks = 0; ticks < 9; ticks++) node.tick();
  node.handle(voteRequest(2, 1, 5, [1, 1]));
  assert(ticksUntil(node, () => node.role === "candidate") <= 10);
});

test("a candidate that hears a leader of its term follows it (section 5.2)", () => {
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1), ...paper });
  node.campaign();
  node.handle(append(2, 1, 1, [0, 0], []));
  assert.deepEqual([node.role, node.leader], ["follower", 2]);
});

test("a second leader of one term is not believed: Raft proves it impossible, so that its message is forged", () => {
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1) });
  node.handle(append(2, 1, 1, [0, 0], []));
  for (const forged of [append(3, 1, 1, [0, 0], entriesOf(1, 1)), heartbeat(3, 1, 1), append(1, 1, 1, [0, 0], [])]) {
    assert.deepEqual(node.handle(forged), []);
  }
  assert.deepEqual([node.leader, node.status().lastIndex], [2, 0]);
});

test("a split vote is decided by the next one: dueling candidates do not stay so (section 5.2; etcd's TestDuelingCandidates)", () => {
  const network = new Network({ config: paper });
  network.passes = ({ from, to }) => from + to !== 4; // 1 and 3 do not hear each other
  network.send(network.node(1).campaign());
  network.send(network.node(3).campaign());
  network.settle();
  assert.deepEqual([network.node(1).role, network.node(3).role], ["leader", "candidate"]);
  network.heal();
  network.send(network.node(3).campaign());
  network.settle();
  // 3 has begun a term, but its log is behind: nobody votes for it, and 1 has stepped down
  assert.deepEqual([1, 2, 3].map((id) => network.node(id).role), ["follower", "follower", "follower"]);
  assert.deepEqual([1, 2, 3].map((id) => network.node(id).term), [2, 2, 2]);
});

test("PreVote: with dueling candidates no term is spent, and no leader disturbed (section 9.6; etcd's TestDuelingPreCandidates)", () => {
  const network = new Network();
  network.passes = ({ from, to }) => from + to !== 4;
  network.elect(1);
  network.send(network.node(3).campaign());
  network.settle();
  network.heal();
  network.send(network.node(3).campaign());
  network.settle();
  assert.deepEqual([1, 2, 3].map((id) => network.node(id).term), [1, 1, 0]);
  network.run(1);
  assert.deepEqual([1, 2, 3].map((id) => network.node(id).leader), [1, 1, 1]);
});

test("a split pre-vote ends in a leader all the same (etcd's TestPreVoteWithSplitVote)", () => {
  const network = new Network({ config: { checkQuorum: false } });
  network.elect(1);
  network.isolate(1);
  network.send(network.node(2).campaign());
  network.send(network.node(3).campaign());
  network.settle();
  network.run(60);
  const leaders = network.leaders().filter((node) => node.id !== 1);
  assert.equal(leaders.length, 1);
  assert(leaders[0]!.term > 1);
});

test("a pre-vote changes neither the term, nor the vote, nor the timeout of the node that answers it (section 9.6)", () => {
  const log = logOfTerms([1], 3);
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1), seed: 1 }, log);
  const twin = new RaftNode({ id: nodeId(1), peers: peersOf(1), seed: 1 }, logOfTerms([1], 3));
  for (let i = 0; i < 9; i++) {
    const answer = only(node.handle(preVoteRequest(2, 1, 4, [1, 1])), "pre-vote-response");
    assert.deepEqual([answer.granted, answer.term], [true, 4]);
    node.tick();
    twin.tick();
  }
  assert.deepEqual(log.state, { term: 3, votedFor: null });
  assert.equal(
    ticksUntil(node, () => node.role === "pre-candidate"),
    ticksUntil(twin, () => twin.role === "pre-candidate"),
  );
});

test("a pre-vote is refused to a log that is behind, and the refusal names the voter's term (section 9.6)", () => {
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1) }, logOfTerms([1, 2], 7));
  const behind = only(node.handle(preVoteRequest(2, 1, 8, [1, 1])), "pre-vote-response");
  assert.deepEqual([behind.granted, behind.term], [false, 7]);
  const candidate = new RaftNode({ id: nodeId(2), peers: peersOf(2) }, logOfTerms([1], 4));
  candidate.campaign();
  candidate.handle(behind as Envelope);
  assert.deepEqual([candidate.role, candidate.term], ["follower", 7]);
});

test("refusals of a majority end a pre-campaign, late grants of another term do not count (section 9.6)", () => {
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1, 5) }, logOfTerms([1], 4));
  const response = (from: number, term: number, granted: boolean): Envelope => ({
    type: "pre-vote-response",
    ...header(from, 1, term),
    granted,
  });
  node.campaign();
  node.handle(response(2, 9, true));
  node.handle(response(3, 9, true));
  assert.deepEqual([node.role, node.term], ["pre-candidate", 4]);
  for (const from of [2, 3, 4]) node.handle(response(from, 4, false));
  assert.equal(node.role, "follower");
});

test("a node that was cut off does not raise its term, and does not disturb when it comes back (section 9.6; etcd's TestDisruptiveFollowerPreVote)", () => {
  const network = new Network();
  network.elect(1);
  network.isolate(3);
  network.run(100);
  assert.deepEqual([network.node(3).term, network.node(3).role], [1, "pre-candidate"]);
  network.heal();
  network.run(40);
  assert.deepEqual([1, 2, 3].map((id) => [network.node(id).term, network.node(id).leader]), [[1, 1], [1, 1], [1, 1]]);
});

test("a voter that hears a leader ignores campaigns, an election timeout later it does not (section 4.2.3)", () => {
  const node = new RaftNode({ id: nodeId(1), peers: peersOf(1) });
  node.handle(heartbeat(2, 1, 1));
  for (let ticks = 0; ticks < 9; ticks++) node.tick();
  assert.deepEqual(node.handle(voteRequest(3, 1, 5, [9, 9])), []);
  assert.deepEqual(node.handle(preVoteRequest(3, 1, 5, [9, 9])), []);
  assert.equal(node.term, 1);
  node.tick();
  assert.equal(only(node.handle(preVoteRequest(3, 1, 5, [9, 9])), "pre-vote-response").granted, true);
  assert.equal(only(node.handle(voteRequest(3, 1, 5, [9, 9])), "vote-response").granted, true);
});

test("a leader is loyal to itself", () => {
  const network = new Network();
  const leader = network.elect(1);
  assert.deepEqual(leader.handle(voteRequest(3, 1, 9, [9, 9])), []);
  assert.deepEqual([leader.role, leader.term], ["leader", 1]);
});

test("a leader that does not hear from a quorum for an election timeout steps down (section 6.2)", () => {
  const network = new Network({ nodes: 5 });
  network.elect(1);
  network.isolate(1, 2);
  network.run(20);
  assert.deepEqual([network.node(1).role, network.node(1).term], ["follower", 1]);
  const kept = new Network({ nodes: 5 });
  kept.elect(1);
  kept.isolate(4, 5);
  kept.run(60);
  assert.deepEqual([kept.node(1).role, kept.node(1).term], ["leader", 1]);
});

test("a candidate stuck in a higher term is freed: its leader learns the term from its answer (etcd's TestFreeStuckCandidateWithCheckQuorum)", () => {
  const network = new Network({ config: { preVote: false } });
  network.elect(1);
  network.isolate(3);
  network.send(network.node(3).campaign());
  network.settle();
  assert.equal(network.node(3).term, 2);
  network.heal();
  network.send(network.node(3).campaign());
  network.settle();
  assert.deepEqual([network.node(1).role, network.node(3).term], ["leader", 3]);
  network.tick(1);
  network.settle();
  assert.deepEqual([network.node(1).role, network.node(1).term], ["follower", 3]);
  network.run(60);
  const [leader] = network.leaders();
  assert([1, 2, 3].every((id) => network.node(id).leader === leader!.id && network.node(id).term === leader!.term));
});

test("a removed node that was not told does not disturb the others (section 4.2.3)", () => {
  for (const preVote of [true, false]) {
    const network = new Network({ nodes: 4, config: { preVote } });
    network.elect(1);
    network.isolate(4);
    network.node(1).proposeChange({ type: "simple", changes: [{ type: "remove", node: nodeId(4) }] });
    network.settle();
    network.heal();
    network.run(100);
    assert.deepEqual([1, 2, 3].map((id) => [network.node(id).term, network.node(id).leader]), [[1, 1], [1, 1], [1, 1]]);
    assert(network.node(4).role !== "leader");
  }
});

test("a message to another node, from nobody known, or from a learner's vote is harmless", () => {
  const network = new Network();
  const leader = network.elect(1);
  const before = JSON.stringify(leader.status());
  assert.deepEqual(leader.handle(heartbeat(2, 3, 9)), []);
  const { term } = leader;
  const from9 = header(9, 1, term);
  const strangers: Envelope[] = [
    {
      type: "append-response",
      ...from9,
      success: true,
      index: leader.commitIndex,
      hintIndex: leader.commitIndex,
      hintTerm: term,
      round: 1,
    },
    {
      type: "append-response",
      ...header(9, 1, 77),
      success: false,
      index: leader.commitIndex,
      hintIndex: leader.commitIndex,
      hintTerm: term,
      round: 1,
    },
    { type: "heartbeat-response", ...from9, round: 1, sentAtTick: 1, vouchedIndex: null },
    {
      ...{ type: "snapshot-response", ...from9, snapshotIndex: leader.commitIndex, received: 1, written: 1 } as const,
      ...{ isGap: false, refusal: null },
    },
    { type: "vote-response", ...from9, granted: true },
    { type: "pre-vote-response", ...from9, granted: false },
    { type: "read-request", ...from9, readId: 1, context: 1, confirmation: "quorum" },
    { type: "read-response", ...from9, readId: 1, context: 1, index: null },
    { type: "timeout-now", ...from9 },
  ];
  for (const stranger of strangers) assert.deepEqual(leader.handle(stranger), [], stranger.type);
  assert.equal(JSON.stringify(leader.status()), before);
  const candidate = new RaftNode({ id: nodeId(1), peers: peersOf(1), ...paper });
  candidate.campaign();
  for (const id of [7, 8, 9]) candidate.handle(voteResponse(id, 1, 1, true));
  assert.equal(candidate.role, "candidate");
});

test("a new leader overwrites newer logs of a minority (etcd's TestLeaderElectionOverwriteNewerLogs)", () => {
  // 1 won term 1; 3 won term 2 and replicated nowhere; 2 and 4 have voted in term 2
  const logs = [[1], [1], [2], [], []].map((terms) => logOfTerms(terms, 2));
  const network = new Network({ nodes: 5, config: paper, log: (id) => logs[id - 1]! });
  network.isolate(3);
  network.elect(1);
  network.heal();
  network.run(2);
  for (const id of [1, 2, 3, 4, 5]) assert.equal(logOf(network.log(id)), "1:1 3");
});

test("messages of earlier terms change nothing (etcd's TestOldMessages)", () => {
  const network = new Network({ config: paper });
  network.elect(1);
  network.elect(2);
  network.elect(1);
  network.deliver(append(2, 1, 2, [2, 2], entriesOf(3, 2)));
  network.settle();
  network.propose(1, 9);
  for (const id of [1, 2, 3]) assert.equal(logOf(network.log(id)), "1 2 3 3:9");
});

test("a sole voter elects itself and commits alone, with a learner beside it", () => {
  const network = new Network({ nodes: 1 });
  network.run(20);
  assert.equal(network.node(1).role, "leader");
  network.node(1).proposeChange({ type: "simple", changes: [{ type: "add-learner", node: nodeId(2) }] });
  network.start(2, [], new MemLog(), { join: true });
  network.settle();
  network.propose(1, 5);
  network.run(2);
  assert.deepEqual([network.appliedBytes(1), network.appliedBytes(2)], [[5], [5]]);
});

// Log replication: Raft, section 5.3, and the commit rule of section 5.4.2, with figures 7 and 8.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  type AppendRequest,
  type AppendResponse,
  configurationOf,
  encodeConfiguration,
  type Envelope,
  logIndex,
  MemLog,
  type NodeId,
  nodeId,
  NotLeaderError,
  ProposalRefusedError,
  RaftNode,
  type Term,
} from "../../raft/mod.ts";
import { createRandom } from "../../raft/random.ts";
import { append, entriesOf, header, heartbeat, logOf, logOfTerms, Network, only } from "./network.ts";

const paper = { preVote: false, checkQuorum: false };
const peers: NodeId[] = [nodeId(2), nodeId(3)];

function follower(terms: readonly number[], nodeTerm?: number): { node: RaftNode; log: MemLog } {
  const log = logOfTerms(terms, nodeTerm);
  return { node: new RaftNode({ id: nodeId(1), peers }, log), log };
}

function answer(node: RaftNode, request: AppendRequest): AppendResponse {
  return only(node.handle(request), "append-response");
}

function appended(from: number, to: number, term: number, index: number): AppendResponse {
  return {
    type: "append-response",
    ...header(from, to, term),
    success: true,
    index: logIndex(index),
    hintIndex: logIndex(0),
    hintTerm: 0 as Term,
    round: 1,
  };
}

test("a follower appends only where its log matches at prevLogIndex (section 5.3)", () => {
  const { node, log } = follower([1, 1, 2]);
  assert.equal(answer(node, append(2, 1, 3, [4, 2], entriesOf(5, 3))).success, false);
  assert.equal(answer(node, append(2, 1, 3, [3, 3], entriesOf(4, 3))).success, false);
  assert.equal(logOf(log), "1:1 1:2 2:3");
  assert.equal(answer(node, append(2, 1, 3, [3, 2], entriesOf(4, 3))).success, true);
  assert.equal(logOf(log), "1:1 1:2 2:3 3:4");
});

test("a conflicting entry and all that follow it are dropped (section 5.3)", () => {
  const { node, log } = follower([1, 1, 2, 2, 2]);
  answer(node, append(2, 1, 3, [2, 1], entriesOf(3, 3)));
  assert.equal(logOf(log), "1:1 1:2 3:3");
});

test("a late or repeated append drops nothing that does not conflict (section 5.3)", () => {
  const { node, log } = follower([1, 1, 1, 1]);
  assert.equal(answer(node, append(2, 1, 1, [1, 1], entriesOf(2, 1))).index, 2);
  answer(node, append(2, 1, 1, [0, 0], []));
  assert.equal(logOf(log), "1:1 1:2 1:3 1:4");
});

test("a follower acknowledges prevLogIndex and the entries sent, not the end of its log (fault 6 of kaya-raft)", () => {
  const { node } = follower([1, 1, 1, 1]);
  assert.equal(answer(node, append(2, 1, 2, [1, 1], [])).index, 1);
  assert.equal(answer(node, append(2, 1, 2, [1, 1], entriesOf(2, 1))).index, 2);
});

test("a follower commits no further than the last entry that the message vouches for (figure 2)", () => {
  const { node } = follower([1, 1, 1]);
  answer(node, append(2, 1, 2, [1, 1], [], 3));
  assert.equal(node.commitIndex, 1);
  answer(node, append(2, 1, 2, [1, 1], entriesOf(2, 2), 9));
  assert.equal(node.commitIndex, 2);
});

test("an append of an earlier term is refused with the newer term (section 5.1)", () => {
  const { node, log } = follower([1], 5);
  const refusal = answer(node, append(2, 1, 4, [1, 1], entriesOf(2, 4)));
  assert.deepEqual([refusal.success, refusal.term], [false, 5]);
  assert.equal(log.lastIndex, 1);
});

test("an append that overlaps the compacted prefix leaves the tail alone (fault 4 of kaya-raft)", () => {
  const { node, log } = follower([1, 1, 1, 1, 1]);
  answer(node, append(2, 1, 1, [5, 1], [], 5));
  node.drainApplied();
  node.compact(logIndex(3), log.stage(new Uint8Array(1)));
  for (const [prev, count] of [[0, 2], [0, 5], [1, 3], [2, 1]] as const) {
    const request = append(
      2,
      1,
      1,
      [prev, prev === 0 ? 0 : 1],
      entriesOf(prev + 1, ...Array<number>(count).fill(1)),
      5,
    );
    assert.deepEqual([answer(node, request).success, answer(node, request).index], [true, prev + count]);
    assert.deepEqual([log.firstIndex, log.lastIndex], [4, 5]);
  }
  answer(node, append(2, 1, 1, [2, 1], entriesOf(3, 1, 1, 1, 1), 6));
  assert.equal(logOf(log), "1:4 1:5 1:6");
});

test("an append that would drop a committed entry drops nothing, and no heartbeat commits what nobody vouched for", () => {
  const { node, log } = follower([1, 1]);
  answer(node, append(2, 1, 1, [2, 1], [], 2));
  const forged = append(2, 1, 2, [0, 0], entriesOf(1, 2, 2, 2));
  answer(node, forged); // what is committed is not even compared
  assert.equal(logOf(log), "1:1 1:2 2:3");
  node.handle(heartbeat(2, 1, 2, 9));
  assert.deepEqual([node.commitIndex, node.status().lastIndex], [3, 3]);
});

test("figure 7: a new leader makes every follower's log its own", () => {
  const leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followers = [
    [1, 1, 1, 4, 4, 5, 5, 6, 6],
    [1, 1, 1, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    [1, 1, 1, 4, 4, 4, 4],
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  ];
  const logs = [leader, ...followers].map((terms) => logOfTerms(terms, 7));
  const network = new Network({ nodes: 7, config: paper, log: (id) => logs[id - 1]! });
  network.send(network.node(1).campaign());
  network.settle();
  // c and d are more up to date, and the other four vote
  const votes = network.sent.filter((envelope) => envelope.type === "vote-response");
  assert.deepEqual(votes.map(({ from, granted }) => [from, granted]), [[2, true], [3, true], [4, false], [5, false], [
    6,
    true,
  ], [7, true]]);
  for (const log of logs) assert.equal(logOf(log), "1:1 1:2 1:3 4:4 4:5 5:6 5:7 6:8 6:9 6:10 8");
  assert([1, 2, 3, 4, 5, 6, 7].every((id) => network.node(id).commitIndex === 11));
});

test("figure 7: each follower is brought in line with at most three refusals, whatever its length (fast back-off, section 5.3)", () => {
  const followers = [[1, 1, 1, 4], [1, 1, 1, 4, 4, 4, 4], [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]];
  for (const terms of followers) {
    const logs = [logOfTerms([1, 1, 1, 4, 4, 5, 5, 6, 6, 6], 7), logOfTerms(terms, 7)];
    const network = new Network({ nodes: 2, config: paper, log: (id) => logs[id - 1]! });
    network.elect(1);
    const refusals = network.sent.filter((envelope) => envelope.type === "append-response" && !envelope.success);
    assert(refusals.length <= 3, `${refusals.length} refusals for ${terms}`);
  }
});

test("back-off takes a step a term, not a step an entry (etcd's TestFastLogRejection)", () => {
  const long = (term: number, count: number): number[] => Array<number>(count).fill(term);
  const cases: [number[], number[], number][] = [
    // the leader's log, the follower's, and how many refusals there are before they match
    [[1, ...long(2, 2), ...long(4, 500)], [1, ...long(2, 2), ...long(3, 500)], 1],
    [[1, ...long(3, 500), 6], [1, ...long(2, 500)], 1],
    [[1, 1, ...long(5, 300)], [1, 1, ...long(2, 100), ...long(3, 100), ...long(4, 100)], 1],
    [[1, 1, 1, 9], [1], 1],
  ];
  for (const [leader, behind, most] of cases) {
    const logs = [logOfTerms(leader, 9), logOfTerms(behind, 9)];
    const network = new Network({ nodes: 2, config: paper, log: (id) => logs[id - 1]! });
    network.elect(1);
    const refusals = network.sent.filter((envelope) => envelope.type === "append-response" && !envelope.success);
    assert.equal(refusals.length, most, `${leader.length} against ${behind.length} entries`);
    assert.equal(logOf(logs[1]!), logOf(logs[0]!));
  }
});

test("a leader does not commit an entry of an earlier term by counting replicas (section 5.4.2, figure 8)", () => {
  // (b) has passed: S1 held entry 2 of term 2, on S1 and S2; S5 was elected in term 3 and has its own entry 2
  const network = figure8();
  // (c) S1 is elected in term 4, and replicates entry 2 to S3, but nothing of its own term
  const lacksEntry2 = (): boolean => network.log(3).lastIndex < 2;
  network.passes = (envelope) =>
    envelope.type !== "append-request" ||
    (envelope.to === 3 && (lacksEntry2() || envelope.entries.every(({ term }) => term < 4)));
  network.elect(1);
  network.run(3);
  network.deliver(append(1, 2, 4, [2, 2], []));
  network.settle();
  assert.deepEqual([1, 2, 3].map((id) => network.log(id).termAt(logIndex(2))), [2, 2, 2]);
  assert.deepEqual(network.node(1).status().followers.map(({ matchIndex }) => matchIndex), [2, 2, 0, 0]);
  assert.equal(network.node(1).commitIndex, 0);
  // (d) S5 can still be elected, by S2, S3 and S4, and overwrites entry 2 everywhere
  network.isolate(1);
  network.elect(5);
  network.heal();
  network.run(2);
  for (const id of [1, 2, 3, 4, 5]) assert.equal(logOf(network.log(id)), "1:1 3:2 5");
});

test("once an entry of the leader's own term is committed, so are those before it (section 5.4.2, figure 8e)", () => {
  const network = figure8();
  network.isolate(4, 5);
  network.elect(1);
  assert.deepEqual([network.node(1).commitIndex, network.appliedBytes(1)], [3, [1, 2]]);
  // S5 cannot win any more
  network.heal();
  network.passes = ({ from, to }) => from !== 1 && to !== 1;
  network.send(network.node(5).campaign());
  network.settle();
  assert.notEqual(network.node(5).role, "leader");
});

function figure8(): Network {
  const logs = [[1, 2], [1, 2], [1], [1], [1, 3]].map((terms) => logOfTerms(terms, 3));
  return new Network({ nodes: 5, config: { ...paper, maxAppendBytes: 1 }, log: (id) => logs[id - 1]! });
}

test("a new leader commits its noop before what an earlier leader left (etcd's TestCannotCommitWithoutNewTermEntry)", () => {
  const network = new Network({ nodes: 5, config: paper });
  network.elect(1);
  network.passes = ({ from, to }) => from + to === 3; // only 1 and 2 talk
  network.propose(1, 7, 8);
  assert.equal(network.node(1).commitIndex, 1);
  network.heal();
  network.passes = ({ type }) => type !== "append-request";
  network.elect(2);
  assert.equal(network.node(2).commitIndex, 1);
  network.heal();
  network.run(2);
  assert.deepEqual([network.node(2).commitIndex, network.appliedBytes(5)], [4, [7, 8]]);
});

test("a late acknowledgement of another term, or of another follower's entries, commits nothing", () => {
  const network = new Network({ nodes: 5, config: paper });
  const leader = network.elect(1);
  network.isolate(1);
  network.propose(1, 7);
  for (const from of [2, 3, 4, 5]) leader.handle(appended(from, 1, 0, 2));
  assert.equal(leader.commitIndex, 1);
  leader.handle(appended(2, 1, 1, 2));
  leader.handle(appended(2, 1, 1, 2));
  assert.equal(leader.commitIndex, 1);
  leader.handle(appended(3, 1, 1, 99)); // more than was ever sent
  assert.equal(leader.commitIndex, 1);
  leader.handle(appended(3, 1, 1, 2));
  assert.equal(leader.commitIndex, 2);
});

test("proposals are refused where the node does not lead, with the leader that it knows", () => {
  const network = new Network();
  assert.throws(
    () => network.node(2).propose(new Uint8Array(1)),
    (error) => error instanceof NotLeaderError && error.leader === null,
  );
  network.elect(1);
  assert.throws(
    () => network.node(2).propose(new Uint8Array(1)),
    (error) => error instanceof NotLeaderError && error.leader === 1,
  );
});

test("a client's bytes are never taken for a change of the configuration (fault 7 of kaya-raft)", () => {
  const network = new Network();
  network.elect(1);
  const change = encodeConfiguration(configurationOf([nodeId(1)]));
  network.node(1).propose(change);
  network.settle();
  for (const id of [1, 2, 3]) {
    assert.deepEqual(network.node(id).status().configuration.voters, [1, 2, 3]);
    assert.deepEqual(network.applied.get(nodeId(id))!.map(({ command }) => command), [change]);
  }
});

test("the uncommitted tail is bounded: a proposal over it is refused, and taken again after a commit (etcd's TestUncommittedEntryLimit)", () => {
  const network = new Network({ config: { maxUncommittedBytes: 100 } });
  const leader = network.elect(1);
  network.isolate(1);
  const large = new Uint8Array(500); // one is always taken
  leader.propose(large);
  assert.throws(() => leader.propose(new Uint8Array(1)), ProposalRefusedError);
  assert.equal(leader.status().lastIndex, 2);
  network.heal();
  network.run(2);
  for (let i = 0; i < 4; i++) leader.propose(new Uint8Array(1));
  assert.throws(
    () => leader.propose(new Uint8Array(1)),
    /Cannot propose 25 bytes: 100 of at most 100 bytes await their commit/,
  );
  network.settle();
  leader.propose(new Uint8Array(1));
  assert.throws(() => leader.propose(new Uint8Array(1 << 25)), RangeError);
});

test("proposalRefusal tells beforehand whether propose refuses, and why", () => {
  const network = new Network({ config: { maxUncommittedBytes: 100 } });
  const leader = network.elect(1);
  const random = createRandom(1);
  let refusals = 0;
  for (let i = 0; i < 400; i++) {
    const command = new Uint8Array(random.below(60));
    const told = leader.proposalRefusal(command);
    let thrown: string | null = null;
    try {
      leader.propose(command);
    } catch (error) {
      assert(error instanceof ProposalRefusedError, String(error));
      thrown = error.message;
    }
    assert.equal(told, thrown);
    if (told !== null) refusals++;
    if (random.chance(1, 4)) network.settle();
  }
  assert(refusals > 20 && refusals < 380, `${refusals} refusals`);
  leader.transferLeadership(nodeId(2));
  assert.match(leader.proposalRefusal(new Uint8Array(1))!, /handed over to node 2/);
  assert.throws(() => leader.proposalRefusal("text" as never), TypeError);
});

test("one drainApplied hands out a bounded amount, and nothing twice", () => {
  const network = new Network({ nodes: 1 });
  const leader = network.elect(1);
  for (let i = 0; i < 5; i++) leader.propose(new Uint8Array([i]));
  leader.broadcast();
  assert.deepEqual(leader.drainApplied(50).map(({ command }) => command[0]), [0, 1]);
  assert.deepEqual(leader.drainApplied(1).map(({ command }) => command[0]), [2]);
  assert.deepEqual(leader.drainApplied().map(({ command }) => command[0]), [3, 4]);
  assert.deepEqual(leader.drainApplied(), []);
});

/** A leader of three whose follower 2 has acknowledged everything so far. */
function leaderOf(config: Record<string, number>): RaftNode {
  const node = new RaftNode({ id: nodeId(1), peers, ...paper, ...config });
  node.campaign();
  node.handle({ type: "vote-response", ...header(2, 1, 1), granted: true });
  node.handle(appended(2, 1, 1, 1));
  return node;
}
const toFollower2 = (envelopes: readonly Envelope[]): AppendRequest[] =>
  envelopes.filter((envelope) => envelope.type === "append-request" && envelope.to === 2) as AppendRequest[];
const statusOf2 = (node: RaftNode) => node.status().followers[0]!;

test("appends stream ahead of their answers, up to a bound on messages", () => {
  const leader = leaderOf({ maxInflightAppends: 3, maxAppendBytes: 1 });
  for (let i = 0; i < 5; i++) leader.propose(new Uint8Array([i]));
  assert.deepEqual(toFollower2(leader.broadcast()).map((request) => request.entries.map(({ index }) => index)), [[2], [
    3,
  ], [4]]);
  assert.deepEqual(toFollower2(leader.broadcast()), []);
  assert.equal(statusOf2(leader).inflightAppends, 3);
  assert.deepEqual(toFollower2(leader.handle(appended(2, 1, 1, 3))).map((request) => request.prevLogIndex), [4, 5]);
});

test("appends stream ahead of their answers, up to a bound on bytes", () => {
  const leader = leaderOf({ maxInflightBytes: 60, maxAppendBytes: 1 });
  for (let i = 0; i < 5; i++) leader.propose(new Uint8Array(6));
  assert.equal(toFollower2(leader.broadcast()).length, 2);
  assert.equal(statusOf2(leader).inflightBytes, 60);
});

test("an append holds at most so many bytes, but at least one entry", () => {
  const leader = leaderOf({ maxAppendBytes: 100 });
  for (const size of [10, 10, 10, 500, 10]) leader.propose(new Uint8Array(size));
  assert.deepEqual(toFollower2(leader.broadcast()).map((request) => request.entries.length), [2, 1, 1, 1]);
});

test("to a follower that is being probed one append goes out, until it answers or a later heartbeat is echoed", () => {
  const leader = leaderOf({});
  const to3 = (envelopes: readonly Envelope[]): Envelope[] =>
    envelopes.filter(({ to, type }) => to === 3 && type === "append-request");
  leader.propose(new Uint8Array(1));
  assert.equal(to3(leader.broadcast()).length, 0); // the noop was the probe
  const beat = leader.tick().find(({ to }) => to === 3)!;
  assert.equal(beat.type, "heartbeat-request");
  const echo = (round: number): Envelope => ({
    type: "heartbeat-response",
    ...header(3, 1, 1),
    round,
    sentAtTick: 1,
    vouchedIndex: null,
  });
  assert.equal(to3(leader.handle(echo(1))).length, 1);
  assert.equal(to3(leader.handle(echo(1))).length, 0);
  leader.tick();
  assert.equal(to3(leader.handle(echo(2))).length, 1);
});

test("a lost append is found by the next heartbeat's echo, also with nothing more to send", () => {
  const network = new Network({ config: paper });
  network.elect(1);
  network.passes = ({ type }) => type !== "append-request";
  network.propose(1, 7, 8);
  network.heal();
  network.run(1);
  for (const id of [1, 2, 3]) assert.deepEqual(network.appliedBytes(id), [7, 8]);
});

test("lost acknowledgements are made up for, also with the window full", () => {
  const network = new Network({ config: { ...paper, maxInflightAppends: 2, maxAppendBytes: 1 } });
  network.elect(1);
  network.passes = ({ type }) => type !== "append-response";
  network.propose(1, 5, 6, 7, 8);
  network.heal();
  network.run(3);
  for (const id of [1, 2, 3]) assert.deepEqual(network.appliedBytes(id), [5, 6, 7, 8]);
});

test("a lost commit notice is made up for by a heartbeat (section 5.3)", () => {
  const network = new Network({ config: paper });
  network.elect(1);
  network.passes = ({ type }) => type !== "commit-notice";
  network.propose(1, 7);
  assert.deepEqual([network.node(1).commitIndex, network.node(2).commitIndex], [2, 1]);
  network.tick(1);
  network.settle();
  assert.equal(network.node(2).commitIndex, 2);
});

test("a leader never drops or changes an entry of its own log (section 5.3)", () => {
  const network = new Network({ config: paper });
  const leader = network.elect(1);
  network.propose(1, 7);
  assert.deepEqual(leader.handle(append(2, 1, 1, [0, 0], entriesOf(1, 1))), []);
  assert.equal(logOf(network.log(1)), "1 1:7");
});

test("a heartbeat to a follower that is up to date costs the same at any length of the log: it reads none of it", () => {
  const reads: string[] = [];
  const log = new MemLog();
  const watched = new Proxy(log, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        reads.push(String(name));
        return value.apply(target, given);
      };
    },
  });
  const network = new Network({ config: paper, log: (id) => id === 1 ? watched : new MemLog() });
  network.elect(1);
  network.propose(1, ...Array.from({ length: 100 }, (_, i) => i));
  network.settle();
  reads.length = 0;
  network.run(5);
  assert.deepEqual(reads, []);
});

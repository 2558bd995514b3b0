// Changes of the membership: dissertation, sections 4.1 to 4.3; Raft, section 6.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  ChangeRefusedError,
  type Configuration,
  type ConfigurationChange,
  configurationOf,
  encodeConfiguration,
  type Entry,
  type Envelope,
  logIndex,
  type MemberChange,
  MemLog,
  nodeId,
  NotLeaderError,
  RaftNode,
  type Term,
} from "../../raft/mod.ts";
import { append, entriesOf, header, logOfTerms, Network, voteRequest, voteResponse } from "./network.ts";
import { compactIn, install } from "./snapshots.ts";

const add = (id: number): MemberChange => ({ type: "add-voter", node: nodeId(id) });
const learn = (id: number): MemberChange => ({ type: "add-learner", node: nodeId(id) });
const remove = (id: number): MemberChange => ({ type: "remove", node: nodeId(id) });
const simple = (...changes: MemberChange[]): ConfigurationChange => ({ type: "simple", changes });
const joint = (autoLeave: boolean, ...changes: MemberChange[]): ConfigurationChange => ({
  type: "enter-joint",
  changes,
  autoLeave,
});
const votersOf = (network: Network, id: number): readonly number[] => network.node(id).status().configuration.voters;

function withJoiner(network: Network, ...ids: number[]): void {
  for (const id of ids) network.start(id, [], new MemLog(), { join: true });
}

/** Starts nodes, and adds them as learners that the leader has heard of. */
function withLearner(network: Network, ...ids: number[]): void {
  withJoiner(network, ...ids);
  network.node(1).proposeChange(simple(...ids.map(learn)));
  network.settle();
}

test("a node that is added catches up and takes part", () => {
  const network = new Network();
  network.elect(1);
  network.propose(1, 5, 6);
  withJoiner(network, 4);
  network.node(1).proposeChange(simple(add(4)));
  network.settle();
  for (const id of [1, 2, 3, 4]) assert.deepEqual(votersOf(network, id), [1, 2, 3, 4]);
  assert.deepEqual(network.appliedBytes(4), [5, 6]);
  // of four voters three are needed: without 4 there could be no other leader
  network.isolate(1);
  network.run(60);
  assert(network.leaders().some((node) => node.id !== 1));
});

test("a change takes effect when it is appended, not when it is committed (section 4.1)", () => {
  const network = new Network();
  network.elect(1);
  network.isolate(1);
  const { index } = network.node(1).proposeChange(simple(add(4)));
  assert.deepEqual(votersOf(network, 1), [1, 2, 3, 4]);
  network.settle();
  assert(network.node(1).commitIndex < index);
  // three of four are needed now
  network.passes = ({ from, to }) => from + to === 3;
  network.settle();
  network.run(2);
  assert(network.node(1).commitIndex < index);
  network.heal();
  network.run(2);
  assert.equal(network.node(1).commitIndex, index);
});

test("a change whose entry is dropped is rolled back (section 4.1)", () => {
  const network = new Network();
  network.elect(1);
  network.isolate(1);
  network.node(1).proposeChange(simple(remove(3)));
  assert.deepEqual(votersOf(network, 1), [1, 2]);
  network.run(25);
  const leader = network.leaders().find((node) => node.id !== 1)!;
  network.propose(leader.id, 7);
  network.heal();
  network.run(5);
  assert.deepEqual(votersOf(network, 1), [1, 2, 3]);
  assert.deepEqual(network.appliedBytes(1), [7]);
});

test("a second change is refused until the first is committed (section 4.1)", () => {
  const network = new Network();
  network.elect(1);
  network.isolate(1);
  network.node(1).proposeChange(simple(add(4)));
  assert.throws(() => network.node(1).proposeChange(simple(add(5))), (error) => error instanceof ChangeRefusedError);
  network.heal();
  network.run(2);
  network.node(1).proposeChange(simple(add(5)));
});

test("a change is refused before the leader has committed in its own term, and of nobody but a leader (section 4.1)", () => {
  const network = new Network();
  network.passes = ({ type }) => type !== "append-request";
  network.elect(1);
  assert.throws(() => network.node(1).proposeChange(simple(add(4))), /no entry of term 1 is committed yet/);
  assert.throws(() => network.node(2).proposeChange(simple(add(4))), NotLeaderError);
});

test("a new leader finds the uncommitted change of an earlier one in its log, and refuses another (etcd's TestNewLeaderPendingConfig)", () => {
  const change: Entry = {
    index: logIndex(2),
    term: 1 as Term,
    kind: "configuration",
    data: encodeConfiguration(configurationOf([1, 2, 3, 4].map(nodeId))),
  };
  const log = logOfTerms([1]);
  log.appendOne(change);
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)], preVote: false }, log);
  node.campaign();
  for (const id of [2, 3]) node.handle(voteResponse(id, 1, 2, true));
  assert.equal(node.role, "leader");
  assert.deepEqual([node.status().configurationIndex, node.status().configuration.voters], [2, [1, 2, 3, 4]]);
  assert.throws(() => node.proposeChange(simple(add(5))), ChangeRefusedError);
});

test("entries that await their commit are committed by the smaller quorum once a node is removed (etcd's TestCommitAfterRemoveNode)", () => {
  const network = new Network({ nodes: 2 });
  network.elect(1);
  network.isolate(2);
  network.propose(1, 7);
  assert.equal(network.node(1).commitIndex, 1);
  network.node(1).proposeChange(simple(remove(2)));
  network.propose(1, 8);
  assert.deepEqual(network.appliedBytes(1), [7, 8]);
});

test("a leader that removes itself leads without counting itself until that is committed, then steps down (section 4.2.2)", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.passes = ({ from, to }) => from + to === 3;
  const { index } = leader.proposeChange(simple(remove(1)));
  network.settle();
  // 1 and 2 hold it, but only 2's word counts
  assert.deepEqual([leader.role, leader.commitIndex < index], ["leader", true]);
  network.heal();
  network.run(1);
  assert.deepEqual([leader.role, leader.commitIndex], ["follower", index]);
  network.run(40);
  const [next] = network.leaders();
  assert([2, 3].includes(next!.id) && next!.commitIndex > index);
  assert.equal(leader.role, "follower");
});

test("a node whose removal is not committed may still be the only one that can win (section 4.2.2, figure 4.6)", () => {
  // 2 has its own removal in its log, 1 has not, and so will not get 2's vote
  const logs = [logOfTerms([1], 1), logOfTerms([1], 1)];
  logs[1]!.appendOne({
    index: logIndex(2),
    term: 1 as Term,
    kind: "configuration",
    data: encodeConfiguration(configurationOf([nodeId(1)])),
  });
  const network = new Network({ nodes: 2, log: (id) => logs[id - 1]! });
  network.run(60);
  assert.deepEqual(votersOf(network, 1), [1]);
  network.run(40);
  assert.equal(network.node(1).role, "leader");
  assert.equal(network.node(2).role, "follower");
});

test("a joint configuration decides by both majorities (section 4.3)", () => {
  let network = new Network();
  for (const reachable of [[1, 2, 3], [1, 4, 5]]) {
    network = new Network();
    network.elect(1);
    withLearner(network, 4, 5);
    network.passes = ({ from, to }) => reachable.includes(from) && reachable.includes(to);
    const { index } = network.node(1).proposeChange(joint(false, add(4), add(5), remove(2), remove(3)));
    network.run(2);
    // all of one list hold it, but of the other only 1 does
    assert(network.node(1).commitIndex < index, `committed by ${reachable}`);
    network.heal();
    network.run(2);
    assert.equal(network.node(1).commitIndex, index);
  }
  assert.throws(() => network.node(1).proposeChange(simple(add(6))), ChangeRefusedError);
  network.node(1).proposeChange({ type: "leave-joint" });
  network.settle();
  assert.deepEqual(network.node(1).status().configuration, configurationOf([1, 4, 5].map(nodeId)));
});

test("a joint configuration that asks for it is left by the leader itself (section 4.3; etcd's TestRawNodeJointAutoLeave)", () => {
  const network = new Network();
  network.elect(1);
  withLearner(network, 4);
  network.node(1).proposeChange(joint(true, add(4), remove(3), learn(2)));
  network.settle();
  for (const id of [1, 2, 4]) {
    assert.deepEqual(network.node(id).status().configuration, configurationOf([nodeId(1), nodeId(4)], [nodeId(2)]));
  }
});

test("a joint configuration of an earlier leader is left by the next one", () => {
  const network = new Network();
  network.elect(1);
  withJoiner(network, 4);
  let leaving = false;
  network.passes = (envelope) => {
    if (
      envelope.type === "append-request" && envelope.entries.filter(({ kind }) => kind === "configuration").length > 0
    ) {
      leaving ||= envelope.prevLogIndex > 1;
    }
    return !leaving;
  };
  network.node(1).proposeChange(joint(true, add(4)));
  network.settle();
  assert.deepEqual(network.node(2).status().configuration.votersOutgoing, [1, 2, 3]);
  network.isolate(1);
  network.run(60);
  const next = network.leaders().find((node) => node.id !== 1)!;
  assert.deepEqual(next.status().configuration.votersOutgoing, []);
});

test("a leader that is no voter of the new configuration steps down when the joint one is left", () => {
  const network = new Network();
  network.elect(1);
  withLearner(network, 4);
  network.node(1).proposeChange(joint(true, add(4), remove(1)));
  network.settle();
  assert.equal(network.node(1).role, "follower");
  network.run(40);
  const [leader] = network.leaders();
  assert.deepEqual(leader!.status().configuration, configurationOf([2, 3, 4].map(nodeId)));
});

test("a learner holds the log, does not campaign, and its word does not count; then it is promoted", () => {
  const network = new Network();
  network.elect(1);
  withJoiner(network, 4);
  network.node(1).proposeChange(simple(learn(4)));
  network.settle();
  network.isolate(2, 3);
  network.propose(1, 7);
  assert.deepEqual(network.appliedBytes(4), []);
  network.isolate(4);
  network.run(60);
  assert.deepEqual([network.node(4).role, network.node(4).term], ["follower", 1]);
  network.heal();
  network.run(5);
  const [leader] = network.leaders();
  network.send(leader!.broadcast());
  network.settle();
  assert.deepEqual(network.appliedBytes(4), [7]);
  leader!.proposeChange(simple(add(4)));
  network.settle();
  assert.deepEqual(votersOf(network, 4), [1, 2, 3, 4]);
});

test("a learner that does not know of its promotion yet gives its vote (etcd's TestLearnerCanVote)", () => {
  const learner = new RaftNode({ id: nodeId(4), peers: [], join: true }, new MemLog());
  const [answer] = learner.handle(voteRequest(1, 4, 2, [3, 1]));
  assert(answer?.type === "vote-response" && answer.granted);
});

test("a node that joins knows nobody, and waits without campaigning", () => {
  const network = new Network({ nodes: 1 });
  withJoiner(network, 2);
  for (let ticks = 0; ticks < 100; ticks++) network.tick(2);
  assert.deepEqual([network.node(2).role, network.node(2).term, network.node(2).campaign()], ["follower", 0, []]);
});

test("after a restart the configuration is that of the log, behind it that of the snapshot (etcd's TestRestoreWithVotersOutgoing)", () => {
  const [voters, votersOutgoing] = [[2, 3, 4].map(nodeId), [1, 2, 3].map(nodeId)];
  const configuration: Configuration = {
    voters,
    votersOutgoing,
    learners: [nodeId(9)],
    learnersNext: [nodeId(1)],
    autoLeave: true,
  };
  const log = new MemLog();
  log.setState({ term: 2 as Term, votedFor: null });
  install(log, { index: logIndex(8), term: 2 as Term, configuration }, new Uint8Array(1));
  const start = (): Configuration =>
    new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, log).status().configuration;
  assert.deepEqual(start(), configuration);
  const later = configurationOf(voters);
  log.appendOne({ index: logIndex(9), term: 2 as Term, kind: "configuration", data: encodeConfiguration(later) });
  assert.deepEqual(start(), later);
});

test("a snapshot brings its configuration, joint as it may be, and takes the place of what the log had", () => {
  const network = new Network();
  network.elect(1);
  network.isolate(3);
  network.node(1).proposeChange(joint(false, learn(3)));
  network.propose(1, 7);
  compactIn(network, 1, network.node(1).appliedIndex, new Uint8Array(2));
  network.heal();
  network.run(3);
  const { configuration } = network.node(3).status();
  assert.deepEqual([configuration.votersOutgoing, configuration.learnersNext], [[1, 2, 3], [3]]);
});

test("a node that is removed and added again gets the log from where it says that its own ends", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.propose(1, 7);
  leader.proposeChange(simple(remove(3)));
  network.settle();
  leader.proposeChange(simple(add(3)));
  assert.equal(leader.status().followers.find(({ id }) => id === 3)!.matchIndex, 0);
  network.settle();
  assert.equal(leader.status().followers.find(({ id }) => id === 3)!.matchIndex, leader.status().lastIndex);
});

test("a follower that answers every heartbeat is active at every tick, also just after a check of the quorum", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.run(10);
  network.passes = ({ from, to }) => from + to !== 4; // 1 and 3 do not hear each other
  for (let tick = 1; tick <= 40; tick++) {
    network.run(1);
    const [second, third] = leader.status().followers;
    assert.equal(second!.isActive, true, `tick ${tick}`);
    if (tick > 10) assert.equal(third!.isActive, false, `tick ${tick}`);
  }
});

test("a member that was just added is not counted as silent, nor as heard", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.run(10); // the leader has checked its quorum
  network.passes = ({ from, to }) => from + to !== 4; // 1 and 3 do not hear each other
  network.run(5);
  leader.proposeChange(simple(add(4)));
  const joined = leader.status().followers.find(({ id }) => id === 4)!;
  assert.deepEqual([joined.isActive, joined.matchIndex], [false, 0]);
  network.run(5); // it checks again: 2 was heard, 3 was not, 4 was not asked for long enough
  assert.equal(leader.role, "leader");
  network.run(10);
  assert.equal(leader.role, "follower");
});

test("a voter that nobody ever reached is refused where no quorum would be left without it, and a learner can be removed again", () => {
  const network = new Network({ nodes: 1 });
  const leader = network.elect(1);
  for (const change of [simple(add(2)), joint(true, add(2)), joint(false, add(2), remove(1))]) {
    assert.throws(() => leader.proposeChange(change), {
      name: "ChangeRefusedError",
      message: /a quorum would need voters that the leader has not heard from lately: 2/,
    });
  }
  leader.proposeChange(simple(learn(2)));
  network.run(30);
  assert.throws(() => leader.proposeChange(simple(add(2))), ChangeRefusedError);
  leader.proposeChange(simple(remove(2)));
  network.propose(1, 7);
  assert.deepEqual(network.appliedBytes(1), [7]);
});

test("a removal that would leave a quorum dependent on a silent voter is refused", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.isolate(3);
  network.run(25);
  assert.throws(() => leader.proposeChange(simple(remove(2))), { name: "ChangeRefusedError", message: /lately: 3/ });
  leader.proposeChange(simple(remove(3)));
  network.settle();
  assert.deepEqual(votersOf(network, 2), [1, 2]);
});

test("a learner that was reached becomes the second voter of a cluster of one", () => {
  const network = new Network({ nodes: 1 });
  network.elect(1);
  withLearner(network, 2);
  network.node(1).proposeChange(simple(add(2)));
  network.run(2);
  assert.deepEqual(votersOf(network, 2), [1, 2]);
});

test("a removed follower is told, and does not campaign, whether it was there or comes back later", () => {
  for (const isThere of [true, false]) {
    const network = new Network();
    const leader = network.elect(1);
    network.run(1);
    if (!isThere) network.isolate(3);
    const { index } = leader.proposeChange(simple(remove(3)));
    network.settle();
    if (!isThere) {
      network.run(45); // it has asked for pre-votes, in vain
      network.heal();
    }
    network.run(45);
    const { removedAt, role, term } = network.node(3).status();
    assert.deepEqual([removedAt, role, term, leader.role], [index, "follower", 1, "leader"]);
    network.sent.length = 0;
    network.run(300);
    const asked = network.sent.filter(({ from }) => from === 3).length;
    assert(asked <= 6, `${asked} messages in 30 election timeouts: it asks now and then, and is told again`);
    assert.deepEqual([network.node(3).status().removedAt, leader.term], [index, 1]);
  }
});

test("a removal notice is only believed of a configuration that the node does not know, and forgotten for a leader", () => {
  const network = new Network();
  network.elect(1);
  network.run(1);
  const node = network.node(3);
  const notice = (configurationIndex: number): Envelope => ({
    type: "removal-notice",
    ...header(2, 3, 1),
    configurationIndex: logIndex(configurationIndex),
  });
  node.handle(notice(0));
  assert.equal(node.status().removedAt, 0);
  node.handle(notice(2 ** 48));
  assert.equal(node.status().removedAt, 2 ** 48);
  network.run(1); // the leader's heartbeat: it is a member after all
  assert.equal(node.status().removedAt, 0);
  network.isolate(1);
  network.run(60);
  assert.deepEqual(network.leaders().map(({ id }) => id > 1), [true]);
});

test("a node that holds its own removal, and was not there when it was committed, is told and campaigns no more", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.run(3);
  const { index } = leader.proposeChange(simple(remove(1)));
  // Its followers get the entry, and are the ones that commit it.
  network.passes = ({ from, to, type }) => to !== 1 && (from !== 1 || type === "append-request");
  network.settle();
  network.run(60);
  assert.ok(network.leaders().some(({ id }) => id !== 1));
  assert.ok(leader.status().configurationIndex === index && leader.commitIndex < index);
  network.heal();
  network.run(60);
  const { term } = network.node(1);
  assert.equal(leader.status().removedAt, index);
  network.run(60);
  assert.equal(network.node(1).term, term);
});

test("a leader that is removed hands over first, so that no tick passes without a leader", () => {
  const network = new Network({ nodes: 5 });
  const leader = network.elect(1);
  network.run(3);
  const { index } = leader.proposeChange(simple(remove(1)));
  network.settle();
  assert.deepEqual(network.leaders().map(({ id, term }) => [id, term]), [[2, 2]]);
  assert.equal(leader.status().removedAt, index);
});

test("a leader that is removed waits for a follower that holds its whole log, but not for ever", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.run(3);
  leader.proposeChange(simple(remove(1)));
  // Both hold the removal, but nobody hears the leader any more once that is committed.
  network.passes = ({ from, type }) => from !== 1 || type === "append-request";
  network.settle();
  assert.equal(leader.role, "follower", "it has sent its TimeoutNow, which is lost");
  network.run(40);
  assert.equal(network.leaders().length, 1);
});

test("a leader does not step down for the term of a node that it has removed", () => {
  const network = new Network();
  const leader = network.elect(1);
  leader.proposeChange(simple(remove(3)));
  network.settle();
  const from3 = header(3, 1, 50);
  const [at, none] = [logIndex(1), 0 as Term];
  const answers: Envelope[] = [
    { type: "append-response", ...from3, success: false, index: at, hintIndex: at, hintTerm: none, round: 9 },
    { type: "heartbeat-response", ...from3, round: 1, sentAtTick: 1, vouchedIndex: null },
    {
      ...{ type: "snapshot-response", ...from3, snapshotIndex: at, received: 1, written: 1 } as const,
      ...{ isGap: false, refusal: null },
    },
    { type: "vote-response", ...from3, granted: false },
    { type: "pre-vote-response", ...from3, granted: false },
    { type: "read-request", ...from3, readId: 1, context: 1, confirmation: "quorum" },
    { type: "read-response", ...from3, readId: 1, context: 1, index: null },
  ];
  for (const answer of answers) {
    assert.deepEqual([leader.handle(answer), leader.role, leader.term], [[], "leader", 1], answer.type);
  }
});

test("a configuration entry that holds none is refused before anything is appended", () => {
  const log = logOfTerms([1]);
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2)] }, log);
  const forged = entriesOf(2, 1, 1).map((entry): Entry => ({ ...entry, kind: "configuration" }));
  assert.deepEqual(node.handle(append(2, 1, 1, [1, 1], forged)), []);
  assert.deepEqual(node.handle(append(2, 1, 1, [0, 0], [...entriesOf(1, 1), ...forged])), []);
  assert.equal(log.lastIndex, 1);
});

// A node that may have lost what it acknowledged: it elects nobody until a leader has made it whole.
import { test } from "node:test";
import assert from "node:assert/strict";
import { type Doubt, type Envelope, logIndex, MemLog, nodeId, RaftNode, type Term } from "../../raft/mod.ts";
import { append, entriesOf, header, heartbeat, Network, only } from "./network.ts";
import { compactIn } from "./snapshots.ts";

/** A log that lost its end. */
class DoubtfulLog extends MemLog {
  doubt: Doubt | null;
  constructor(doubt: Doubt) {
    super();
    this.doubt = doubt;
  }
  resolveDoubt(): void {
    this.doubt = null;
  }
}

function doubtful(held: number, doubt: Doubt): { node: RaftNode; log: DoubtfulLog } {
  const log = new DoubtfulLog(doubt);
  log.setState({ term: doubt.term as Term, votedFor: nodeId(1) });
  for (let at = 1; at <= held; at++) log.append(entriesOf(at, 1));
  return { node: new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, log), log };
}

test("a node in doubt gives no vote and no pre-vote, and does not campaign", () => {
  const { node } = doubtful(3, { lastIndex: 5, term: 2 });
  for (let ticks = 0; ticks < 100; ticks++) assert.deepEqual(node.tick(), []);
  assert.deepEqual(node.campaign(), []);
  const log = { lastLogIndex: logIndex(9), lastLogTerm: 3 as Term };
  const pre = node.handle({ type: "pre-vote-request", ...header(2, 1, 4), ...log });
  assert.equal(only(pre, "pre-vote-response").granted, false);
  const vote = node.handle({ type: "vote-request", ...header(2, 1, 4), ...log, leadershipTransfer: true });
  assert.equal(only(vote, "vote-response").granted, false);
});

test("a node in doubt believes no commit index beyond the entries that a leader has vouched for", () => {
  const { node } = doubtful(3, { lastIndex: 5, term: 2 });
  node.handle(heartbeat(2, 1, 2, 3));
  assert.equal(node.commitIndex, 0);
  node.handle(append(2, 1, 2, [2, 1], [], 3));
  assert.equal(node.commitIndex, 2);
});

test("a node in doubt waits for its leader to hear of the doubt, however long no answer gets through", () => {
  const { node } = doubtful(3, { lastIndex: 5, term: 2 });
  for (let i = 0; i < 100; i++) {
    const echo = only(node.handle(heartbeat(2, 1, 2, 5)), "heartbeat-response");
    assert.equal(echo.vouchedIndex, 0);
    node.tick();
  }
  node.handle(append(2, 1, 2, [3, 1], entriesOf(4, 2, 2), 5));
  assert.equal(node.commitIndex, 5);
});

test("commit notices that tell of more than a node in doubt holds do not stop it either", () => {
  const { node } = doubtful(3, { lastIndex: 5, term: 2 });
  for (let i = 0; i < 100; i++) {
    node.handle({ type: "commit-notice", ...header(2, 1, 2), commitIndex: logIndex(5) });
    node.tick();
  }
  assert.equal(node.commitIndex, 0);
});

test("a node in doubt is certain again once a leader has replicated past the entries that it may have lost", () => {
  const { node, log } = doubtful(3, { lastIndex: 5, term: 2 });
  node.handle(append(2, 1, 2, [3, 1], entriesOf(4, 2), 3));
  assert.deepEqual(log.doubt, { lastIndex: 5, term: 2 });
  node.handle(append(2, 1, 2, [4, 2], entriesOf(5, 2), 3));
  assert.equal(log.doubt, null);
  const echo = only(node.handle(heartbeat(2, 1, 2, 5)), "heartbeat-response");
  assert.equal(echo.vouchedIndex, null);
});

test("a leader of a later term makes it certain with its first entry, as it holds all that was committed before", () => {
  const { node, log } = doubtful(3, { lastIndex: 9, term: 2 });
  node.handle(append(2, 1, 3, [3, 1], entriesOf(4, 3), 3));
  assert.equal(log.doubt, null);
});

test("a leader that believes its follower to hold more than it does finds out, and sends it again", () => {
  const network = new Network();
  network.elect(1);
  network.propose(1, 5, 6, 7);
  network.settle();
  const { lastIndex, state } = network.log(3);
  const lost = new DoubtfulLog({ lastIndex, term: state.term });
  lost.setState(state);
  lost.append(network.log(3).slice(logIndex(1), logIndex(3)));
  network.start(3, [nodeId(1), nodeId(2)], lost);
  network.run(5);
  assert.deepEqual([lost.lastIndex, lost.doubt, network.node(3).commitIndex], [lastIndex, null, lastIndex]);
  assert.equal(network.node(1).status().followers[1]!.state, "replicate");
});

test("a leader that hears of a follower's doubt asks what it holds, and goes on with a snapshot that is under way", () => {
  const network = new Network({ config: { snapshotChunkBytes: 4, maxKeepBytes: 0 } });
  const leader = network.elect(1);
  network.propose(1, 5, 6, 7);
  network.settle();
  const progress = () => {
    const { state, matchIndex } = leader.status().followers[1]!;
    return { state, matchIndex };
  };
  const doubts = (vouchedIndex: number) =>
    leader.handle({
      ...{ type: "heartbeat-response", ...header(3, 1, leader.term), round: 0, sentAtTick: 0 },
      vouchedIndex: logIndex(vouchedIndex),
    });
  assert.deepEqual(progress(), { state: "replicate", matchIndex: 4 });

  assert.equal(only(doubts(2), "append-request").prevLogIndex, 4);

  assert.deepEqual(progress(), { state: "probe", matchIndex: 2 });
  compactIn(network, 1, logIndex(4), new Uint8Array(10));
  const refusal = { success: false, index: logIndex(4), hintIndex: logIndex(2), hintTerm: 1 as Term, round: 0 };
  leader.handle({ type: "append-response", ...header(3, 1, leader.term), ...refusal });
  assert.equal(progress().state, "snapshot");
  doubts(1);
  assert.deepEqual(progress(), { state: "snapshot", matchIndex: 1 });
});

test("what an echo brings about tells a follower in doubt of no more than it holds", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.propose(1, 5, 6, 7);
  network.passes = () => false;
  const begun = leader.readIndex(1);
  const [asked] = [...begun, ...leader.broadcast()].filter(({ type, to }) => type === "heartbeat-request" && to === 3);
  leader.readIndex(2); // its round begins when the first read is confirmed
  const { round, sentAtTick } = asked as Extract<Envelope, { type: "heartbeat-request" }>;
  const doubt = { ...header(3, 1, leader.term), round, sentAtTick, vouchedIndex: logIndex(1) };
  const sent = leader.handle({ type: "heartbeat-response", ...doubt });

  const told = sent.filter(({ type, to }) => type === "heartbeat-request" && to === 3);
  assert.deepEqual(told.map((envelope) => (envelope as { commitIndex: number }).commitIndex), [1]);
});

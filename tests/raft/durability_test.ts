// What may be said before a sync, and what counts only after it: Raft, figure 2; dissertation, section 10.2.1.
import { test } from "node:test";
import assert from "node:assert/strict";
import { logIndex, MAX_TERM, nodeId, RaftNode, type Term } from "../../raft/mod.ts";
import { DiskLog } from "./disk_log.ts";
import { append, entriesOf, header, heartbeat, only, preVoteRequest, voteRequest, voteResponse } from "./network.ts";

const paper = { preVote: false, checkQuorum: false };

function sync(log: DiskLog): void {
  log.beginSync();
  log.endSync();
}

function started(peers: number[], config: Record<string, unknown> = paper): { node: RaftNode; log: DiskLog } {
  const log = new DiskLog();
  return { node: new RaftNode({ id: nodeId(1), peers: peers.map(nodeId), ...config }, log), log };
}

const acknowledged = (from: number, index: number) =>
  ({
    type: "append-response",
    ...header(from, 1, 1),
    success: true,
    index: logIndex(index),
    hintIndex: logIndex(0),
    hintTerm: 0 as Term,
    round: 1,
  }) as const;

test("a candidate counts its own vote only when that is durable", () => {
  const { node, log } = started([2, 3]);
  node.campaign();
  node.handle(voteResponse(2, 1, 1, true));
  assert.equal(node.role, "candidate");
  node.persisted();
  assert.equal(node.role, "candidate");
  sync(log);
  const noops = node.persisted();
  assert.equal(node.role, "leader");
  assert(noops.every(({ type, afterSync }) => type === "append-request" && !afterSync));
});

test("a sole voter leads only when its vote is durable, and commits only durable entries", () => {
  const { node, log } = started([]);
  node.campaign();
  assert.equal(node.role, "candidate");
  sync(log);
  node.persisted();
  assert.equal(node.role, "leader");
  node.propose(new Uint8Array([7]));
  node.broadcast();
  assert.equal(node.commitIndex, 0);
  log.beginSync();
  node.propose(new Uint8Array([8]));
  log.endSync();
  node.persisted();
  // 8 was appended after the sync began
  assert.deepEqual([node.commitIndex, log.lastIndex], [2, 3]);
  assert.deepEqual(node.drainApplied().map(({ command }) => command[0]), [7]);
});

test("a leader's appends and heartbeats leave at once, but its own copy counts only as far as its disk has it", () => {
  const { node, log } = started([2, 3]);
  node.campaign();
  sync(log);
  node.persisted();
  node.handle(voteResponse(2, 1, 1, true));
  node.handle(acknowledged(2, 1));
  assert.equal(node.commitIndex, 0);
  sync(log);
  node.persisted();
  assert.equal(node.commitIndex, 1);
  node.propose(new Uint8Array(1));
  assert(node.broadcast().every(({ afterSync }) => !afterSync));
  assert(node.tick().every(({ afterSync }) => !afterSync));
  // the two followers are a quorum without the leader's disk
  node.handle(acknowledged(2, 2));
  node.handle(acknowledged(3, 2));
  assert.deepEqual([node.commitIndex, log.durableIndex], [2, 1]);
});

test("votes, requests for votes and acknowledgements wait for the sync; echoes only while the term is not durable", () => {
  const { node, log } = started([2, 3]);
  assert.equal(only(node.handle(voteRequest(2, 1, 1, [0, 0])), "vote-response").afterSync, true);
  assert.equal(only(node.handle(heartbeat(2, 1, 1)), "heartbeat-response").afterSync, true);
  assert.equal(only(node.handle(append(2, 1, 1, [5, 1], [])), "append-response").afterSync, true);
  sync(log);
  assert.equal(only(node.handle(heartbeat(2, 1, 1)), "heartbeat-response").afterSync, false);
  assert.equal(only(node.handle(append(2, 1, 1, [5, 1], [])), "append-response").afterSync, false);
  assert.equal(only(node.handle(append(2, 1, 1, [0, 0], entriesOf(1, 1))), "append-response").afterSync, true);
  assert(node.campaign().every(({ afterSync }) => afterSync));
  const other = started([2, 3], {});
  assert(other.node.campaign().every(({ type, afterSync }) => type === "pre-vote-request" && !afterSync));
  assert.equal(only(other.node.handle(preVoteRequest(2, 1, 1, [0, 0])), "pre-vote-response").afterSync, false);
});

test("a truncated tail is no longer durable, even if its sync began before", () => {
  const { node, log } = started([2, 3]);
  node.handle(append(2, 1, 1, [0, 0], entriesOf(1, 1, 1, 1)));
  sync(log);
  assert.equal(log.durableIndex, 3);
  node.handle(append(3, 1, 2, [1, 1], entriesOf(2, 2)));
  assert.deepEqual([log.durableIndex, log.lastIndex], [1, 2]);
  log.beginSync();
  node.handle(append(2, 1, 3, [1, 1], entriesOf(2, 3, 3)));
  log.endSync();
  assert.deepEqual([log.durableIndex, log.lastIndex], [1, 3]);
});

test("a crash forgets term, vote and entries that were not durable, and the node starts from what is left", () => {
  const { node, log } = started([2, 3]);
  node.handle(append(2, 1, 4, [0, 0], entriesOf(1, 4)));
  sync(log);
  node.handle(append(2, 1, 4, [1, 4], entriesOf(2, 4)));
  node.handle(voteRequest(3, 1, 9, [9, 8]));
  log.crash();
  const again = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, log).status();
  assert.deepEqual([again.term, again.votedFor, again.lastIndex, again.commitIndex], [4, null, 1, 0]);
});

test("a log that lost what it had acknowledged stops the node, once its leader has said so for two election timeouts", () => {
  const { node, log } = started([2, 3]);
  node.handle(append(2, 1, 1, [0, 0], entriesOf(1, 1, 1)));
  log.crash();
  const again = new RaftNode({ id: nodeId(1), peers: [nodeId(2), nodeId(3)] }, log);
  const beat = (commitIndex: number): void => {
    again.handle(heartbeat(2, 1, 1, commitIndex));
    again.tick();
  };
  for (let i = 0; i < 19; i++) beat(2);
  beat(0); // the leader says no more than is held: what came before was another's, or late
  for (let i = 0; i < 19; i++) beat(2);
  assert.equal(again.commitIndex, 0);
  assert.throws(() => beat(2), {
    name: "RaftInvariantError",
    message: "Node 1 holds its log up to 0, but its leader says that 2 is committed, which the node had acknowledged",
  });
});

test("a node in the last term that there is goes on, but does not campaign", () => {
  const log = new DiskLog();
  log.setState({ term: MAX_TERM, votedFor: null });
  sync(log);
  const node = new RaftNode({ id: nodeId(1), peers: [nodeId(2)], ...paper }, log);

  assert.deepEqual(node.campaign(), []);
  for (let i = 0; i < 50; i++) assert.deepEqual(node.tick(), []);
  assert.deepEqual([node.term, node.role], [MAX_TERM, "follower"]);
});

test("a log whose term or end is beyond the limit is refused", () => {
  const log = new DiskLog();
  log.setState({ term: 2 ** 48 + 1 as Term, votedFor: null });
  sync(log);
  assert.throws(() => new RaftNode({ id: nodeId(1), peers: [nodeId(2)] }, log), { name: "LogContradictionError" });
});

// Leadership transfer: dissertation, section 3.10.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  MemLog,
  nodeId,
  NotLeaderError,
  ProposalRefusedError,
  RaftNode,
  TransferRefusedError,
} from "../../raft/mod.ts";
import { header, Network, voteRequest } from "./network.ts";
import { compactIn } from "./snapshots.ts";

test("a leader hands over to a follower that is up to date, and the others vote in spite of their loyalty", () => {
  const network = new Network();
  network.elect(1);
  network.run(2);
  network.send(network.node(1).transferLeadership(nodeId(3)));
  network.settle();
  assert.deepEqual([1, 2, 3].map((id) => network.node(id).role), ["follower", "follower", "leader"]);
  assert.deepEqual([1, 2, 3].map((id) => network.node(id).leader), [3, 3, 3]);
  assert.equal(network.node(3).term, 2);
});

test("a follower that is behind is brought up to date before it is told to campaign", () => {
  const network = new Network();
  network.elect(1);
  network.isolate(3);
  network.propose(1, 7, 8, 9);
  network.heal();
  network.send(network.node(1).transferLeadership(nodeId(3)));
  assert(network.queue.every(({ type }) => type !== "timeout-now"));
  network.run(3);
  assert.equal(network.node(3).role, "leader");
  assert.deepEqual(network.appliedBytes(3), [7, 8, 9]);
});

test("the target gets the entries of proposals that were not sent yet, at once", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.run(2);
  const { index } = leader.propose(new Uint8Array(1));
  const sent = leader.transferLeadership(nodeId(3));
  assert.deepEqual(
    sent.map((envelope) => envelope.type === "append-request" && [envelope.to, envelope.entries.at(-1)?.index]),
    [[3, index]],
  );
});

test("a follower that needs a snapshot gets it first (etcd's TestLeaderTransferAfterSnapshot)", () => {
  const network = new Network({ config: { maxKeepBytes: 0 } });
  const leader = network.elect(1);
  network.isolate(3);
  network.propose(1, 7, 8, 9);
  compactIn(network, leader.id, leader.appliedIndex, new Uint8Array(3));
  network.heal();
  network.send(leader.transferLeadership(nodeId(3)));
  network.run(4);
  assert.deepEqual([network.node(3).role, network.log(3).snapshotIndex], ["leader", 4]);
});

test("proposals and changes are held off while a transfer runs, and taken again when it is given up after an election timeout", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.passes = ({ type }) => type !== "timeout-now";
  network.send(leader.transferLeadership(nodeId(3)));
  network.settle();
  assert.throws(() => leader.propose(new Uint8Array(1)), ProposalRefusedError);
  assert.throws(() => leader.proposeChange({ type: "simple", changes: [] }), ProposalRefusedError);
  network.run(9);
  assert.equal(leader.status().transferTarget, 3);
  network.run(1);
  assert.equal(leader.status().transferTarget, null);
  network.propose(1, 7);
  assert.deepEqual(network.appliedBytes(3), [7]);
});

test("a lost TimeoutNow is sent again with the next sign of life", () => {
  const network = new Network();
  network.elect(1);
  let lost = 0;
  network.passes = ({ type }) => type !== "timeout-now" || lost++ > 0;
  network.send(network.node(1).transferLeadership(nodeId(3)));
  network.run(2);
  assert.equal(network.node(3).role, "leader");
});

test("a transfer to a learner, to the unknown, to the leader itself, or asked of a follower is refused", () => {
  const network = new Network();
  const leader = network.elect(1);
  leader.proposeChange({ type: "simple", changes: [{ type: "add-learner", node: nodeId(4) }] });
  network.settle();
  for (const target of [4, 9, 1]) {
    assert.throws(() => leader.transferLeadership(nodeId(target)), TransferRefusedError, String(target));
  }
  assert.throws(() => network.node(2).transferLeadership(nodeId(3)), NotLeaderError);
  assert.equal(leader.status().transferTarget, null);
});

test("a second transfer takes the place of the first", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.isolate(3);
  network.propose(1, 7);
  network.send(leader.transferLeadership(nodeId(3)));
  network.send(leader.transferLeadership(nodeId(2)));
  network.settle();
  assert.equal(network.node(2).role, "leader");
});

test("a vote of a higher term in the middle of a transfer ends it (etcd's TestLeaderTransferReceiveHigherTermVote)", () => {
  const network = new Network({ config: { checkQuorum: false, preVote: false } });
  const leader = network.elect(1);
  network.isolate(3);
  network.propose(1, 7);
  leader.transferLeadership(nodeId(3));
  leader.handle(voteRequest(2, 1, 5, [9, 1]));
  assert.deepEqual([leader.role, leader.term, leader.status().transferTarget], ["follower", 5, null]);
});

test("a TimeoutNow of an earlier term, to a learner, or to a leader starts nothing", () => {
  const network = new Network();
  const leader = network.elect(1);
  leader.handle({ type: "timeout-now", ...header(2, 1, 1) });
  network.node(2).handle({ type: "timeout-now", ...header(1, 2, 0) });
  assert.deepEqual([leader.role, network.node(2).role, network.node(2).term], ["leader", "follower", 1]);
  const learner = new RaftNode({ id: nodeId(4), peers: [], join: true }, new MemLog());
  learner.handle({ type: "timeout-now", ...header(1, 4, 1) });
  assert.equal(learner.role, "follower");
});

test("a transfer to a node that is cut off changes nothing in the end", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.isolate(3);
  network.send(leader.transferLeadership(nodeId(3)));
  network.run(15);
  assert.deepEqual([leader.role, leader.term], ["leader", 1]);
  network.heal();
  network.run(5);
  network.propose(1, 7);
  assert.deepEqual(network.appliedBytes(3), [7]);
});

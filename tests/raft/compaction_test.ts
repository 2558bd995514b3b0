// Which entries a log keeps beside a snapshot.
import { test } from "node:test";
import assert from "node:assert/strict";
import { logIndex, MemLog, nodeId, type RaftNode } from "../../raft/mod.ts";
import { Network } from "./network.ts";
import { compactIn } from "./snapshots.ts";

function compacted(network: Network, node: RaftNode): number {
  compactIn(network, node.id, node.appliedIndex, new Uint8Array(100));
  return network.log(node.id).firstIndex;
}

test("the entries that a compaction keeps are counted in bytes", () => {
  for (const [keepBytes, first] of [[0, 12], [24, 12], [25, 11], [49, 11], [50, 10], [1000, 1]] as const) {
    const network = new Network({ nodes: 1, config: { keepBytes, maxKeepBytes: 1000 } });
    const leader = network.elect(1);
    network.propose(1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10); // 2 to 11, of 25 bytes each
    assert.equal(compacted(network, leader), first, `${keepBytes} bytes`);
  }
});

test("a leader keeps entries for a follower that it sends to, up to its bound, and drops those for a silent one", () => {
  // Of a follower that has everything, the last entry is kept: the next append names its term.
  for (const [maxKeepBytes, silentFor, first] of [[1e6, 0, 1], [50, 0, 10], [1e6, 25, 11]] as const) {
    const network = new Network({ config: { maxKeepBytes } });
    const leader = network.elect(1);
    network.isolate(3);
    network.propose(1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    network.run(silentFor);
    assert.equal(compacted(network, leader), first, `${maxKeepBytes} bytes, silent for ${silentFor} ticks`);
  }
});

test("a follower keeps nothing beyond keepBytes, as it sends to nobody", () => {
  const network = new Network();
  network.elect(1);
  network.propose(1, 1, 2, 3);
  network.run(1);
  assert.equal(compacted(network, network.node(2)), 5);
});

test("a follower that needs a snapshot catches up though its leader takes snapshots faster than one is sent", () => {
  const network = new Network({ config: { snapshotChunkBytes: 5 } });
  const leader = network.elect(1);
  network.isolate(3);
  network.propose(1, 1, 2, 3);
  network.run(25);
  compacted(network, leader);
  network.heal();
  for (let round = 0; round < 60; round++) {
    network.propose(1, round);
    network.tick();
    // One message each way in a round: the snapshot of 100 bytes takes 20 of them.
    for (const envelope of network.queue.splice(0)) network.deliver(envelope);
    if (round % 3 === 2) compacted(network, leader);
  }
  network.settle();
  const { state, matchIndex } = leader.status().followers.find(({ id }) => id === 3)!;
  assert.deepEqual([state, matchIndex], ["replicate", leader.status().lastIndex]);
  const begun = new Set(
    network.sent.flatMap((envelope) => envelope.type === "snapshot-request" ? [envelope.snapshotIndex] : []),
  );
  assert.equal(begun.size, 1, "one snapshot was enough");
});

test("a node number that is used again in the same term does not inherit acknowledgements", () => {
  for (const type of ["add-learner", "add-voter"] as const) {
    const network = new Network();
    const leader = network.elect(1);
    network.run(1);
    network.passes = ({ from, type }) => !(from === 3 && type === "append-response");
    network.propose(1, 1, 2, 3, 4);
    const late = network.sent.filter((one) => one.from === 3 && one.type === "append-response");
    const beats = network.sent.filter((one) => one.to === 3 && one.type === "commit-notice");
    assert(late.length > 0);
    network.isolate(3);
    leader.proposeChange({ type: "simple", changes: [{ type: "remove", node: nodeId(3) }] });
    network.settle();
    network.start(3, [], new MemLog(), { join: true });
    leader.proposeChange({ type: "simple", changes: [{ type, node: nodeId(3) }] });
    network.settle();
    for (const envelope of late) leader.handle(envelope);
    const joined = leader.status().followers.find(({ id }) => id === 3)!;
    assert.deepEqual([joined.matchIndex, joined.isActive], [0, false], type);
    for (const envelope of beats) network.node(3).handle(envelope);
    network.heal();
    network.run(5);
    assert.equal(network.node(3).commitIndex, leader.commitIndex);
    assert.equal(network.log(3).entryAt(logIndex(2))?.data[0], 1);
  }
});

// What a host needs beside the protocol: where its state stands, which proposals are lost, a connection that broke, the
// confirmation of one read, and its own bytes about the members.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  configurationOf,
  decodeConfiguration,
  describeConfiguration,
  encodeConfiguration,
  logIndex,
  MemLog,
  nodeId,
  RaftNode,
  type Term,
} from "../../raft/mod.ts";
import { entriesOf, logOfTerms, Network, only } from "./network.ts";
import { compactIn, install } from "./snapshots.ts";

const positions = (node: RaftNode): string[] => node.drainLost().map(({ index, term }) => `${index}@${term}`);

test("a host whose state outlives the process is not given again what it has applied", () => {
  const log = logOfTerms([1, 1, 1, 1]);
  const node = new RaftNode({ id: nodeId(1), peers: [], appliedIndex: logIndex(3) }, log);
  assert.deepEqual([node.commitIndex, node.appliedIndex], [3, 3]);
  assert.equal(node.drainRestored(), null);
  while (node.role !== "leader") node.tick();
  assert.deepEqual(node.drainApplied().map(({ index }) => index), [4]);
});

test("the log's snapshot is given at a restart only where it goes further than what the host has applied", () => {
  const snapshot = {
    index: logIndex(2),
    term: 1 as Term,
    configuration: configurationOf([nodeId(1)]),
  };
  for (const [applied, given, starts] of [[0, true, 2], [1, true, 2], [2, false, 2], [4, false, 4]] as const) {
    const log = new MemLog();
    log.setState({ term: 1 as Term, votedFor: null });
    install(log, snapshot, new Uint8Array([9]));
    log.append(entriesOf(3, 1, 1));
    const node = new RaftNode({ id: nodeId(1), peers: [], appliedIndex: logIndex(applied) }, log);
    assert.deepEqual([node.drainRestored() !== null, node.appliedIndex], [given, starts], `applied ${applied}`);
  }
});

test("a log that ends before what the host has applied is refused", () => {
  const config = { id: nodeId(1), peers: [], appliedIndex: logIndex(3) };
  assert.throws(() => new RaftNode(config, logOfTerms([1, 1])), {
    name: "LogContradictionError",
    message: "Cannot start from this log: it ends at 2, but the host has applied up to 3",
  });
});

test("a proposal whose place a noop takes is lost, and so are those behind it, though nothing stands there yet", () => {
  const network = new Network({ config: { checkQuorum: false } });
  const old = network.elect(1);
  network.isolate(1);
  for (const byte of [1, 2, 3]) old.propose(new Uint8Array([byte])); // 2, 3 and 4, sent to nobody
  network.elect(2); // its noop is at 2
  assert.deepEqual(positions(old), []);
  network.heal();
  network.run(3);
  assert.equal(network.log(1).lastIndex, 2);
  assert.deepEqual(positions(old), ["2@1", "3@1", "4@1"]);
  assert.deepEqual(positions(old), [], "once");
});

test("a proposal that a later leader commits is not lost, and those behind it are", () => {
  const network = new Network({ config: { checkQuorum: false } });
  const old = network.elect(1);
  network.passes = ({ from, to, type }) => from !== 3 && to !== 3 && !(to === 1 && type === "append-response");
  network.propose(1, 7); // 2: on nodes 1 and 2
  network.isolate(1);
  old.propose(new Uint8Array([8])); // 3: on node 1 alone
  network.elect(2);
  network.heal();
  network.run(3);
  assert.deepEqual(network.appliedBytes(1), [7]);
  assert.deepEqual(positions(old), ["3@1"]);
});

test("when a snapshot overtakes proposals, those behind it are lost, and those that it covers stay unknown", () => {
  const network = new Network({ config: { checkQuorum: false, maxKeepBytes: 0 } });
  const old = network.elect(1);
  network.isolate(1);
  for (const byte of [1, 2, 3, 4, 5]) old.propose(new Uint8Array([byte])); // 2 to 6
  network.elect(2);
  network.propose(2, 9); // 3
  compactIn(network, 2, logIndex(3), new Uint8Array([1]));
  network.heal();
  network.run(4);
  assert.equal(network.log(1).snapshotIndex, 3);
  assert.deepEqual(positions(old), ["4@1", "5@1", "6@1"]);
});

test("a leader that is told that a node cannot be reached stops streaming, and probes it", () => {
  const network = new Network();
  const leader = network.elect(1);
  network.propose(1, 1);
  network.isolate(3);
  leader.propose(new Uint8Array([2]));
  network.settle();
  leader.reportUnreachable(nodeId(3));
  const stateOf = (): string => {
    const { state, matchIndex, nextIndex, isPaused } = leader.status().followers[1]!;
    return `${state} match=${matchIndex} next=${nextIndex} paused=${isPaused}`;
  };
  assert.equal(stateOf(), "probe match=2 next=3 paused=true");
  network.heal();
  network.run(3);
  assert.equal(stateOf(), "replicate match=3 next=4 paused=false");
  for (const other of [1, 9]) leader.reportUnreachable(nodeId(other)); // no follower: nothing happens
  network.node(2).reportUnreachable(nodeId(3));
});

test("one read may ask for a round where leases are on, at the leader and through a follower", () => {
  const network = new Network({ config: { leaseReads: true, electionTimeoutTicks: 20 } });
  const leader = network.elect(1);
  network.run(2);
  assert.deepEqual(leader.readIndex(1), [], "the lease answers");
  assert.deepEqual(leader.drainReads().map(({ context }) => context), [1]);
  assert(leader.readIndex(2, "quorum").some(({ type }) => type === "heartbeat-request"), "a round begins");

  const asked = only(network.node(2).readIndex(3, "quorum"), "read-request");
  assert.equal(asked.confirmation, "quorum");
  assert.equal(only(network.node(2).readIndex(4), "read-request").confirmation, "lease");
});

test("a lease read is refused if leases are off, and so is an unknown confirmation", () => {
  const leader = new Network().elect(1);
  assert.throws(() => leader.readIndex(1, "lease"), { name: "RangeError", message: /leaseReads is off/ });
  assert.throws(() => leader.readIndex(1, "local" as never), { name: "TypeError", message: /confirmation/ });
});

test("a host's bytes travel with the configuration to every member, and into snapshots, until others take their place", () => {
  const network = new Network();
  const leader = network.elect(1);
  const addresses = new TextEncoder().encode("1=a 2=b 3=c");
  const learner = { type: "add-learner", node: nodeId(4) } as const;
  leader.proposeChange({ type: "simple", changes: [learner], context: addresses });
  network.settle();
  for (const id of [1, 2, 3]) assert.deepEqual(network.node(id).status().configuration.context, addresses);

  leader.proposeChange({ type: "simple", changes: [{ type: "remove", node: nodeId(4) }] });
  network.settle();
  assert.deepEqual(network.node(3).status().configuration.context, addresses, "a change without bytes keeps them");

  compactIn(network, leader.id, leader.appliedIndex, new Uint8Array(0));
  assert.deepEqual(network.log(1).snapshot?.configuration.context, addresses);

  const none = new Uint8Array(0);
  leader.proposeChange({ type: "enter-joint", changes: [learner], autoLeave: true, context: none });
  network.run(2);
  assert.deepEqual(network.node(2).status().configuration.context, none, "also when the joint configuration is left");
});

test("a configuration's bytes hold the host's, and one without them is written as it always was", () => {
  const plain = configurationOf([nodeId(1), nodeId(2)]);
  const told = { ...plain, context: new Uint8Array([5, 6]) };
  assert.deepEqual(decodeConfiguration(encodeConfiguration(told)), told);
  assert.equal(encodeConfiguration(plain)[0], 1);
  assert.deepEqual(decodeConfiguration(encodeConfiguration(plain)), plain);
  assert.equal(describeConfiguration(told), "voters=(1 2) context=2B");
  const bytes = encodeConfiguration(told);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeConfiguration(bytes.slice(0, length)), SyntaxError);
  }
  const leader = new Network().elect(1);
  const large = { type: "simple", changes: [], context: new Uint8Array(256 * 1024 + 1) } as const;
  assert.throws(() => leader.proposeChange(large), { name: "RangeError", message: /262145 bytes/ });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientReply } from "../../../server/replica/client.ts";
import { type ClientRequest, submitRequest } from "../../../server/store/client.ts";
import { nodeId } from "../../../raft/mod.ts";
import { ask, elected, get, type Member, put, type ReplicaCluster, replicaCluster } from "./replica_cluster.ts";

function follower(cluster: ReplicaCluster): Member {
  return cluster.members.find((member) => member !== cluster.leader())!;
}

test("any node takes any request, and all nodes apply it", () => {
  const cluster = elected(3);
  const written = ask(follower(cluster), put("a", "1"));
  cluster.run(3);
  assert.deepEqual(written, [{ type: "ok", value: null }]);
  for (const member of cluster.members) {
    const read = ask(member, get("a"));
    cluster.run(2);
    assert.deepEqual(read, [{ type: "ok", value: "1" }]);
    assert.equal(member.store.get("a"), "1");
  }
});

test("a sole voter answers a write only when its sync has ended", () => {
  const cluster = elected(1);
  const [member] = cluster.members;
  const replies = ask(member!, put("a", "1"));
  assert.deepEqual(replies, []);
  member!.disk.step();
  assert.deepEqual(replies, []);
  member!.disk.step();
  assert.deepEqual(replies, [{ type: "ok", value: null }]);
});

test("a leader's append leaves before the leader's own sync, and a follower's acknowledgement only after its own", () => {
  const cluster = elected(3);
  const leader = cluster.leader();
  ask(leader, put("a", "1"));
  assert.equal(leader.disk.waiting, 2);
  const appends = cluster.wire.filter(({ packet }) =>
    packet.kind === "raft" && packet.envelope.type === "append-request"
  );
  assert.equal(appends.length, 2);
  const { to } = appends[0]!;
  cluster.deliver(cluster.wire.indexOf(appends[0]!));
  const acknowledged = () =>
    cluster.wire.filter(({ packet }) => packet.kind === "raft" && packet.envelope.type === "append-response").length;
  assert.equal(acknowledged(), 0);
  cluster.members[to - 1]!.disk.settle();
  assert.equal(acknowledged(), 1);
});

test("an answer that brings the next request at once takes nothing from those that wait behind it", () => {
  const cluster = elected(1);
  const [member] = cluster.members;
  const next: ClientReply[] = [];
  ask(member!, put("a", "0"));
  const { submit } = member!.replica!;
  submitRequest(submit, put("a", "1"), () => submitRequest(submit, put("b", "1"), (reply) => next.push(reply)));
  const behind = [ask(member!, put("a", "2")), ask(member!, put("a", "3"))];
  member!.disk.settle();

  assert.deepEqual(behind, [[{ type: "ok", value: null }], [{ type: "ok", value: null }]]);
  assert.deepEqual(next, [{ type: "ok", value: null }]);
});

test("inputs that come during a sync are written by the next one, all at once", () => {
  const cluster = elected(1);
  const [member] = cluster.members;
  const before = member!.disk.syncs;
  const first = ask(member!, put("a", "0"));
  const rest = Array.from({ length: 100 }, (_, i) => ask(member!, put("a", String(i))));
  member!.disk.settle();
  assert.deepEqual(first, [{ type: "ok", value: null }]);
  assert.ok(rest.every((replies) => replies[0]?.type === "ok"));
  assert.equal(member!.disk.syncs - before, 2);
});

test("with a host that defers, the inputs of a turn are one batch from the first", () => {
  const deferred: (() => void)[] = [];
  const cluster = replicaCluster(1, { more: { defer: (action) => deferred.push(action) } });
  const [member] = cluster.members;
  const turn = (): void => {
    while (deferred.length > 0 || member!.disk.waiting > 0) {
      deferred.splice(0).forEach((action) => action());
      member!.disk.settle();
    }
  };
  for (let i = 0; i < 40; i++) {
    member!.replica!.tick();
    turn();
  }
  const before = member!.disk.syncs;
  const replies = Array.from({ length: 100 }, (_, i) => ask(member!, put("a", String(i))));
  turn();
  assert.ok(replies.every(([reply]) => reply?.type === "ok"));
  assert.equal(member!.disk.syncs - before, 1);
});

test("a failing append or sync ends the node, and nothing is answered", () => {
  const stopped: Error[] = [];
  const cluster = elected(1, { more: {} });
  const [member] = cluster.members;
  const failing = replicaCluster(1);
  assert.equal(failing.members.length, 1);
  member!.disk.fail(new Error("no space is left"));
  const replies = ask(member!, put("a", "1"));
  try {
    member!.disk.settle();
  } catch (error) {
    stopped.push(error as Error);
  }
  assert.equal(stopped[0]?.message, "no space is left");
  assert.ok(member!.replica!.isStopped);
  assert.deepEqual(replies, []);
});

test("without a leader, writes and reads fail for certain", () => {
  const cluster = replicaCluster(3);
  const member = cluster.members[0]!;
  assert.deepEqual(ask(member, put("a", "1")), [{ type: "fail", error: "no leader known", isRetryable: true }]);
  const [read] = ask(member, get("a"));
  assert.equal(read?.type, "fail");
});

/** The others go on without the leader, and elect one of themselves. */
function electWithout(cluster: ReplicaCluster, old: Member): void {
  cluster.wire.length = 0;
  for (let i = 0; i < 60; i++) {
    for (const member of cluster.members) {
      if (member !== old) member.replica!.tick();
      member.disk.settle();
    }
    while (cluster.wire.length > 0) {
      const { to, packet } = cluster.wire[0]!;
      const from = packet.kind === "raft" ? packet.envelope.from : packet.from;
      if (to === old.id || from === old.id) cluster.wire.shift();
      else cluster.deliver(0);
    }
  }
  assert.notEqual(cluster.leader(), old);
}

test("a proposal of a leader that was cut off is not called failed before another entry stands in its place", () => {
  const cluster = elected(3);
  const old = cluster.leader();
  const replies = ask(old, put("a", "lost"));
  electWithout(cluster, old);
  assert.deepEqual(replies, []);
  cluster.run(10);
  const error = "another leader's entry took its place";
  assert.deepEqual(replies, [{ type: "fail", error, isRetryable: true }]);
});

test("proposals beyond the end of a later leader's log are answered, though no entry ever takes their places", () => {
  const cluster = elected(3);
  const old = cluster.leader();
  const replies = ["a", "b", "c", "d"].map((key) => ask(old, put(key, "lost")));
  electWithout(cluster, old);

  cluster.run(10);

  // The later leader's log has one entry more, and nobody asks for another.
  const error = "another leader's entry took its place";
  for (const one of replies) assert.deepEqual(one, [{ type: "fail", error, isRetryable: true }]);
  assert.equal(old.replica!.waiting, 0);
});

test("a forwarded write that the network delivers twice is applied once", () => {
  const cluster = elected(3);
  const replies = ask(follower(cluster), { operation: { f: "add", key: "n", value: 1 } });
  const forward = cluster.wire.find(({ packet }) => packet.kind === "forward")!;
  cluster.wire.push(forward, forward);
  cluster.run(5);
  assert.deepEqual(replies, [{ type: "ok", value: 1 }]);
  assert.equal(cluster.leader().store.get("n"), 1);
});

test("a read at a follower sees every write that was answered before", () => {
  const cluster = elected(5);
  for (let i = 0; i < 20; i++) {
    const written = ask(cluster.leader(), put("a", String(i)));
    while (written.length === 0) {
      if (cluster.wire.length > 0) cluster.deliver(0);
      for (const { disk } of cluster.members) disk.step();
    }
    const reads = cluster.members.map((member) => ask(member, get("a")));
    cluster.run(2);
    for (const read of reads) assert.deepEqual(read, [{ type: "ok", value: String(i) }]);
  }
});

test("a local read shows the asked node's state, even if it is old", () => {
  const cluster = elected(3);
  const slow = follower(cluster);
  ask(cluster.leader(), put("a", "1"));
  for (let i = 0; i < 200; i++) {
    const at = cluster.wire.findIndex(({ to }) => to !== slow.id);
    if (at >= 0) cluster.deliver(at);
    for (const { disk } of cluster.members) disk.step();
  }
  assert.equal(cluster.leader().store.get("a"), "1");
  assert.deepEqual(ask(slow, { ...get("a"), reads: "local" }), [{ type: "ok", value: null }]);
});

test("a node that was away for long gets a snapshot, sessions and all", () => {
  const cluster = elected(3);
  const away = follower(cluster);
  cluster.crash(away, 0);
  const session = { client: "c", sequence: 7 };
  const add: ClientRequest = { operation: { f: "add", key: "n", value: 1 }, session };
  ask(cluster.leader(), add);
  for (let i = 0; i < 20; i++) ask(cluster.leader(), put(`k${i}`, "v"));
  cluster.run(3);
  for (const { replica } of cluster.members) replica?.compact();
  cluster.run(3);
  cluster.start(away);
  cluster.run(30);
  assert.equal(away.store.get("k19"), "v");
  const handed = ask(cluster.leader(), { operation: { f: "get", key: "n" } });
  cluster.leader().replica!.transferLeadership(away.id, () => {});
  cluster.run(10);
  assert.equal(cluster.leader(), away);
  const retried = ask(away, add);
  cluster.run(5);
  assert.deepEqual(handed, [{ type: "ok", value: 1 }]);
  assert.deepEqual(retried, [{ type: "ok", value: 1 }]);
  assert.equal(away.store.get("n"), 1);
});

test("the log is compacted by size, and a restart finds the same store", () => {
  const cluster = elected(1, { journal: { segmentBytes: 2000 }, more: { compaction: { bytes: 2000 } } });
  const [member] = cluster.members;
  for (let i = 0; i < 500; i++) {
    ask(member!, put(`k${i % 10}`, "x".repeat(20)));
    member!.disk.settle();
  }
  const { journal } = member!.replica!;
  assert.ok(journal.snapshotIndex > 400, `the snapshot is at ${journal.snapshotIndex}`);
  assert.ok(journal.bytes < 10_000, `the journal has ${journal.bytes} bytes`);
  cluster.crash(member!, 0);
  cluster.start(member!);
  cluster.run(40);
  assert.equal(member!.store.size, 10);
});

test("a snapshot that is asked for grows with the inputs, and requests are answered in between", () => {
  const cluster = elected(1);
  const [member] = cluster.members;
  for (let i = 0; i < 4; i++) {
    ask(member!, put(`k${i}`, "x".repeat(300_000)));
    member!.disk.settle();
  }
  const { journal } = member!.replica!;
  assert.equal(member!.replica!.compact(), true);
  assert.equal(member!.replica!.compact(), false, "one is being written");
  assert.deepEqual([ask(member!, get("k0"))[0]?.type, journal.snapshotIndex], ["ok", 0]);
  cluster.run(5);
  assert.ok(journal.snapshotIndex >= 4, `the snapshot is at ${journal.snapshotIndex}`);
  assert.equal(member!.replica!.compact(), false, "there is nothing new");
});

test("members are changed and leadership is handed over through any node", () => {
  const cluster = elected(3);
  const asked = follower(cluster);
  const replies: ClientReply[] = [];
  const leaving = cluster.members.find((member) => member !== asked && member !== cluster.leader())!;
  asked.replica!.changeMembers(
    { type: "simple", changes: [{ type: "remove", node: nodeId(leaving.id) }] },
    (reply) => replies.push(reply),
  );
  cluster.run(5);
  asked.replica!.transferLeadership(asked.id, (reply) => replies.push(reply));
  cluster.run(10);
  assert.deepEqual(replies, [{ type: "ok", value: null }, { type: "ok", value: null }]);
  assert.equal(cluster.leader(), asked);
  assert.equal(asked.replica!.node.status().configuration.voters.length, 2);
});

test("a transfer that is not done after the time allowed has an unknown outcome, and not before", () => {
  const cluster = elected(3, { more: { limits: { forwardTimeoutTicks: 5 } } });
  const replies: ClientReply[] = [];
  const { replica } = cluster.leader();
  replica!.transferLeadership(follower(cluster).id, (reply) => replies.push(reply));
  cluster.wire.length = 0;
  for (let tick = 0; tick < 4; tick++) replica!.tick();
  assert.deepEqual(replies, []);
  replica!.tick();
  assert.deepEqual(replies, [{ type: "info", error: "leadership was not handed over in time" }]);
});

test("a session that makes no sense is refused", () => {
  const cluster = elected(1);
  const add = { f: "add", key: "n", value: 1 };
  for (
    const session of [{ client: "a" }, { client: "a", sequence: 0 }, { client: "a", sequence: 1.5 }, {
      client: {},
      sequence: 1,
    }]
  ) {
    const [reply] = ask(cluster.members[0]!, { operation: add, session: session as never });
    assert.equal(reply?.type, "fail");
  }
  assert.equal(cluster.members[0]!.store.get("n"), null);
});

test("an invalid membership change and an unknown read mode are refused, and the node continues", () => {
  const cluster = elected(1);
  const { replica } = cluster.members[0]!;
  const changes = [null, "x", 7, {}, { type: "simple" }, { type: "simple", changes: [null] }, {
    type: "simple",
    changes: [{ type: "remove", node: {} }],
  }];
  for (const change of changes) {
    const replies: ClientReply[] = [];
    replica!.changeMembers(change as never, (reply) => replies.push(reply));
    assert.equal(replies[0]?.type, "fail", JSON.stringify(change));
  }
  const [reply] = ask(cluster.members[0]!, { ...get("a"), reads: "bogus" as never });
  assert.equal(reply?.type, "fail");
  assert.equal(replica!.isStopped, false);
});

test("a command that is too long, and too many that wait, are refused with a clear error", () => {
  const cluster = elected(1, { more: { limits: { maxCommandBytes: 100, maxWaiting: 3 } } });
  const [member] = cluster.members;
  const [long] = ask(member!, put("a", "x".repeat(200)));
  assert.match((long as { error: string }).error, /the command has \d+ bytes, but at most 100 are allowed/);
  const replies = Array.from({ length: 5 }, () => ask(member!, put("a", "1")));
  assert.deepEqual(replies.map((list) => list[0]?.type), [undefined, undefined, undefined, "fail", "fail"]);
});

test("too many reads that wait are refused, and none is counted once it is answered", () => {
  const cluster = elected(3, { more: { limits: { maxWaiting: 3 } } });
  const leader = cluster.leader();
  for (let round = 0; round < 2; round++) {
    const replies = Array.from({ length: 5 }, () => ask(leader, get("a")));
    assert.deepEqual(replies.map((list) => list[0]?.type), [undefined, undefined, undefined, "fail", "fail"]);
    assert.equal(leader.replica!.waiting, 3);
    cluster.run(2);
    assert.deepEqual(replies.map((list) => list[0]?.type), ["ok", "ok", "ok", "fail", "fail"]);
    assert.equal(leader.replica!.waiting, 0);
  }
});

test("a state above the snapshot limit stops no node: only commands that shrink it are taken, until it fits again", () => {
  const cluster = elected(3, { more: { raft: { maxSnapshotBytes: 100_000 }, compaction: { bytes: 50_000 } } });
  const write = (request: ClientRequest): ClientReply | undefined => {
    const replies = ask(cluster.leader(), request);
    cluster.run(3);
    return replies[0];
  };
  const replies = Array.from({ length: 60 }, (_, i) => write(put(`k${i}`, "x".repeat(5000))));
  const refused = replies.findIndex((reply) => reply?.type !== "ok");
  assert.ok(refused > 15, `the first refusal is at write ${refused}`);
  assert.match(JSON.stringify(replies[refused]), /the state is larger than a snapshot may be/);
  for (const { replica } of cluster.members) assert.equal(replica!.isStopped, false);
  for (let i = 0; i < refused; i++) {
    assert.deepEqual(write({ operation: { f: "delete", key: `k${i}` } }), { type: "ok", value: null });
  }
  cluster.run(250);
  assert.deepEqual(write(put("again", "y")), { type: "ok", value: null });
  for (const member of cluster.members) {
    cluster.crash(member, 0);
    cluster.start(member);
  }
  cluster.run(60);
  assert.equal(cluster.leader().store.get("again"), "y");
});

test("a leader whose disk hangs refuses commands before its memory is full of them", () => {
  const cluster = elected(1, { more: { limits: { maxUnflushedBytes: 100_000 } } });
  const [member] = cluster.members;
  const replies = Array.from({ length: 300 }, (_, i) => ask(member!, put(`k${i}`, "x".repeat(1000))));
  assert.ok(member!.replica!.journal.unflushedBytes < 110_000, `${member!.replica!.journal.unflushedBytes} bytes`);
  assert.match(JSON.stringify(replies.at(-1)), /the disk of the leader is behind/);
  member!.disk.settle();
  assert.equal(replies[0]![0]?.type, "ok");
  assert.equal(member!.replica!.journal.unflushedBytes, 0);
});

// What a replica refuses, what ends it, and states and answers that are larger than one piece.
import assert from "node:assert/strict";
import { test } from "node:test";

import type { ClientReply } from "../../../server/replica/client.ts";
import type { Packet } from "../../../server/replica/packet.ts";
import { decodePacket, encodePacket } from "../../../server/replica/packet_codec.ts";
import { Proposals } from "../../../server/replica/proposals.ts";
import { createReplica, type ReplicaOptions } from "../../../server/replica/replica.ts";
import { type SessionMachine, withSessions } from "../../../server/replica/sessions.ts";
import { SnapshotWriter } from "../../../server/replica/snapshot_writer.ts";
import type { StateMachine } from "../../../server/replica/state_machine.ts";
import { createKvStore } from "../../../server/store/kv_store.ts";
import type { RaftNode } from "../../../raft/mod.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { openJournal } from "../../../server/journal/journal_open.ts";
import { type MemoryDisk, memoryDisk } from "../journal/memory_disk.ts";
import { ask, elected, get, put, type ReplicaCluster, replicaCluster } from "./replica_cluster.ts";

function journalOn(disk: MemoryDisk): Journal {
  let opened: Journal | null = null;
  openJournal(disk, { clusterId: "c", nodeId: 1 }, (_error, journal) => opened = journal);
  disk.settle();
  return opened!;
}

test("a state of several pieces is loaded piece by piece: until then no read of the node's own state is answered", () => {
  const deferred: (() => void)[] = [];
  const cluster = replicaCluster(1, { more: { defer: (action) => deferred.push(action) } });
  const [member] = cluster.members;
  /** Ends one batch, and lets the disk work. */
  const turn = (): void => {
    deferred.shift()?.();
    member!.disk.settle();
  };
  const run = (ticks: number): void => {
    for (let i = 0; i < ticks; i++) {
      member!.replica!.tick();
      for (let turns = 0; turns < 9; turns++) turn();
    }
  };
  run(40);
  const large = "x".repeat(350_000);
  for (const key of ["a", "b"]) ask(member!, put(key, large));
  run(1);
  member!.replica!.compact();
  run(2);
  ask(member!, put("c", "after"));
  run(1);
  assert.ok(member!.replica!.journal.snapshot!.bytes > 2 * 262_144);
  deferred.length = 0;
  cluster.crash(member!, 0);
  cluster.start(member!);

  const local: string[] = [];
  for (let i = 0; i < 8; i++) {
    const replies = ask(member!, { ...get("a"), reads: "local" });
    local.push(replies[0]!.type === "ok" ? "read" : replies[0]!.error);
    turn();
  }
  const loading = local.lastIndexOf("this node is loading its state");
  assert.ok(loading >= 2 && loading < 7, local.join(", "));
  assert.ok(local.slice(loading + 1).every((one) => one === "read"), local.join(", "));
  run(40);
  const read = ["a", "c"].map((key) => ask(member!, get(key)));
  run(3);
  assert.deepEqual(read, [[{ type: "ok", value: large }], [{ type: "ok", value: "after" }]]);
});

test("a command that is too long for the leader, though not for the node that was asked, is refused by the leader", () => {
  const cluster = elected(3, { of: ({ id }) => ({ limits: { maxCommandBytes: id === 2 ? 1000 : 100 } }) });
  cluster.members[2]!.replica!.transferLeadership(3, () => {});
  cluster.run(10);
  assert.equal(cluster.leader().id, 3);
  const long = ask(cluster.members[1]!, put("a", "x".repeat(200)));
  const tooLong = ask(cluster.members[1]!, put("a", "x".repeat(2000)));
  cluster.run(3);
  for (const [replies, most] of [[long, 100], [tooLong, 1000]] as const) {
    assert.match(JSON.stringify(replies), new RegExp(`the command has \\d+ bytes, but at most ${most} are allowed`));
  }
  assert.equal(cluster.leader().store.get("a"), null);
});

test("a replica's number is a whole number in range, and a command is bytes", () => {
  const journal = journalOn(memoryDisk());
  const options = { peers: [], journal, machine: createKvStore(), incarnation: 1, send: () => {} };
  for (const id of [0, -1, 1.5, NaN, 2 ** 20, "1" as never]) {
    assert.throws(
      () => createReplica({ ...options, id }),
      /RangeError: A replica's id is a whole number from 1 to 1048575/,
    );
  }
  const cluster = elected(1);
  const { replica } = cluster.members[0]!;
  for (const command of ["text", [1, 2], { length: 3 }, null, undefined, 7]) {
    const replies: ClientReply[] = [];
    replica!.submit(command as never, (reply) => replies.push(reply));
    assert.deepEqual(replies, [{ type: "fail", error: "a command is a Uint8Array" }]);
  }
  assert.equal(replica!.isStopped, false);
});

test("proposals that a snapshot covers have an unknown outcome, and those behind it wait on", () => {
  let index = 0;
  const node = { proposalRefusal: () => null, propose: () => ({ index: ++index, term: 1 }) } as unknown as RaftNode;
  const proposals = new Proposals(node);
  const replies: string[] = [];
  for (let i = 1; i <= 4; i++) proposals.propose(new Uint8Array(1), ({ type }) => replies.push(`${i} ${type}`));
  proposals.covered(2);
  assert.deepEqual([replies, proposals.size], [["1 info", "2 info"], 2]);
  proposals.applied(3, 1, { type: "ok", value: null });
  proposals.applied(4, 2, { type: "ok", value: null });
  assert.deepEqual(replies.slice(2), ["3 ok", "4 fail"]);
});

/** A node whose machine throws at one command, and what it said when it ended. */
function throwing(more: Partial<ReplicaOptions<SessionMachine>>): { cluster: ReplicaCluster; ends: Error[] } {
  const ends: Error[] = [];
  const cluster = replicaCluster(1, {
    more,
    of(member) {
      const store = member.store = createKvStore();
      const machine: StateMachine = {
        ...store,
        apply(command, index) {
          if (command[0] === 26) throw new Error("The machine is wrong");
          return store.apply(command, index);
        },
      };
      return { machine: withSessions(machine), onStopped: (error) => ends.push(error) };
    },
  });
  return { cluster, ends };
}

test("a machine that throws ends the node once, and nothing is answered any more, also if the host defers", () => {
  for (const defers of [false, true]) {
    const deferred: (() => void)[] = [];
    const { cluster, ends } = throwing(defers ? { defer: (action) => deferred.push(action) } : {});
    const [member] = cluster.members;
    const { replica } = member!;
    const turn = (): void => {
      while (deferred.length > 0 || member!.disk.waiting > 0) {
        deferred.splice(0).forEach((action) => action());
        member!.disk.settle();
      }
    };
    for (let i = 0; i < 40; i++) {
      replica!.tick();
      turn();
    }
    const good = ask(member!, put("a", "1"));
    const bad = ask(member!, { operation: { f: "take", key: "a" } });
    const behind = ask(member!, put("a", "2"));
    turn();
    const after = ask(member!, put("a", "3"));
    replica!.tick();
    replica!.lostConnection(2);
    replica!.receive({ kind: "answer", from: 2, incarnation: 1, number: 1, reply: { type: "ok", value: null } });
    turn();

    assert.deepEqual([good, bad, behind, after], [[{ type: "ok", value: null }], [], [], []], `defers: ${defers}`);
    assert.deepEqual(ends.map(({ message }) => message), ["The machine is wrong"]);
    assert.deepEqual([replica!.isStopped, replica!.compact(), member!.store.get("a")], [true, false, "1"]);
  }
});

test("a disk that fails in several places ends the node once", () => {
  const ends: Error[] = [];
  const cluster = replicaCluster(1, { of: () => ({ onStopped: (error) => ends.push(error) }) });
  cluster.run(40);
  const [member] = cluster.members;
  ask(member!, put("a", "1"));
  cluster.run(2);
  ask(member!, put("a", "2"));
  member!.replica!.compact();
  member!.disk.fail(new Error("The device failed"));
  member!.disk.settle();
  cluster.run(3);
  assert.deepEqual(ends.map(({ message }) => message), ["The device failed"]);
});

test("a node that is stopped during a flush sends nothing when the flush ends", () => {
  const cluster = elected(3);
  const leader = cluster.leader();
  const member = cluster.members.find((one) => one !== leader)!;
  ask(leader, put("a", "1"));
  const at = cluster.wire.findIndex(({ to, packet }) =>
    to === member.id && packet.kind === "raft" && packet.envelope.type === "append-request"
  );
  cluster.deliver(at);
  assert.ok(member.disk.waiting > 0);
  const before = cluster.wire.length;
  member.replica!.stop();
  member.disk.settle();
  assert.equal(cluster.wire.length, before);
});

test("a snapshot is written no faster than the disk takes it", () => {
  const disk = memoryDisk();
  const journal = journalOn(disk);
  const slice = new Uint8Array(1 << 20);
  const machine: Partial<StateMachine> = {
    *snapshotInSteps(writer) {
      for (let i = 0; i < 6; i++) {
        writer.bytes(slice);
        yield;
      }
    },
  };
  const taken: number[] = [];
  const take = (_index: number, { bytes }: { bytes: number }): void => void taken.push(bytes);
  const options = { machine: machine as StateMachine, journal, dueBytes: 1, maxBytes: Infinity, take };
  const writer = new SnapshotWriter(options);
  writer.begin(1);
  for (let i = 0; i < 50; i++) writer.step();
  // Four pieces of 1 MiB and their lengths are more than may wait, and one more is the slice that went over.
  assert.deepEqual([disk.waiting, taken.length], [4, 0]);
  for (let i = 0; i < 50; i++) {
    disk.settle();
    writer.step();
  }
  assert.deepEqual(taken, [6 * (4 + slice.length)]);
});

test("an answer of any size comes back from its bytes, and so does the next one", () => {
  const answer = (value: string): Packet => {
    return { kind: "answer", from: 1, incarnation: 2, number: 3, reply: { type: "ok", value } };
  };
  for (const length of [10, 3 << 20, 5, 1 << 20, 7]) {
    const packet = answer("\xff".repeat(length));
    assert.deepEqual(decodePacket(encodePacket(packet)), packet, `${length} bytes`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Packets } from "../../../../harness/sim/invariants/packets.ts";
import type { Envelope, LogIndex, NodeId, Term } from "../../../../raft/mod.ts";
import { encodePacket, type Packet } from "../../../../server/mod.ts";

const HEADER = { from: 1 as NodeId, to: 2 as NodeId, term: 3 as Term, afterSync: false };
const APPEND: Envelope = {
  ...{ ...HEADER, type: "append-request", prevLogIndex: 4 as LogIndex, prevLogTerm: 3 as Term, round: 7 },
  ...{ commitIndex: 4 as LogIndex },
  entries: [{ index: 5 as LogIndex, term: 3 as Term, kind: "command", data: new Uint8Array([1, 2]) }],
};
const ANSWER: Packet = {
  ...{ kind: "answer", from: 1, incarnation: 5, number: 6 },
  reply: { type: "info", error: "unknown outcome" },
};

/** What is noticed where a node sends a packet in the bytes of another. */
function noticed(packet: Packet, encoded: Packet = packet): string[] {
  const broken: string[] = [];
  new Packets(1, (what) => broken.push(what)).encoded(packet, encodePacket(encoded));
  return broken;
}

test("packets that are decoded as they were sent break nothing", () => {
  assert.deepEqual(noticed(ANSWER), []);
  assert.deepEqual(noticed({ kind: "raft", envelope: APPEND }), []);
  assert.deepEqual(noticed({ ...ANSWER, reply: { type: "ok", value: [1, ["a"], null] } }), []);
  assert.deepEqual(noticed({ ...ANSWER, reply: { type: "fail", error: "busy", isRetryable: true } }), []);
});

test("a packet that is decoded as another is noticed, with the field that differs", () => {
  assert.deepEqual(
    noticed(ANSWER, { ...ANSWER, reply: { type: "fail", error: "unknown outcome", isRetryable: true } }),
    [
      'packets: node 1 sends answer.reply.type "info", which is decoded as "fail"',
    ],
  );
  assert.deepEqual(
    noticed({ ...ANSWER, reply: { type: "ok", value: [1, "2"] } }, { ...ANSWER, reply: { type: "ok", value: [1] } }),
    [
      'packets: node 1 sends answer.reply.value.1 "2", which is decoded as nothing',
    ],
  );
  const cut = { ...APPEND, entries: [{ ...APPEND.entries[0]!, data: new Uint8Array([1]) }] };
  assert.deepEqual(noticed({ kind: "raft", envelope: APPEND }, { kind: "raft", envelope: cut }), [
    "packets: node 1 sends append-request.entries.0.data of 2 bytes, which are decoded as other bytes",
  ]);
});

test("every answer is compared, the first few messages of each type, and later one of 128", () => {
  const broken: string[] = [];
  const packets = new Packets(1, (what) => broken.push(what));
  const other = { kind: "raft", envelope: { ...APPEND, round: 8 } } as const;
  for (let i = 0; i < 9; i++) packets.encoded({ kind: "raft", envelope: APPEND }, encodePacket(other));
  assert.equal(broken.length, 9);
  for (let i = 9; i < 257; i++) packets.encoded({ kind: "raft", envelope: APPEND }, encodePacket(other));
  assert.equal(broken.length, 11);
  broken.length = 2;
  for (let i = 0; i < 3; i++) packets.encoded(ANSWER, encodePacket({ ...ANSWER, number: 9 }));
  assert.equal(broken.length, 5);
});

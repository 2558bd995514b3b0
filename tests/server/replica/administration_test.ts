import assert from "node:assert/strict";
import { test } from "node:test";
import { type RaftNode, TransferRefusedError } from "../../../raft/mod.ts";
import { Administration, encodeChange, encodeTransfer } from "../../../server/replica/administration.ts";
import type { ClientReply } from "../../../server/replica/client.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { Outbox } from "../../../server/replica/outbox.ts";

/** A leader of term 1 that accepts each transfer and never ends one. */
function administration(): { of: Administration; node: { term: number; leader: number }; pass(ticks: number): void } {
  const node = { id: 1, term: 1, leader: 1, transferLeadership: () => [] };
  let ticks = 0;
  const outbox = new Outbox({} as Journal, () => {});
  const parts = { node: node as unknown as RaftNode, journal: {} as Journal, outbox };
  const of = new Administration({ ...parts, ticks: () => ticks, timeoutTicks: 10 });
  return { of, node, pass: (more) => void (ticks += more) };
}

test("a transfer ends when the member leads, when another one does, or when its time is up", () => {
  const { of, node, pass } = administration();
  const replies: ClientReply[] = [];
  const transfer = (to: number): void => of.transfer(encodeTransfer(to), (reply) => replies.push(reply));
  const next = (): ClientReply | undefined => {
    of.answer();
    return replies.shift();
  };
  transfer(1);
  assert.deepEqual(next(), { type: "ok", value: null });
  transfer(2);
  assert.equal(next(), undefined);
  node.leader = 2;
  assert.deepEqual(next(), { type: "ok", value: null });
  transfer(3);
  node.term = 2;
  assert.deepEqual(next(), { type: "fail", error: "node 2 leads" });
  transfer(3);
  pass(9);
  assert.equal(next(), undefined);
  pass(1);
  assert.deepEqual(next(), { type: "info", error: "leadership was not handed over in time" });
  assert.equal(next(), undefined);
});

test("an answer that ends the node is the last", () => {
  const { of, node } = administration();
  const replies: string[] = [];
  of.transfer(encodeTransfer(2), () => {
    replies.push("first");
    of.stop();
  });
  of.transfer(encodeTransfer(2), () => replies.push("second"));
  node.leader = 2;
  of.answer();
  of.answer();
  assert.deepEqual(replies, ["first"]);
});

test("a transfer that the core refuses may be tried again, and any other error of the core is thrown", () => {
  const { of, node } = administration();
  const replies: ClientReply[] = [];
  let error: Error = new TransferRefusedError("Cannot hand over");
  Object.assign(node, {
    transferLeadership: () => {
      throw error;
    },
  });
  of.transfer(encodeTransfer(2), (reply) => replies.push(reply));
  assert.deepEqual(replies, [{ type: "fail", error: "Cannot hand over", isRetryable: true }]);
  error = new Error("The core is wrong");
  assert.throws(() => of.transfer(encodeTransfer(2), (reply) => replies.push(reply)), /^Error: The core is wrong$/);
  assert.equal(replies.length, 1);
});

test("what is no member's number is refused, and what JSON cannot express is no change", () => {
  const { of } = administration();
  const loop: { self?: unknown } = {};
  loop.self = loop;
  for (const to of [0, -1, 1.5, NaN, Infinity, 2 ** 53, "2", null, undefined, {}, Object.create(null), Symbol("x")]) {
    const replies: ClientReply[] = [];
    of.transfer(encodeTransfer(to as number), (reply) => replies.push(reply));
    assert.match(
      JSON.stringify(replies),
      /^\[\{"type":"fail","error":"Cannot hand over to node .*: a node's number is/,
    );
  }
  const node = { proposeChange: () => assert.fail("the core got it") } as unknown as RaftNode;
  const parts = { node, journal: {} as Journal, outbox: new Outbox({} as Journal, () => {}) };
  const changing = new Administration({ ...parts, ticks: () => 0, timeoutTicks: 10 });
  const learner = { type: "add-learner", node: 4 };
  const changes: unknown[] = [
    ...[undefined, () => {}, Symbol("x"), 1n, loop, "leave-joint", [], { type: "leave" }, { type: "simple" }],
    ...[{ type: "simple", changes: {} }, { type: "simple", changes: [4] }, {
      type: "simple",
      changes: [{ type: "go", node: 4 }],
    }],
    ...[0, 1.5, 2 ** 20, "4", null].map((node) => ({ type: "simple", changes: [{ type: "add-voter", node }] })),
    ...[undefined, "yes", 1, null].map((autoLeave) => ({ type: "enter-joint", changes: [learner], autoLeave })),
  ];
  for (const change of changes) {
    const replies: ClientReply[] = [];
    changing.change(encodeChange(change as never), (reply) => replies.push(reply));
    const error = "The request is not a known change of the members";
    assert.deepEqual(replies, [{ type: "fail", error, isRetryable: true }], typeof change);
  }
  for (const noise of [[], [255, 254], [123], [110, 117, 108, 108]]) {
    const replies: ClientReply[] = [];
    changing.change(Uint8Array.from(noise), (reply) => replies.push(reply));
    assert.equal(replies[0]?.type, "fail");
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ReceivedForwards, SentForwards } from "../../../server/replica/forwarding.ts";

test("a request that comes twice to the leader it is meant for is taken once", () => {
  const received = new ReceivedForwards(0);
  assert.equal(received.admit(2, 9, 1, 5, 5), "new");
  assert.equal(received.admit(2, 9, 1, 5, 5), "drop");
  assert.equal(received.admit(2, 8, 1, 5, 5), "new");
  assert.equal(received.admit(3, 9, 1, 5, 5), "new");
  assert.equal(received.admit(2, 9, 2, 5, 5), "new");
});

test("a duplicate that comes after leadership is lost gets no answer, as the first may yet be committed", () => {
  const received = new ReceivedForwards(0);
  received.admit(2, 9, 1, 5, 5);
  assert.equal(received.admit(2, 9, 1, 5, 0), "drop");
  assert.equal(received.admit(2, 9, 2, 5, 0), "never");
  assert.equal(received.admit(2, 9, 1, 5, 7), "drop");
});

test("a request for a term that another incarnation may have led gets no answer", () => {
  const received = new ReceivedForwards(5);
  assert.equal(received.admit(2, 9, 1, 5, 0), "drop");
  assert.equal(received.admit(2, 9, 1, 6, 0), "never");
  assert.equal(received.admit(2, 9, 2, 6, 6), "new");
});

test("an answer is given once, and a request without one is of unknown outcome when its time is up", () => {
  const sent = new SentForwards();
  const replies: string[] = [];
  const first = sent.add((reply) => replies.push(`first ${reply.type}`), 10);
  sent.add((reply) => replies.push(`second ${reply.type}`), 11);
  sent.answer(first, { type: "ok", value: null });
  sent.answer(first, { type: "ok", value: null });
  sent.expire(10);
  assert.deepEqual(replies, ["first ok"]);
  sent.expire(11);
  assert.deepEqual(replies, ["first ok", "second info"]);
  assert.equal(sent.size, 0);
});

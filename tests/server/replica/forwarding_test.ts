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
  const add = (name: string, deadline: number): number =>
    sent.add({ respond: (reply) => replies.push(`${name} ${reply.type}`), deadline, to: 1, bytes: 5 });
  const first = add("first", 10);
  add("second", 11);
  sent.answer(first, { type: "ok", value: null });
  sent.answer(first, { type: "ok", value: null });
  sent.expire(10);
  assert.deepEqual(replies, ["first ok"]);
  sent.expire(11);
  assert.deepEqual(replies, ["first ok", "second info"]);
  assert.equal(sent.size, 0);
});

test("when a connection is lost, the requests that it carried have an unknown outcome, and no others", () => {
  const sent = new SentForwards();
  const replies: string[] = [];
  const add = (to: number, next: () => void = () => {}): number =>
    sent.add({
      respond: (reply) => {
        replies.push(`${to} ${reply.type}`);
        next();
      },
      deadline: 10,
      to,
      bytes: 7,
    });
  add(1, () => void add(1));
  add(2);
  add(1);
  assert.equal(sent.bytes, 21);
  sent.lost(1);
  // The request that the first answer has brought is open.
  assert.deepEqual(replies, ["1 info", "1 info"]);
  assert.equal(sent.size, 2);
  assert.equal(sent.bytes, 14);
  sent.expire(10);
  assert.equal(sent.bytes, 0);
});

test("a reply that ends the node, or brings another answer, leaves nobody answered twice and nobody after the end", () => {
  const sent = new SentForwards();
  const replies: string[] = [];
  const add = (name: string, then: () => void = () => {}): number => {
    const respond = (reply: { type: string }): void => {
      replies.push(`${name} ${reply.type}`);
      then();
    };
    return sent.add({ respond, deadline: 9, to: 2, bytes: 1 });
  };
  add("a", () => sent.answer(2, { type: "ok", value: null }));
  add("b");
  add("c", () => sent.stop());
  add("d");
  sent.lost(2);
  sent.expire(100);
  assert.deepEqual(replies, ["a info", "b ok", "c info"]);
  assert.equal(sent.size, 0);
});

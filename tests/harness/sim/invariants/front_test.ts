import assert from "node:assert/strict";
import { test } from "node:test";
import { Front } from "../../../../harness/sim/invariants/front.ts";

const WRITE = new Uint8Array([1]);
const OK = { type: "ok", value: null } as const;

test("a front that asks a leader again before that has answered is noticed", () => {
  const broken: string[] = [];
  const front = new Front(3, (what) => broken.push(what));
  front.asks(5, WRITE, () => {});
  front.asks(5, WRITE, () => {});

  assert.deepEqual(broken, ["front: node 3 asks the leader of term 5 twice at once"]);
});

test("a front may ask again after an answer, the leader of another term, and about another write", () => {
  const broken: string[] = [];
  const front = new Front(3, (what) => broken.push(what));
  const answered: unknown[] = [];
  front.asks(5, WRITE, (reply) => answered.push(reply))(OK);
  const late = front.asks(5, WRITE, () => {});
  front.asks(5, new Uint8Array([1]), () => {});
  front.asks(6, WRITE, () => {});
  late(OK);
  front.asks(0, WRITE, () => {});
  front.asks(0, WRITE, () => {});

  assert.deepEqual([broken, answered], [[], [OK]]);
});

test("an answer of an earlier attempt does not end the later one", () => {
  const broken: string[] = [];
  const front = new Front(3, (what) => broken.push(what));
  const early = front.asks(5, WRITE, () => {});
  front.asks(6, WRITE, () => {});
  early(OK);
  front.asks(6, WRITE, () => {});

  assert.equal(broken.length, 1);
});

test("a request that is answered twice is noticed", () => {
  const broken: string[] = [];
  const reply = new Front(3, (what) => broken.push(what)).takes(() => {});
  reply(OK);
  assert.deepEqual(broken, []);
  reply(OK);

  assert.deepEqual(broken, ["front: node 3 answers a request twice"]);
});

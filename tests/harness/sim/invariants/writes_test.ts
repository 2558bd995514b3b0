import assert from "node:assert/strict";
import { test } from "node:test";
import { Writes } from "../../../../harness/sim/invariants/writes.ts";
import type { ClientReply, ExactlyOnce, Respond, Session } from "../../../../server/mod.ts";
import { SESSION_EXPIRED } from "../../../../server/replica/sessions.ts";

const OK: ClientReply = { type: "ok", value: null };
const INFO: ClientReply = { type: "info", error: "no answer" };
const BUSY: ClientReply = { type: "fail", error: "busy", isRetryable: true };
const MISMATCH: ClientReply = { type: "fail", error: "mismatch" };

/** A front that does only what a test tells it, with the watch on it. */
function front(term = 4): {
  broken: string[];
  /** Begins a write; returns what ends it. */
  begins: () => { command: Uint8Array; end: Respond };
  tries: (command: Uint8Array, sequence: number, oldestOpen: number, then?: () => void) => Respond;
  tick: (times: number) => void;
} {
  const broken: string[] = [];
  const ends: Respond[] = [];
  const settings = { timeoutTicks: 40, retryTicks: 10, leaderTerm: () => term };
  const writes = new Writes(1, settings, (what) => broken.push(what));
  const inner: ExactlyOnce = { open: 0, submit: (_command, reply) => ends.push(reply), ask() {}, tick() {} };
  writes.watches(inner);
  return {
    broken,
    begins() {
      const command = new Uint8Array(1);
      inner.submit(command, () => {});
      return { command, end: ends.at(-1)! };
    },
    tries: (command, sequence, oldestOpen, then = () => {}) =>
      writes.attempts(command, { client: "1.0", sequence, oldestOpen } satisfies Session, then),
    tick(times) {
      for (let i = 0; i < times; i++) inner.tick();
    },
  };
}

test("a write that is tried, refused, tried again and answered breaks nothing", () => {
  const { broken, begins, tries, tick } = front();
  const { command, end } = begins();
  tries(command, 1, 1)(BUSY);
  tick(1);
  tries(command, 1, 1, () => end(OK))(OK);
  tick(50);

  assert.deepEqual(broken, []);
});

test("an answer that the client does not get, or gets otherwise, is noticed", () => {
  const kept = front();
  kept.tries(kept.begins().command, 1, 1)(OK);
  assert.deepEqual(kept.broken, ["front: node 1 keeps the answer to a write"]);

  const other = front();
  const { command, end } = other.begins();
  other.tries(command, 1, 1, () => end(INFO))(MISMATCH);
  assert.deepEqual(other.broken, ["front: node 1 answers info, but the write was answered fail"]);

  const invented = front();
  const write = invented.begins();
  invented.tries(write.command, 1, 1);
  write.end(OK);
  assert.deepEqual(invented.broken, ["front: node 1 answers ok, but no attempt has succeeded"]);
});

test("an unknown outcome needs an attempt that may succeed, and a failure must have none", () => {
  const cases: readonly [attempt: ClientReply | null, end: ClientReply, wrong: RegExp | null][] = [
    [BUSY, INFO, /tells an unknown outcome, but every attempt was refused/],
    [INFO, BUSY, /tells a failure, but an attempt may succeed/],
    [null, BUSY, /tells a failure, but an attempt may succeed/],
    [null, INFO, null],
    [INFO, INFO, null],
    [BUSY, BUSY, null],
  ];
  for (const [attempt, answer, wrong] of cases) {
    const { broken, begins, tries, tick } = front();
    const { command, end } = begins();
    const answered = tries(command, 1, 1);
    tick(39);
    broken.length = 0;
    if (attempt !== null) answered(attempt);
    const before = broken.length;
    tick(1);
    broken.length = before;
    end(answer);
    if (wrong === null) assert.deepEqual(broken, []);
    else assert.match(broken.join(), wrong);
  }
});

test("a write that is not tried again when that is due is noticed", () => {
  for (const [answer, ticks] of [[INFO, 1], [BUSY, 2]] as const) {
    const { broken, begins, tries, tick } = front();
    tries(begins().command, 1, 1)(answer);
    tick(ticks - 1);
    assert.deepEqual(broken, []);
    tick(1);
    assert.deepEqual(broken, ["front: node 1 does not try a write again"]);
  }
});

test("a write that gets no answer is tried again only when another leader is known", () => {
  let term = 4;
  const broken: string[] = [];
  const writes = new Writes(
    1,
    { timeoutTicks: 40, retryTicks: 10, leaderTerm: () => term },
    (what) => broken.push(what),
  );
  const inner: ExactlyOnce = { open: 0, submit() {}, ask() {}, tick() {} };
  writes.watches(inner);
  const command = new Uint8Array(1);
  inner.submit(command, () => {});
  writes.attempts(command, { client: "1.0", sequence: 1, oldestOpen: 1 }, () => {});
  for (let i = 0; i < 20; i++) inner.tick();
  term = 0;
  inner.tick();
  assert.deepEqual(broken, []);
  term = 5;
  inner.tick();
  assert.equal(broken.length, 1);
});

test("a write that ends too late or is given up too early is noticed, but not when its session is forgotten", () => {
  const late = front();
  late.tries(late.begins().command, 1, 1);
  late.tick(40);
  assert.deepEqual(late.broken, []);
  late.tick(1);
  assert.deepEqual(late.broken, ["front: node 1 has not ended a write after 41 ticks"]);

  const early = front();
  const write = early.begins();
  early.tries(write.command, 1, 1);
  write.end(INFO);
  assert.deepEqual(early.broken, ["front: node 1 gives a write up after 0 ticks, not 40"]);

  const forgotten = front();
  const [one, other] = [forgotten.begins(), forgotten.begins()];
  const expired = forgotten.tries(one.command, 1, 1, () => {
    one.end(INFO);
    other.end(INFO);
  });
  forgotten.tries(other.command, 2, 1);
  forgotten.tries(one.command, 1, 1);
  expired({ type: "fail", error: SESSION_EXPIRED });
  assert.deepEqual(forgotten.broken, []);
});

test("the oldest open write must be told exactly", () => {
  for (const [oldest, isBroken] of [[1, true], [2, false], [3, true]] as const) {
    const { broken, begins, tries } = front();
    const [first, second, third] = [begins(), begins(), begins()];
    tries(first.command, 1, 1, () => first.end(OK))(OK);
    tries(second.command, 2, 2);
    tries(third.command, 3, oldest);
    assert.equal(broken.length > 0, isBroken, broken.join());
  }
});

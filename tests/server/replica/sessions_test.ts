import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientReply, Session } from "../../../server/replica/client.ts";
import { createKvStore } from "../../../server/store/kv_store.ts";
import {
  innerCommand,
  type SessionMachine,
  sessionOf,
  underSession,
  withSessions,
  wrongSession,
} from "../../../server/replica/sessions.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { createRandom } from "../../../raft/mod.ts";

const ADD = encodeOperation({ f: "add", key: "n", value: 1 });

function machine(maxSessions = 100): SessionMachine & { index: number; add(session: Session): ClientReply } {
  const inner = withSessions(createKvStore(), maxSessions);
  return Object.assign(inner, {
    index: 0,
    add(this: { index: number }, session: Session) {
      return inner.apply(underSession(ADD, session), ++this.index);
    },
  });
}

function count(of: SessionMachine): unknown {
  return (of.read(encodeOperation({ f: "get", key: "n" })) as { value: unknown }).value;
}

test("a retry is applied once and gets the recorded answer", () => {
  const sessions = machine();
  assert.deepEqual(sessions.add({ client: "a", sequence: 1 }), { type: "ok", value: 1 });
  assert.deepEqual(sessions.add({ client: "b", sequence: 1 }), { type: "ok", value: 2 });
  assert.deepEqual(sessions.add({ client: "a", sequence: 1 }), { type: "ok", value: 1 });
  assert.deepEqual(sessions.add({ client: "a", sequence: 2 }), { type: "ok", value: 3 });
  assert.deepEqual(sessions.add({ client: "a", sequence: 1 }), { type: "fail", error: "answered before" });
  assert.equal(count(sessions), 3);
});

test("a retry is applied once through a snapshot too", () => {
  const before = machine();
  before.add({ client: 7, sequence: 4 });
  const after = machine();
  after.restore(before.snapshot());
  assert.deepEqual(after.add({ client: 7, sequence: 4 }), { type: "ok", value: 1 });
  assert.equal(count(after), 1);
});

test("a client with several writes open has each answer until it says that it has it", () => {
  const sessions = machine();
  for (let sequence = 1; sequence <= 5; sequence++) sessions.add({ client: "a", sequence, oldestOpen: 1 });
  assert.deepEqual(sessions.add({ client: "a", sequence: 2, oldestOpen: 2 }), { type: "ok", value: 2 });
  assert.deepEqual(sessions.add({ client: "a", sequence: 1, oldestOpen: 1 }), {
    type: "fail",
    error: "answered before",
  });
  assert.deepEqual(sessions.add({ client: "a", sequence: 5, oldestOpen: 2 }), { type: "ok", value: 5 });
  assert.equal(count(sessions), 5);
});

test("the session that was used least recently is forgotten, and its client is not taken for a new one", () => {
  const sessions = machine(2);
  sessions.add({ client: "a", sequence: 1 });
  sessions.add({ client: "b", sequence: 1 });
  sessions.add({ client: "a", sequence: 2 });
  sessions.add({ client: "c", sequence: 1 });
  assert.equal(sessions.sessionCount, 2);
  assert.deepEqual(sessions.add({ client: "a", sequence: 2 }), { type: "ok", value: 3 });
  assert.deepEqual(sessions.add({ client: "b", sequence: 1 }), { type: "fail", error: "session expired" });
  assert.deepEqual(sessions.add({ client: "d", sequence: 1, since: 2 }), { type: "fail", error: "session expired" });
  assert.deepEqual(sessions.add({ client: "d", sequence: 1, since: 3 }), { type: "ok", value: 5 });
});

test("for all orders of retries, each write is applied at most once, and two nodes agree whatever snapshots came between", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = createRandom(seed);
    const [left, right] = [machine(3), machine(3)];
    const applied = new Map<string, ClientReply>();
    const clients = Array.from({ length: 6 }, (_, i) => ({ client: `${i}`, since: 0 }));
    let sum = 0;
    for (let step = 0; step < 300; step++) {
      const who = random.below(clients.length);
      if (random.below(10) === 0) clients[who] = { client: `${who}.${step}`, since: left.index };
      const session = { ...clients[who]!, sequence: 1 + Math.floor(step / 60) + random.below(2) };
      const reply = left.add(session);
      assert.deepEqual(right.add(session), reply);
      const name = `${session.client}/${session.sequence}`;
      if (reply.type === "ok") {
        if (reply.value === sum + 1) {
          assert.ok(!applied.has(name), `seed ${seed}, step ${step}`);
          sum++;
        } else assert.deepEqual(applied.get(name), reply);
        applied.set(name, reply);
      }
      assert.equal(count(left) ?? 0, sum);
      if (random.below(20) === 0) {
        const data = left.snapshot().slice();
        assert.deepEqual(right.snapshot(), data);
        right.restore(data);
      }
    }
  }
});

test("different clients never share a session, whatever their names are made of", () => {
  // Pairs that some encoding of texts takes for the same: UTF-8, UTF-16, half a pair of surrogates, its replacement.
  const names = [
    ...[
      "\u2603",
      "\xe2\x98\x83",
      "\x26\x03",
      "\xff\x26\x03",
      "\xff",
      "\xff\xff",
      "",
      "\0",
      "\xe9",
      "\xc3\xa9",
      "e\u0301",
    ],
    ...["\ud800", "\ud801", "\ufffd", "\ud83d\ude00", "\xff\0", "\u00ff\u2603", "\u2603\xff", "7", "7 "],
  ];
  const sessions = machine();
  for (const [i, client] of names.entries()) {
    assert.equal(sessionOf(underSession(ADD, { client, sequence: 1 }))!.client, client);
    assert.deepEqual(sessions.add({ client, sequence: 1 }), { type: "ok", value: i + 1 }, JSON.stringify(client));
  }
  const restored = machine();
  restored.restore(sessions.snapshot());
  for (const [i, client] of names.entries()) {
    assert.deepEqual(restored.add({ client, sequence: 1 }), { type: "ok", value: i + 1 }, "a retry");
  }
  assert.equal(restored.sessionCount, names.length);
});

test("a session that makes no sense is named as such, part by part", () => {
  const right = { client: "c", sequence: 1, oldestOpen: 0, since: 0 };
  assert.equal(wrongSession(right), null);
  assert.equal(wrongSession({ client: -7, sequence: 2 ** 53 - 1 }), null);
  const cases: [unknown, RegExp][] = [
    [null, /a session is an object/],
    ["c", /a session is an object/],
    ...[undefined, null, {}, 1.5, NaN, 7n].map((
      client,
    ): [unknown, RegExp] => [{ ...right, client }, /client is a text or/]),
    ...[undefined, "1", 0, -1, 1.5, 2 ** 53].map((
      sequence,
    ): [unknown, RegExp] => [{ ...right, sequence }, /sequence is/]),
    ...[-1, 0.5, "1", NaN, 2 ** 53].flatMap((bad): [unknown, RegExp][] => [
      [{ ...right, oldestOpen: bad }, /oldestOpen and since are whole numbers from 0/],
      [{ ...right, since: bad }, /oldestOpen and since are whole numbers from 0/],
    ]),
  ];
  for (const [session, reason] of cases) {
    assert.match(wrongSession(session as Session) ?? "right", reason, String((session as Session | null)?.client));
  }
});

test("a session's command frees what the command in it frees, and bytes that are none free nothing", () => {
  const sessions = machine();
  const taken = underSession(encodeOperation({ f: "take", key: "n" }), { client: "a", sequence: 1 });
  assert.equal(sessions.frees!(taken), true);
  assert.equal(sessions.frees!(underSession(ADD, { client: "a", sequence: 1 })), false);
  assert.equal(sessions.frees!(encodeOperation({ f: "delete", key: "n" })), true);
  for (let length = 0; length < taken.length - 6; length++) {
    assert.equal(sessions.frees!(taken.subarray(0, length)), false, `${length} bytes`);
  }
});

test("bytes that are no session's command are a failure, and change nothing", () => {
  const sessions = machine();
  const whole = underSession(ADD, { client: "a", sequence: 1 });
  for (let length = 1; length < whole.length; length++) {
    assert.equal(sessions.apply(whole.subarray(0, length), length).type, "fail");
  }
  assert.equal(count(sessions), null);
  // The command inside begins behind the client's name and three numbers.
  const inner = whole.length - ADD.length;
  for (let length = 0; length < inner; length++) assert.equal(innerCommand(whole.subarray(0, length)).length, 0);
  assert.deepEqual(innerCommand(whole), ADD);
});

test("the size of the recorded answers is that of those that a snapshot holds", () => {
  const random = createRandom(11);
  const sessions = machine(5);
  const puts = ["a", "b"].map((key) => encodeOperation({ f: "put", key, value: key.repeat(1000) }));
  const takes = ["a", "b"].map((key) => encodeOperation({ f: "take", key }));
  const next = new Map<number, number>();
  let largest = 0;
  for (let i = 0; i < 2000; i++) {
    const client = random.below(8);
    const sequence = (next.get(client) ?? 0) + (random.below(4) === 0 ? 0 : 1) || 1;
    next.set(client, sequence);
    const oldestOpen = Math.max(1, sequence - random.below(random.below(20) === 0 ? 1 : 6));
    const command = [...puts, ...takes][random.below(4)]!;
    sessions.apply(underSession(command, { client, sequence, oldestOpen, since: sessions.index }), ++sessions.index);
    largest = Math.max(largest, sessions.replyBytes);
    if (i % 10 > 0) continue;
    const restored = machine(5);
    restored.restore(sessions.snapshot());
    assert.equal(sessions.replyBytes, restored.replyBytes, `after ${i}`);
  }
  assert.ok(largest > 5000);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientReply, Session } from "../../../server/replica/client.ts";
import { createExactlyOnce } from "../../../server/replica/exactly_once.ts";
import { createKvStore } from "../../../server/store/kv_store.ts";
import { underSession, withSessions } from "../../../server/replica/sessions.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { createRandom } from "../../../raft/mod.ts";

const ADD = encodeOperation({ f: "add", key: "n", value: 1 });

test("a write whose attempts are refused, lost, late or answered twice is applied once, and its outcome is never wrong", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed);
    const machine = withSessions(createKvStore(), 2);
    let index = 0;
    const late: (() => void)[] = [];
    const submit = (command: Uint8Array, reply: (reply: ClientReply) => void, session: Session): void => {
      const bytes = underSession(command, session);
      const apply = (): ClientReply => machine.apply(bytes, ++index);
      switch (random.below(6)) {
        case 0:
          return reply({ type: "fail", error: "no leader known", isRetryable: true });
        case 1:
          return; // lost on the way there
        case 2:
          return void apply(); // lost on the way back
        case 3:
          return reply({ type: "info", error: "unknown outcome" });
        case 4:
          return void late.push(() => reply(apply()));
        default:
          return reply(apply());
      }
    };
    const front = createExactlyOnce({
      name: "1.7",
      submit,
      committedIndex: () => index,
      timeoutTicks: 40,
      retryTicks: 5,
    });
    const outcomes = { ok: 0, fail: 0, info: 0 };
    const values = new Set<unknown>();
    let writes = 0;
    for (let tick = 0; tick < 300; tick++) {
      if (tick < 200) {
        writes++;
        front.submit(ADD, (reply) => {
          outcomes[reply.type]++;
          if (reply.type === "ok") assert.ok(!values.has(reply.value) && values.add(reply.value), `seed ${seed}`);
        });
      }
      // Others' sessions push this one out of the store now and then.
      if (random.below(25) === 0) {
        for (const client of ["x", "y"]) {
          machine.apply(
            underSession(encodeOperation({ f: "get", key: "n" }), { client, sequence: 1, since: index }),
            ++index,
          );
        }
      }
      if (late.length > 0 && random.below(2) === 0) late.splice(random.below(late.length), 1)[0]!();
      front.tick();
    }
    for (const action of late) action();
    const applied = Number((machine.read(encodeOperation({ f: "get", key: "n" })) as { value: unknown }).value);
    assert.equal(outcomes.ok + outcomes.fail + outcomes.info, writes, `seed ${seed}`);
    assert.ok(applied >= outcomes.ok && applied <= outcomes.ok + outcomes.info, `seed ${seed}: ${applied}`);
    assert.ok(outcomes.ok > 100, `seed ${seed}: only ${outcomes.ok} came through`);
    assert.equal(front.open, 0);
  }
});

test("a write that no leader took in time failed for certain", () => {
  const refused: ClientReply = { type: "fail", error: "no leader known", isRetryable: true };
  const front = createExactlyOnce({
    name: "1.7",
    submit: (_command, reply) => reply(refused),
    committedIndex: () => 0,
    timeoutTicks: 30,
  });
  const replies: ClientReply[] = [];
  front.submit(ADD, (reply) => replies.push(reply));
  for (let tick = 0; tick < 29; tick++) front.tick();
  assert.deepEqual(replies, []);
  front.tick();
  assert.deepEqual(replies, [refused]);
});

test("a write that may have been taken is of unknown outcome when its time is up", () => {
  const front = createExactlyOnce({ name: "1.7", submit: () => {}, committedIndex: () => 0, timeoutTicks: 30 });
  const replies: ClientReply[] = [];
  front.submit(ADD, (reply) => replies.push(reply));
  for (let tick = 0; tick < 30; tick++) front.tick();
  assert.equal(replies[0]?.type, "info");
});

test("a write that the store itself refuses is not tried again", () => {
  const machine = withSessions(createKvStore());
  let attempts = 0;
  const front = createExactlyOnce({
    name: "1.7",
    submit: (command, reply, session) => reply(machine.apply(underSession(command, session), ++attempts)),
    committedIndex: () => 0,
  });
  const replies: ClientReply[] = [];
  front.submit(encodeOperation({ f: "cas", key: "a", value: ["1", "2"] }), (reply) => replies.push(reply));
  for (let tick = 0; tick < 10; tick++) front.tick();
  assert.deepEqual(replies, [{ type: "fail", error: "mismatch", actual: null }]);
  assert.equal(attempts, 1);
});

test("a leader that is slow is not asked twice, and the next one is asked at once", () => {
  let term = 1;
  const asked: number[] = [];
  const answers: ((reply: ClientReply) => void)[] = [];
  const front = createExactlyOnce({
    name: "1.7",
    submit: (_command, reply) => {
      asked.push(term);
      answers.push(reply);
    },
    committedIndex: () => 0,
    leaderTerm: () => term,
    retryTicks: 5,
  });
  const replies: ClientReply[] = [];
  front.submit(ADD, (reply) => replies.push(reply));
  for (let tick = 0; tick < 100; tick++) front.tick();
  assert.deepEqual(asked, [1]);
  term = 0;
  front.tick();
  term = 2;
  front.tick();
  assert.deepEqual(asked, [1, 2]);
  // The first leader's answer comes late: the second one is still awaited.
  answers[0]!({ type: "info", error: "leadership was lost" });
  for (let tick = 0; tick < 100; tick++) front.tick();
  assert.deepEqual(asked, [1, 2]);
  answers[1]!({ type: "info", error: "no answer in time" });
  front.tick();
  assert.deepEqual(asked, [1, 2, 2]);
  answers[2]!({ type: "ok", value: 7 });
  assert.deepEqual(replies, [{ type: "ok", value: 7 }]);
});

test("a refused read is asked again until it is answered, or until its time is up", () => {
  const refusal: ClientReply = { type: "fail", error: "no leader known", isRetryable: true };
  for (const refusals of [0, 1, 3, Infinity]) {
    let attempts = 0;
    const front = createExactlyOnce({ name: "1.7", submit: () => {}, committedIndex: () => 0, timeoutTicks: 20 });
    const replies: ClientReply[] = [];
    const answer: ClientReply = { type: "ok", value: "1" };
    front.ask((reply) => reply(attempts++ < refusals ? refusal : answer), (reply) => replies.push(reply));
    assert.equal(front.open, refusals === 0 ? 0 : 1);
    for (let tick = 0; tick < 40; tick++) front.tick();
    assert.deepEqual(replies, [refusals === Infinity ? refusal : answer]);
    assert.equal(attempts, refusals === Infinity ? 11 : refusals + 1);
    assert.equal(front.open, 0);
  }
});

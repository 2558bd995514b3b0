import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "../../../../harness/sim/event_queue.ts";
import { createClient } from "../../../../harness/targets/ours/client.ts";
import { STORE_APP } from "../../../../harness/targets/ours/store_app.ts";
import type { Completion } from "../../../../harness/workloads/workload.ts";
import { type ClientReply, SECOND, type Session } from "../../../../server/mod.ts";

const EXPIRED: ClientReply = { type: "fail", error: "session expired" };
const DONE: ClientReply = { type: "ok", value: [["append", "k0", 1]] };
const APPEND = { f: "txn", value: [["append", "k0", 1]] };

/**
 * Performs appends one after another with sessions, against servers that answer the attempts in this order (`null`: not
 * at all). Returns how the appends ended, and the sessions of the attempts with their times in seconds.
 */
function perform(appends: number, answers: readonly (ClientReply | null)[], seed: number = 1): {
  ends: string[];
  attempts: (Session & { at: number })[];
} {
  const queue = new EventQueue();
  const attempts: (Session & { at: number })[] = [];
  const invoke = createClient({
    clock: queue,
    servers: {
      nodes: () => [1, 2],
      knownIndex: () => 70 + attempts.length,
      ask(_node, _process, { session }, reply) {
        const answer = answers[attempts.length] ?? null;
        attempts.push({ ...session!, at: queue.now() / SECOND });
        if (answer !== null) queue.after(1000, () => reply(answer));
      },
    },
    app: STORE_APP,
    setup: { workload: "session", clientsHaveSessions: true },
    seed,
  });
  const ends: string[] = [];
  const next = (): void => {
    if (ends.length >= appends) return;
    invoke(1, 5, APPEND, ({ type, error }: Completion) => {
      ends.push(error === undefined ? type : `${type} ${error}`);
      next();
    });
  };
  next();
  while (queue.step());
  return { ends, attempts };
}

test("a client numbers its writes, and repeats one without an answer under its number", () => {
  const { ends, attempts } = perform(2, [DONE, null, DONE]);
  assert.deepEqual(ends, ["ok", "ok"]);
  assert.deepEqual(attempts.map(({ client, sequence, since }) => [client, sequence, since]), [
    ...[[5, 1, 70], [5, 2, 70], [5, 2, 70]],
  ]);
});

test("if the session was forgotten before the first attempt, the write fails, and the next one has a new session", () => {
  const { ends, attempts } = perform(2, [EXPIRED, DONE]);
  assert.deepEqual(ends, ["fail session expired", "ok"]);
  assert.deepEqual(attempts.map(({ client, sequence, since }) => [client, sequence, since]), [
    ...[[5, 1, 70], ["5.1", 1, 71]],
  ]);
});

test("if the session was forgotten after an attempt without an answer, the outcome of the write is unknown", () => {
  const { ends, attempts } = perform(2, [null, EXPIRED, DONE]);
  assert.deepEqual(ends, ["info session expired", "ok"]);
  assert.deepEqual(attempts.map(({ client }) => client), [5, 5, "5.1"]);
});

test("some clients are silent for seconds before they ask again, and others are not", () => {
  const gaps = Array.from({ length: 40 }, (_, seed) => {
    const { attempts } = perform(1, [null, DONE], seed);
    return attempts[1]!.at - attempts[0]!.at;
  });
  const silent = gaps.filter((gap) => gap > 4).length;
  assert.ok(silent > 2 && silent < 20, `${silent} of ${gaps.length} clients`);
  for (const gap of gaps) assert.ok(gap > 4 || gap < 1);
});

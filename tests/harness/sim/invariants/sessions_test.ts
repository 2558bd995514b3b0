import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fate, Sessions } from "../../../../harness/sim/invariants/sessions.ts";
import { World } from "../../../../harness/sim/invariants/world.ts";
import { createRandom } from "../../../../raft/mod.ts";
import type { StateMachine } from "../../../../server/mod.ts";
import { sessionOf, underSession, withSessions } from "../../../../server/replica/sessions.ts";

function world(): World {
  return new World(() => 0, { electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50 });
}

/** What breaks if the last of these writes has a fate: client, sequence, the oldest open one, since when. */
function judged(writes: readonly (readonly [string, number, number, number])[], fates: readonly Fate[]): string | null {
  const seen = world();
  const sessions = new Sessions(seen, 2);
  for (const [i, [client, sequence, oldestOpen, since]] of writes.entries()) {
    sessions.applied(1, i + 1, { client, sequence, oldestOpen, since }, fates[i]!);
  }
  return seen.verdict().reason ?? null;
}

test("a write that is executed again, and one that is refused although its session is known, are noticed", () => {
  const twice = [["a", 1, 1, 0], ["a", 1, 1, 0]] as const;
  assert.equal(judged(twice, ["executed", "repeated"]), null);
  assert.match(
    judged(twice, ["executed", "executed"])!,
    /at node 1 write a\/1 of entry 2 is executed, but must be repea/,
  );
  assert.match(judged(twice, ["executed", "expired"])!, /is expired, but must be repeated/);
  assert.match(judged(twice, ["executed", "answered before"])!, /is answered before, but must be repeated/);
});

test("a write below the oldest open one is answered before", () => {
  const writes = [["a", 1, 1, 0], ["a", 2, 2, 0], ["a", 1, 1, 0]] as const;
  assert.equal(judged(writes, ["executed", "executed", "answered before"]), null);
  assert.match(judged(writes, ["executed", "executed", "executed"])!, /must be answered before/);
});

test("a client that was silent for longer than its session is kept has expired, and a new one has not", () => {
  const writes = [["a", 1, 1, 0], ["b", 1, 1, 0], ["c", 1, 1, 2], ["a", 1, 1, 0], ["d", 1, 1, 1]] as const;
  const fates = ["executed", "executed", "executed", "expired"] as const;
  assert.equal(judged(writes, [...fates, "expired"]), judged(writes.slice(0, 4), fates));
  assert.match(judged(writes, ["executed", "executed", "executed", "executed"])!, /is executed, but must be expired/);
  assert.equal(judged([...writes.slice(0, 4), ["d", 1, 1, 3]], [...fates, "executed"]), null);
});

test("a session that is used stays, and the one that was used longest ago goes", () => {
  const writes = [["a", 1, 1, 0], ["b", 1, 1, 0], ["a", 2, 2, 0], ["c", 1, 1, 3], ["a", 3, 3, 0]] as const;
  assert.equal(judged(writes, ["executed", "executed", "executed", "executed", "executed"]), null);
  assert.match(judged([...writes, ["b", 1, 1, 0]], [...writes.map((): Fate => "executed"), "repeated"])!, /expired/);
});

test("another fate at a second node is noticed", () => {
  const seen = world();
  const sessions = new Sessions(seen, 2);
  const session = { client: "a", sequence: 1, oldestOpen: 1, since: 0 };
  for (const id of [1, 2]) sessions.applied(id, 3, session, "executed");
  assert.equal(seen.isBroken, false);

  sessions.applied(3, 3, session, "repeated");

  assert.match(seen.verdict().reason!, /^sessions: at node 3 write a\/1 of entry 3 is repeated, but must be executed/);
});

test("the real sessions meet the fates that the naive ones decide, for random clients", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed);
    const seen = world();
    const sessions = new Sessions(seen, 3);
    let isExecuted = false;
    const inner = {
      apply: () => {
        isExecuted = true;
        return { type: "ok", value: null };
      },
    } as unknown as StateMachine;
    const machine = withSessions(inner, 3);
    for (let index = 1; index <= 150; index++) {
      const sequence = 1 + random.below(6);
      const oldestOpen = Math.max(1, sequence - random.below(3));
      const command = underSession(new Uint8Array(1), {
        client: `client ${random.below(6)}`,
        ...{ sequence, oldestOpen, since: random.below(2) * random.below(index) },
      });
      isExecuted = false;
      const reply = machine.apply(command, index);
      const isRefused = reply.type === "fail";
      const fate: Fate = isExecuted
        ? "executed"
        : !isRefused
        ? "repeated"
        : reply.error === "session expired"
        ? "expired"
        : "answered before";
      sessions.applied(1, index, sessionOf(command)!, fate);

      assert.equal(seen.verdict().reason, undefined, `seed ${seed}`);
    }
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Replies } from "../../../../harness/sim/invariants/replies.ts";
import { World } from "../../../../harness/sim/invariants/world.ts";

const OK = { type: "ok", value: null } as const;
const FAIL = { type: "fail", error: "no leader" } as const;

function world(): World {
  return new World(() => 0, { electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50 });
}

test("a write that was answered with fail and takes effect is noticed, whichever comes first", () => {
  for (const isAppliedFirst of [true, false]) {
    const seen = world();
    const replies = new Replies(seen);
    const steps = [() => replies.applied("1.a/7", 12, OK), () => replies.answered(1, ["1.a/6", "1.a/7"], FAIL)];
    for (const step of isAppliedFirst ? steps : steps.reverse()) step();

    assert.match(
      seen.verdict().reason!,
      /^replies: node 1 has answered a write with fail, but the write took effect as entry 12/,
    );
  }
});

test("a write that fails when it is applied, and one of unknown outcome, break nothing", () => {
  const seen = world();
  const replies = new Replies(seen);
  replies.applied("1.a/1", 5, { type: "fail", error: "mismatch", actual: "2" });
  replies.answered(1, ["1.a/1"], { type: "fail", error: "mismatch", actual: "2" });
  replies.applied("1.a/2", 6, OK);
  replies.answered(1, ["1.a/2"], { type: "info", error: "unknown outcome" });

  assert.equal(seen.verdict().valid, true);
});

test("a write that is executed as two entries is noticed, and one that each node executes as the same entry is not", () => {
  const seen = world();
  const replies = new Replies(seen);
  for (const _node of [1, 2, 3]) replies.applied("a/1", 4, OK);
  assert.equal(seen.isBroken, false);

  replies.applied("a/1", 6, FAIL);

  assert.match(seen.verdict().reason!, /^sessions: write a\/1 is executed as entry 4 and as entry 6/);
});

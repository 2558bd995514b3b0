import assert from "node:assert/strict";
import { test } from "node:test";
import { Answers, type Reference } from "../../../../harness/sim/invariants/answers.ts";
import { World } from "../../../../harness/sim/invariants/world.ts";

const COMMAND = new Uint8Array([7]);

function world(): World {
  return new World(() => 0, { electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50 });
}

/** Counts the commands that it was given. */
function counting(): Reference {
  let count = 0;
  return () => ({ type: "ok", value: ["count", ++count] });
}

test("a node that answers an entry otherwise than the first one is noticed", () => {
  for (
    const [other, isBroken] of [
      [{ type: "ok", value: ["a", 1] }, false],
      [{ type: "ok", value: ["a", 2] }, true],
      [{ type: "ok", value: ["a"] }, true],
      [{ type: "ok", value: null }, true],
      [{ type: "fail", error: "wrong type" }, true],
    ] as const
  ) {
    const seen = world();
    const answers = new Answers(seen, null);
    answers.applied(1, 4, COMMAND, { type: "ok", value: ["a", 1] });
    answers.applied(2, 4, COMMAND, other);

    assert.equal(seen.isBroken, isBroken);
  }
});

test("failed operations are equal only with the same error and the same actual value", () => {
  const broken = (actual: string, error: string): boolean => {
    const seen = world();
    const answers = new Answers(seen, null);
    answers.applied(1, 4, COMMAND, { type: "fail", error: "mismatch", actual: "3" });
    answers.applied(2, 4, COMMAND, { type: "fail", error, actual });
    return seen.isBroken;
  };
  assert.deepEqual([broken("3", "mismatch"), broken("4", "mismatch"), broken("3", "wrong type")], [false, true, true]);
});

test("an answer that differs from the naive machine's is noticed, and each entry reaches that machine once", () => {
  const seen = world();
  const answers = new Answers(seen, counting());
  for (const id of [1, 2]) answers.applied(id, 4, COMMAND, { type: "ok", value: ["count", 1] });
  for (const id of [2, 1]) answers.applied(id, 6, COMMAND, { type: "ok", value: ["count", 2] });
  assert.equal(seen.isBroken, false);

  answers.applied(1, 7, COMMAND, { type: "ok", value: ["count", 4] });

  assert.equal(
    seen.verdict().reason,
    'answers: node 1 answers entry 7 with {"type":"ok","value":["count",4]}, but {"type":"ok","value":["count",3]} is right',
  );
});

test("a read that differs from the naive machine's is noticed where that has the same state", () => {
  for (const index of [3, 4]) {
    const seen = world();
    const answers = new Answers(seen, () => ({ type: "ok", value: "right" }));
    answers.applied(1, 4, COMMAND, { type: "ok", value: "right" });
    answers.read(1, index, COMMAND, { type: "ok", value: "wrong" });

    assert.equal(seen.isBroken, index === 4);
  }
});

test("a read from a state older than the entries committed when it was asked is noticed", () => {
  for (const index of [5, 6]) {
    const seen = world();
    seen.committedThrough = 6;
    const judge = new Answers(seen, null).asked(2);
    seen.committedThrough = 9;
    judge(index);

    assert.equal(
      seen.verdict().reason,
      index === 6 ? undefined : "answers: node 2 answers a read after entry 5, but 6 was committed when it was asked",
    );
  }
});

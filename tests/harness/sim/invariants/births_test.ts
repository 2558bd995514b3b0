import assert from "node:assert/strict";
import { test } from "node:test";
import { keepsBirths, knowsBirths } from "../../../../harness/sim/invariants/births.ts";
import { World } from "../../../../harness/sim/invariants/world.ts";

function world(): World {
  return new World(() => 0, { electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50 });
}

/** Node 1's directory names the birth of node 2, which node 1 knows by another. */
function judged(judge: typeof keepsBirths, birth: number, known: number, isReused: boolean = false): string | null {
  const seen = world();
  if (isReused) seen.reused.add(2);
  judge(seen, 1, new Map([[1, { birth: 11 }], [2, { birth }]]), { of: (member) => member === 1 ? 11 : known });
  return seen.verdict().reason ?? null;
}

test("a member whose journal changes is noticed, unless its number was reused", () => {
  assert.equal(judged(keepsBirths, 22, 0), null);
  assert.equal(judged(keepsBirths, 22, 22), null);
  assert.equal(judged(keepsBirths, 0, 22), null);
  assert.equal(judged(keepsBirths, 23, 22, true), null);
  assert.equal(judged(keepsBirths, 23, 22), "births: node 1 knew node 2 by journal 22, and now by journal 23");
});

test("a node that does not know a member by the journal that its directory names is noticed", () => {
  assert.equal(judged(knowsBirths, 22, 22), null);
  assert.equal(judged(knowsBirths, 0, 22), null);
  assert.equal(judged(knowsBirths, 22, 21), "births: node 1 does not know the journal of node 2");
  assert.equal(judged(knowsBirths, 22, 0), "births: node 1 does not know the journal of node 2");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeView } from "../../../harness/run/cluster.ts";
import { isMajority } from "../../../harness/nemesis/majority.ts";

function node(id: number, voters: number[], votersOutgoing: number[] = []): NodeView {
  return {
    id,
    state: "running",
    role: "follower",
    term: 1,
    leader: null,
    commitIndex: 0,
    voters,
    votersOutgoing,
    learners: [],
  };
}

test("a majority is one of every configuration that its nodes hold", () => {
  const view = [1, 2, 3, 4, 5].map((id) => node(id, id === 3 ? [1, 2, 3] : [1, 2, 3, 4, 5]));

  assert.ok(isMajority([1, 2, 3], view));
  assert.ok(isMajority([1, 4, 5], view));
  assert.ok(!isMajority([3, 4, 5], view), "node 3 holds a configuration of which these are one of three");
  assert.ok(!isMajority([1, 2], view));
});

test("of a joint configuration both halves need a majority", () => {
  const view = [1, 2, 3, 4, 5, 6].map((id) => node(id, [4, 5, 6], [1, 2, 3]));

  assert.ok(!isMajority([1, 2, 3, 4], view));
  assert.ok(isMajority([1, 2, 4, 5], view));
});

test("half of an even number is no majority, and nobody is none", () => {
  const view = [1, 2, 3, 4].map((id) => node(id, [1, 2, 3, 4]));

  assert.ok(!isMajority([1, 2], view));
  assert.ok(!isMajority([], view));
});

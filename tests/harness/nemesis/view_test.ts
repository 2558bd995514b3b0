import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeView } from "../../../harness/nemesis/kind.ts";
import { isMajority, primaryOf, whoCouldServe } from "../../../harness/nemesis/view.ts";

function node(id: number, voters: number[], outgoing: number[] = []): NodeView {
  return { id, state: "running", primaryIn: null, members: { voters, outgoing, learners: [] }, says: "" };
}

test("a majority is one of every configuration that its nodes hold", () => {
  const view = [1, 2, 3, 4, 5].map((id) => node(id, id === 3 ? [1, 2, 3] : [1, 2, 3, 4, 5]));

  assert.ok(isMajority([1, 2, 3], view));
  assert.ok(isMajority([1, 4, 5], view));
  assert.ok(!isMajority([3, 4, 5], view), "node 3 holds a configuration of which these are one of three");
  assert.ok(!isMajority([1, 2], view));
});

test("both halves of a joint configuration need a majority", () => {
  const view = [1, 2, 3, 4, 5, 6].map((id) => node(id, [4, 5, 6], [1, 2, 3]));

  assert.ok(!isMajority([1, 2, 3, 4], view));
  assert.ok(isMajority([1, 2, 4, 5], view));
});

test("half of an even number is not a majority, and neither is an empty set", () => {
  const view = [1, 2, 3, 4].map((id) => node(id, [1, 2, 3, 4]));

  assert.ok(!isMajority([1, 2], view));
  assert.ok(!isMajority([], view));
});

test("a node that cannot tell its members counts every node as a voter", () => {
  const view = [1, 2, 3].map((id) => ({ ...node(id, []), members: null }));

  assert.ok(isMajority([1, 2], view));
  assert.ok(!isMajority([3], view));
});

test("the primary is the running node that claims the highest epoch", () => {
  const view: NodeView[] = [
    { ...node(1, []), primaryIn: 4 },
    { ...node(2, []), primaryIn: 7 },
    { ...node(3, []), primaryIn: 9, state: "paused" },
    node(4, []),
  ];

  assert.equal(primaryOf(view)?.id, 2);
  assert.equal(primaryOf(view, (id) => id !== 2)?.id, 1);
  assert.equal(primaryOf([node(1, [])]), null);
});

test("a node that gives no vote cannot be part of a serving majority", () => {
  const five = (doubtful: number[]): NodeView[] =>
    [1, 2, 3, 4, 5].map((id) => ({ ...node(id, [1, 2, 3, 4, 5]), isDoubtful: doubtful.includes(id) }));

  assert.deepEqual(whoCouldServe(five([2])), [1, 3, 4, 5]);
  assert.deepEqual(whoCouldServe(five([1, 2, 3])), []);
});

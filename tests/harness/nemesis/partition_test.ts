import assert from "node:assert/strict";
import { test } from "node:test";
import { drawPartition, PARTITION_SHAPES, type PartitionShape } from "../../../harness/nemesis/partition.ts";
import { createRandom } from "../../../raft/mod.ts";

const SEEDS = 40;

/** For each node those that it hears and that hear it, itself included. */
function sight(shape: PartitionShape, size: number, seed: number, leader: number | null = null): Map<number, number[]> {
  const nodes = Array.from({ length: size }, (_, i) => i + 1);
  const { cut } = drawPartition(createRandom(seed), shape, { nodes, leader });
  const isCut = (from: number, to: number): boolean => cut.some(([a, b]) => a === from && b === to);
  return new Map(nodes.map((node) => [
    node,
    nodes.filter((other) => other === node || (!isCut(node, other) && !isCut(other, node))),
  ]));
}

function forAll(sizes: readonly number[], check: (size: number, seed: number) => void): void {
  for (const size of sizes) for (let seed = 0; seed < SEEDS; seed++) check(size, seed);
}

test("a ring gives every node a majority, and no two the same", () => {
  forAll([3, 5, 6, 7, 9], (size, seed) => {
    const views = [...sight("ring", size, seed).values()];

    for (const view of views) assert.ok(view.length > size / 2, `${view} of ${size}`);
    assert.equal(new Set(views.map(String)).size, size);
  });
});

test("a bridge is the one node that sees both halves, which do not see each other", () => {
  forAll([3, 5, 7], (size, seed) => {
    const views = [...sight("bridge", size, seed).values()];

    assert.equal(views.filter((view) => view.length === size).length, 1);
    for (const view of views) assert.ok(view.length === size || view.length === (size + 1) / 2, `${view} of ${size}`);
  });
});

test("one parts one node, halves part two groups that are as even as can be, majority leaves one", () => {
  const groups = (shape: PartitionShape, size: number, seed: number): number[] =>
    [...new Set([...sight(shape, size, seed).values()].map(String))].map((view) => view.split(",").length)
      .sort((a, b) => a - b);
  forAll([2, 3, 4, 5, 7], (size, seed) => {
    assert.deepEqual(groups("one", size, seed), [1, size - 1]);
    assert.deepEqual(groups("halves", size, seed), [size >> 1, (size + 1) >> 1]);
  });
  forAll([3, 4, 5, 7], (size, seed) => {
    const [minority, majority] = groups("majority", size, seed);
    assert.ok(minority! >= 1 && minority! + majority! === size && majority! > size / 2);
  });
});

test("the leader's shape cuts the leader off from a majority", () => {
  forAll([3, 5, 7], (size, seed) => {
    const leader = 1 + seed % size;

    assert.ok(sight("leader", size, seed, leader).get(leader)!.length < size / 2);
  });
});

test("a one-way cut stops each direction between two groups or none of it", () => {
  forAll([3, 5], (size, seed) => {
    const nodes = Array.from({ length: size }, (_, i) => i + 1);
    const { cut } = drawPartition(createRandom(seed), "oneway", { nodes, leader: null });

    assert.ok(cut.length > 0);
    const speakers = new Set(cut.map(([from]) => from)), hearers = new Set(cut.map(([, to]) => to));
    for (const speaker of speakers) assert.ok(!hearers.has(speaker));
    assert.equal(cut.length, speakers.size * hearers.size);
  });
});

test("every shape cuts something as soon as there are two nodes to part, and nothing where there is one", () => {
  for (const shape of PARTITION_SHAPES) {
    for (const size of [3, 4, 5]) {
      const nodes = Array.from({ length: size }, (_, i) => i + 1);
      assert.ok(drawPartition(createRandom(1), shape, { nodes, leader: 2 }).cut.length > 0, `${shape} of ${size}`);
    }
    assert.equal(drawPartition(createRandom(1), shape, { nodes: [1], leader: 1 }).cut.length, 0, shape);
  }
});

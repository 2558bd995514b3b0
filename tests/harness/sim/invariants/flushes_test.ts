import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId, type Term } from "../../../../raft/mod.ts";
import { Flushes } from "../../../../harness/sim/invariants/flushes.ts";

/** What is noticed when a journal believes in `believed` after these events, where 10 entries were durable before. */
function noticed(believed: number, ...events: ((flushes: Flushes) => void)[]): number {
  const broken: string[] = [];
  const flushes = new Flushes(3, 10, (what) => broken.push(what));
  for (const event of events) event(flushes);
  flushes.leaves(believed);
  return broken.length;
}

const writes = (lastIndex: number) => (flushes: Flushes) => flushes.wrote(lastIndex);
const cuts = (index: number) => (flushes: Flushes) => flushes.cutTo(index);
const syncs = (flushes: Flushes): void => flushes.synced();
const fails = (flushes: Flushes): void => flushes.failed();

test("a journal that believes what a flush has made durable is right", () => {
  assert.equal(noticed(10), 0);
  assert.equal(noticed(12, writes(12), syncs), 0);
  assert.equal(noticed(8, cuts(8)), 0);
  assert.equal(noticed(14, writes(12), cuts(9), syncs, writes(14), syncs), 0);
});

test("a journal that believes more is noticed", () => {
  assert.equal(noticed(11), 1, "nothing was written");
  assert.equal(noticed(12, writes(12)), 1, "the sync has not ended");
  assert.equal(noticed(12, writes(12), fails, syncs), 1, "the write failed");
  assert.equal(noticed(10, cuts(8)), 1, "the entries were cut off");
  assert.equal(noticed(12, writes(12), cuts(8), syncs), 1, "they were cut off during the flush");
});

test("the breach says what the journal believes", () => {
  const broken: string[] = [];
  new Flushes(3, 10, (what) => broken.push(what)).leaves(11);
  assert.deepEqual(broken, ["flushes: node 3 believes its log to be durable up to entry 11, but it is up to 10"]);
});

test("term and vote are durable when the flush that wrote them has ended, and no later ones", () => {
  const [before, later] = [1, 2].map((term) => ({ term: term as Term, votedFor: nodeId(term) }));
  for (
    const [believed, ends, isBroken] of [
      [before!, false, false],
      [later!, false, true],
      [later!, true, false],
      [before!, true, true],
      [{ ...later!, votedFor: null }, true, true],
    ] as const
  ) {
    const broken: string[] = [];
    const flushes = new Flushes(3, 10, (what) => broken.push(what), before);
    flushes.wrote(10, later);
    if (ends) flushes.synced();
    flushes.leaves(10, believed);
    assert.equal(broken.length > 0, isBroken, broken.join());
  }
});

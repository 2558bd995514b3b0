import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability, type HistoryEvent, modelByName } from "../../../checker/mod.ts";

type Step = readonly [process: number, f: string, value: unknown, result: unknown, from: number, to: number];

/** Operations with their times in milliseconds. */
function timed(...steps: readonly Step[]): HistoryEvent[] {
  const events = steps.flatMap(([process, f, value, result, from, to]) => [
    { at: from, event: { process, type: "invoke" as const, f, value, time: from * 1e6 } },
    { at: to, event: { process, type: "ok" as const, f, value: result, time: to * 1e6 } },
  ]);
  return events.sort((x, y) => x.at - y.at).map(({ event }) => event);
}

const judge = (model: string, ...steps: readonly Step[]) =>
  checkLinearizability(timed(...steps), modelByName(model)).valid;

test("the tokens of a fenced lock grow, and it is given back with its own", () => {
  const first: Step = [0, "acquire", null, 1, 0, 1];
  const release: Step = [0, "release", 1, 1, 2, 3];

  assert.equal(judge("fenced-mutex", first, release, [1, "acquire", null, 2, 4, 5]), true);
  assert.equal(judge("fenced-mutex", first, release, [1, "acquire", null, 1, 4, 5]), false);
  assert.equal(judge("fenced-mutex", first, [1, "acquire", null, 2, 2, 3]), false);
  assert.equal(judge("fenced-mutex", first, [0, "release", 7, 7, 2, 3]), false);
});

test("a lease ends by itself, and near its deadline a read may see either state", () => {
  const taken: Step = [0, "acquire", "a", "a", 0, 10];
  const read = (holder: unknown, from: number, to: number): Step => [1, "read", null, holder, from, to];

  assert.equal(judge("lease:100", taken, read("a", 20, 30)), true);
  assert.equal(judge("lease:100", taken, read(null, 20, 30)), false, "it lasts at least until 100");
  assert.equal(judge("lease:100", taken, read("a", 101, 105)), true, "it may have begun at 10");
  assert.equal(judge("lease:100", taken, read(null, 101, 105)), true, "it may have begun at 0");
  assert.equal(judge("lease:100", taken, read("a", 120, 130)), false, "it has ended by 110");
  assert.equal(judge("lease:100", taken, [1, "acquire", "b", "b", 120, 130], read("b", 140, 150)), true);
  assert.equal(judge("lease:100", taken, [1, "acquire", "b", "b", 50, 60]), false);
  assert.equal(judge("lease:100", taken, [0, "release", "a", "a", 20, 30], [1, "acquire", "b", "b", 50, 60]), true);
});

test("a multiset contains an element as often as it was added", () => {
  const add: Step = [0, "add", "x", "x", 0, 1];

  assert.equal(judge("multiset", add, [0, "add", "x", "x", 2, 3], [0, "count", "x", 2, 4, 5]), true);
  assert.equal(judge("multiset", add, [0, "remove", "x", true, 2, 3], [0, "contains", "x", true, 4, 5]), false);
  assert.equal(judge("multiset", add, [0, "remove", "y", false, 2, 3], [0, "read", null, ["x"], 4, 5]), true);
  assert.equal(judge("multiset", add, [0, "remove", "x", false, 2, 3]), false);
});

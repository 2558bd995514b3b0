import assert from "node:assert/strict";
import { test } from "node:test";
import { neverReached, Sweep, sweepValidity } from "../../../harness/sweep/fuzz.ts";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import type { RunResult } from "../../../harness/run/result.ts";

const OPTIONS = { ...DEFAULT_OPTIONS, seed: 100 };

function sweep(changes: Partial<ConstructorParameters<typeof Sweep>[0]> = {}): Sweep {
  return new Sweep({
    options: OPTIONS,
    runs: 10,
    shard: { index: 0, of: 1 },
    keepGoing: false,
    isOver: () => false,
    ...changes,
  });
}

function seeds(one: Sweep): number[] {
  const all: number[] = [];
  for (let options = one.next(); options !== null; options = one.next()) all.push(options.seed);
  return all;
}

function result(valid: RunResult["valid"], coverage: Record<string, number> = {}): RunResult {
  return { valid, coverage } as RunResult;
}

test("shards share the seeds of a sweep: each is in one of them", () => {
  const shards = [0, 1, 2].map((index) => seeds(sweep({ shard: { index, of: 3 } })));

  assert.deepEqual(shards, [[100, 103, 106, 109], [101, 104, 107], [102, 105, 108]]);
});

test("a sweep ends with the first violation, unless it is to go on", () => {
  const one = sweep(), other = sweep({ keepGoing: true });
  for (const each of [one, other]) {
    each.next();
    each.add(result(false));
  }

  assert.equal(one.next(), null);
  assert.equal(other.next()?.seed, 101);
});

test("a sweep ends when its time is over", () => {
  let isOver = false;
  const one = sweep({ runs: Infinity, isOver: () => isOver });
  assert.equal(one.next()?.seed, 100);
  isOver = true;

  assert.equal(one.next(), null);
});

test("a violation is worse than what is unknown, and a sweep of no runs is unknown", () => {
  const one = sweep({ keepGoing: true });
  assert.equal(sweepValidity(one.summary(1)), "unknown");
  one.add(result(true));
  assert.equal(sweepValidity(one.summary(1)), true);
  one.add(result("unknown"));
  assert.equal(sweepValidity(one.summary(1)), "unknown");
  one.add(result(false));

  assert.equal(sweepValidity(one.summary(1)), false);
});

test("the coverage of a sweep is the sum over its runs, and names the marks that none has reached", () => {
  const one = sweep();
  one.add(result(true, { elections: 2, truncations: 0, reads: 0 }));
  one.add(result(true, { elections: 3, truncations: 1, reads: 0 }));
  const summary = one.summary(4);

  assert.deepEqual(summary.coverage, { elections: 5, truncations: 1, reads: 0 });
  assert.equal(summary.seeds_per_second, 0.5);
  assert.deepEqual(neverReached(summary), ["reads"]);
});

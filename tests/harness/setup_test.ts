import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_OPTIONS, flagsOf, type RunOptions } from "../../harness/options.ts";
import { setupOf } from "../../harness/setup.ts";
import { WORKLOAD_NAMES } from "../../harness/workloads/workloads.ts";

function swarm(seed: number, options: Partial<RunOptions> = {}): ReturnType<typeof setupOf> {
  return setupOf({ ...DEFAULT_OPTIONS, nemesis: "all", workload: "all", seed, ...options });
}

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

test("a seed of a swarm always draws the same, at least one fault, and one that finds somebody to strike", () => {
  for (const seed of SEEDS) {
    const setup = swarm(seed);

    assert.deepEqual(setup, swarm(seed));
    assert.ok(setup.kinds.some(({ kind }) => ["partition", "kill", "packets", "clock"].includes(kind)));
  }
});

test("a swarm draws every workload, every kind of fault, and every safe way to read", () => {
  const setups = SEEDS.map((seed) => swarm(seed));

  assert.deepEqual(new Set(setups.map(({ workload }) => workload)), new Set(WORKLOAD_NAMES));
  assert.equal(new Set(setups.flatMap(({ kinds }) => kinds.map(({ kind }) => kind))).size, 8);
  assert.deepEqual(new Set(setups.map(({ reads }) => reads)), new Set(["log", "index", "lease"]));
});

test("where reads rely on leases nothing is paused, and clocks stay within what leases are promised", () => {
  for (const seed of SEEDS) {
    const { reads, kinds, severity } = swarm(seed);
    if (reads !== "lease") continue;

    assert.ok(!kinds.some(({ kind }) => kind === "pause"));
    assert.ok(severity.clockWithinLease && severity.clockFactor ** 2 < 1.8);
  }
});

test("what is asked for is not drawn", () => {
  for (const seed of SEEDS) {
    const setup = swarm(seed, { reads: "local", workload: "set", nodes: 3 });

    assert.deepEqual([setup.reads, setup.workload, setup.nodes], ["local", "set", 3]);
  }
});

test("the flags of a run name its seed, its nemesis, and whatever is not the default", () => {
  assert.equal(flagsOf({ ...DEFAULT_OPTIONS, seed: 7 }), "--seed 7 --nemesis partition");
  assert.equal(
    flagsOf({ ...DEFAULT_OPTIONS, seed: 7, nemesis: "kill", timeLimit: 5, reads: "local" }),
    "--seed 7 --nemesis kill --time-limit 5 --reads local",
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_OPTIONS, flagsOf, type RunOptions } from "../../../harness/run/options.ts";
import { type RunSetup, setupOf } from "../../../harness/run/setup.ts";
import { leaseTicks } from "../../../raft/mod.ts";
import type { OursSetup } from "../../../harness/targets/ours/setup.ts";
import { sim } from "../../../harness/targets/ours/sim.ts";
import { WORKLOADS } from "../../../harness/workloads/workloads.ts";

function swarm(seed: number, options: Partial<RunOptions> = {}): RunSetup & OursSetup {
  const setup = setupOf(sim, { ...DEFAULT_OPTIONS, nemesis: "all", workload: "all", seed, ...options });
  return { ...setup, ...setup.system as OursSetup };
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

  assert.deepEqual(new Set(setups.map(({ workload }) => workload)), new Set(Object.keys(WORKLOADS)));
  assert.equal(new Set(setups.flatMap(({ kinds }) => kinds.map(({ kind }) => kind))).size, 10);
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

test("options that were given are not drawn", () => {
  for (const seed of SEEDS) {
    const setup = swarm(seed, { flags: { reads: "local" }, workload: "set", nodes: 3 });

    assert.deepEqual([setup.reads, setup.workload, setup.nodes], ["local", "set", 3]);
  }
});

test("the flags of a run name its seed, its nemesis, and every value that is not the default", () => {
  assert.equal(flagsOf({ ...DEFAULT_OPTIONS, seed: 7 }), "--seed 7 --nemesis partition");
  assert.equal(
    flagsOf({ ...DEFAULT_OPTIONS, seed: 7, nemesis: "kill", timeLimit: 5, flags: { reads: "local" } }),
    "--seed 7 --nemesis kill --time-limit 5 --reads local",
  );
});

test("a swarm holds elections with and without pre-votes, and with leases always under the leader's own check", () => {
  const setups = SEEDS.map((seed) => swarm(seed));

  assert.deepEqual(new Set(setups.map(({ cluster }) => cluster.preVote)), new Set([true, false]));
  assert.deepEqual(new Set(setups.map(({ cluster }) => cluster.checkQuorum)), new Set([true, false]));
  assert.ok(setups.every(({ reads, cluster }) => reads !== "lease" || cluster.checkQuorum));
});

test("whatever election timeout a swarm draws, a lease leaves clocks the room that they take", () => {
  for (const seed of SEEDS) {
    const { cluster: { electionTimeoutTicks }, severity } = swarm(seed, { flags: { reads: "lease" } });

    assert.ok(leaseTicks(electionTimeoutTicks) * severity.clockFactor ** 2 < electionTimeoutTicks - 1);
  }
});

test("a swarm draws how many nodes there are and how much is read, where nobody says", () => {
  const setups = SEEDS.map((seed) => swarm(seed));

  assert.deepEqual(new Set(setups.map(({ nodes }) => nodes)), new Set([1, 2, 3, 4, 5, 6, 7, 8, 9]));
  assert.ok(new Set(setups.map(({ workloadOptions }) => workloadOptions.readShare)).size > 2);
  assert.equal(swarm(1, { readShare: 0.25 }).workloadOptions.readShare, 0.25);
  assert.equal(setupOf(sim, { ...DEFAULT_OPTIONS, seed: 1 }).nodes, 5);
});

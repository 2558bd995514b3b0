import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import { runCanaries, UnnoticedError } from "../../../harness/sweep/canaries.ts";
import { sim } from "../../../harness/targets/ours/sim.ts";

const options = { ...DEFAULT_OPTIONS, seed: 1 };
const never = new AbortController().signal;

test("clusters that are known to be bad are caught, each by the check that is meant", async () => {
  assert.equal(await runCanaries(sim, options, never), sim.canaries!.length);
});

test("a bad cluster that no check notices ends the sweep, and is named", async () => {
  const run = { nemesis: "none", workload: "kv", timeLimit: 0.5 };
  const good = { about: "that nothing is wrong", run, check: "linearizability" };

  await assert.rejects(
    runCanaries({ ...sim, canaries: [good] }, options, never),
    (error) => error instanceof UnnoticedError && /do not notice that nothing is wrong/.test(error.message),
  );
});

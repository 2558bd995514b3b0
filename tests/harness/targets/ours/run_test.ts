import assert from "node:assert/strict";
import { test } from "node:test";
import { live } from "../../../../harness/targets/ours/live.ts";
import { runOnce } from "../../../../harness/run/run_once.ts";
import { DEFAULT_OPTIONS } from "../../../../harness/run/options.ts";
import { mayUse, setting } from "../../../corpus.ts";
import { skipWithoutSockets } from "../../../server/node/live_cluster.ts";

const skip = skipWithoutSockets || (mayUse("run") ? false : "needs processes");
const seconds = Number(setting("KAYA_LIVE_SECONDS", "6"));

test(
  "real processes that are killed, paused and cut off lose nothing that was acknowledged",
  { skip, timeout: 1e9 },
  async () => {
    const judged = (await runOnce(live, {
      ...DEFAULT_OPTIONS,
      seed: 11,
      nodes: 3,
      nemesis: "kill,pause,partition",
      nemesisInterval: 0.5,
      timeLimit: seconds,
    }, { command: "run" }))!;
    assert.equal(judged.result.valid, true, JSON.stringify(judged.result.checks));
    assert.ok(judged.result.operations.ok > 20);
  },
);

test("a nemesis that real processes cannot suffer is refused before anything is started", { skip }, async () => {
  const options = { ...DEFAULT_OPTIONS, seed: 1, nemesis: "clock" };
  await assert.rejects(
    runOnce(live, options, { command: "run" }),
    /The target live does not support the fault clock: it supports partition, kill/,
  );
});

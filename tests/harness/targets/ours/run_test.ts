import assert from "node:assert/strict";
import { test } from "node:test";
import { runLive } from "../../../../harness/targets/ours/live_run.ts";
import { DEFAULT_OPTIONS } from "../../../../harness/run/options.ts";
import { mayUse, setting } from "../../../corpus.ts";
import { skipWithoutSockets } from "../../../server/node/live_cluster.ts";

const skip = skipWithoutSockets || (mayUse("run") ? false : "needs processes");
const seconds = Number(setting("KAYA_LIVE_SECONDS", "6"));

test(
  "real processes that are killed, paused and cut off lose nothing that was acknowledged",
  { skip, timeout: 1e9 },
  async () => {
    const judged = await runLive({
      ...DEFAULT_OPTIONS,
      seed: 11,
      nodes: 3,
      nemesis: "kill,pause,partition",
      nemesisInterval: 0.5,
      timeLimit: seconds,
    }, "run");
    assert.equal(judged.result.valid, true, JSON.stringify(judged.result.checks));
    assert.ok(judged.result.operations.ok > 20);
  },
);

test("a nemesis that real processes cannot suffer is refused before anything is started", { skip }, async () => {
  const options = { ...DEFAULT_OPTIONS, seed: 1, nemesis: "clock" };
  await assert.rejects(runLive(options, "run"), /--nemesis clock: a live cluster suffers partition, kill/);
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { sweepPage } from "../../../harness/report/page/sweep.ts";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import type { RunResult } from "../../../harness/run/result.ts";
import { runOnce } from "../../../harness/run/run_once.ts";
import { Sweep } from "../../../harness/sweep/fuzz.ts";
import { sim } from "../../../harness/targets/ours/sim.ts";
import { mayUse } from "../../corpus.ts";

const skip = mayUse("run") && mayUse("read") ? false : "no process can be started here";

test("a sweep that stops at the first violation tells one, also if runs beside it failed too", { skip }, () => {
  const main = fileURLToPath(new URL("../../../harness/main.ts", import.meta.url));
  const start = "Deno" in globalThis ? ["run", "-R", "--no-prompt", "--no-check", main] : [main];
  const args = ["fuzz", "--nemesis", "partition", "--reads", "local", "--seed", "1", "--runs", "8", "--jobs", "4"];
  const { status, stdout } = spawnSync(process.execPath, [...start, ...args], { encoding: "utf8" });
  assert.equal(status, 1);
  assert.equal(stdout.match(/^seed \d+$/gm)?.length, 1, stdout);
});

test("a sweep's page lists its findings by seed, how many there are of each kind, and what was never reached", async () => {
  const options = { ...DEFAULT_OPTIONS, seed: 1, reads: "local", timeLimit: 20, flags: { reads: "local" } };
  const sweep = new Sweep({ options, runs: 4, shard: { index: 0, of: 1 }, keepGoing: true, isOver: () => false });
  const found: RunResult[] = [];
  for (let next = sweep.next(); next !== null; next = sweep.next()) {
    const { result } = (await runOnce(sim, next, { command: "run" }))!;
    sweep.add(result);
    if (result.valid !== true) found.unshift(result);
  }
  const summary = sweep.summary(1);
  const files = new Map([[found[0]!.seed, "page.html"]]);

  const { head, sweep: table, kind } = sweepPage(summary, found, files, options);

  assert.deepEqual([kind, head.word], ["sweep", "invalid"]);
  const seeds = table!.findings.map(({ name }) => name);
  assert.deepEqual(seeds, found.map(({ seed }) => `seed ${seed}`).reverse());
  assert.equal(table!.kinds.find(([name]) => name === "linearizability")?.[1], found.length);
  assert.equal(table!.findings.find(({ page }) => page !== "")?.name, `seed ${found[0]!.seed}`);
  assert.deepEqual(table!.neverReached, head.coverage.filter(([, times]) => times === 0).map(([name]) => name));
});

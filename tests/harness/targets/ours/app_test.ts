import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bankApp } from "../../../../docs/examples/bank.ts";
import { jobsApp } from "../../../../docs/examples/jobs.ts";
import { lockApp } from "../../../../docs/examples/lock.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "../../../../harness/run/options.ts";
import { runAtOnce, runOnce } from "../../../../harness/run/run_once.ts";
import { shrinkSeed } from "../../../../harness/sweep/recorded.ts";
import { loadApp } from "../../../../harness/targets/ours/load_app.ts";
import { simOf } from "../../../../harness/targets/ours/sim.ts";
import { loadTarget } from "../../../../harness/targets/targets.ts";
import { isThorough, mayUse, setting } from "../../../corpus.ts";

const mayAll = (["run", "write", "env", "read", "net", "sys"] as const).every(mayUse);
const skip = mayAll ? false : "needs files and processes";
const root = new URL("../../../../docs/examples/", import.meta.url);

function options(changes: Partial<RunOptions>): RunOptions {
  return { ...DEFAULT_OPTIONS, seed: 1, nemesis: "all", timeLimit: 8, ...changes };
}

for (const [name, make] of [["bank", bankApp], ["lock", lockApp], ["jobs", jobsApp]] as const) {
  test(`the ${name} of the docs holds under every kind of fault`, () => {
    let succeeded = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const { result } = runAtOnce(simOf(make(false)), options({ seed }), "");

      assert.notEqual(result.valid, false, `seed ${seed}: ${JSON.stringify(result.checks)}`);
      succeeded += result.operations.ok;
    }
    assert.ok(succeeded > 100);
  });

  const isLeftOut = name === "bank" || isThorough ? false : "`deno task test` sweeps all three";
  test(
    `a ${name} whose snapshots forget something is found by the sweep, and shrunk`,
    { skip: isLeftOut },
    async () => {
      const target = simOf(make(true));
      const often = { nemesis: "kill,compact", nemesisInterval: 0.4, rate: 15, concurrency: 3 };
      const fails = (seed: number): boolean =>
        runAtOnce(target, options({ seed, ...often }), "").result.valid === false;
      const seed = Array.from({ length: 30 }, (_, i) => i + 1).find(fails);
      assert.ok(seed !== undefined, "no seed of thirty fails");

      let asked = 0;
      const isOver = (): boolean => asked++ > 60;
      const { file, original } =
        (await shrinkSeed(target, options({ seed, ...often }), { origin: "", isOver, onTry: () => {} }))!;

      assert.ok(file !== null && original.result.valid === false);
      assert.ok(file.schedule.faults.length < original.schedule.faults.length / 2);
      assert.ok(file.schedule.operations.length < original.schedule.operations.length / 2);
    },
  );

  test(`the ${name} survives kill -9 and restarts as processes too`, { skip, timeout: 1e9 }, async () => {
    const app = new URL(`${name}.ts`, root).pathname;
    const { result } = (await runOnce(await loadTarget("live", app), {
      ...options({ nemesis: "kill,compact", nemesisInterval: 1.5, nodes: 3, rate: 15, concurrency: 4 }),
      timeLimit: Number(setting("KAYA_LIVE_SECONDS", "14")),
      flags: { app },
    }, { command: "" }))!;

    assert.equal(result.valid, true, JSON.stringify(result.checks));
    assert.ok(result.operations.ok > 5);
  });
}

test("a module that does not export an app is refused with what it lacks", { skip }, async () => {
  const machine = "{ apply() {}, isRead() {}, read() {}, snapshot() {} }";
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["export const a = 1;", /the module has no default export, but an app was expected$/],
    ["export default [];", /it has no function machine$/],
    ["export default { machine() {}, encode() {} };", /it has no workloads$/],
    ["export default { machine() {}, encode() {}, workloads: { a: 1 } };", /its workload a is no function$/],
    [
      `export default { machine() { return ${machine}; }, encode() {}, workloads: { a() {} } };`,
      /no function restore$/,
    ],
    [
      "export default { machine() { throw new Error('no\\nway'); }, encode() {}, workloads: { a() {} } };",
      /be made: no$/,
    ],
  ];
  const folder = mkdtempSync(join(tmpdir(), "kaya-app-test-"));
  try {
    for (const [i, [text, expected]] of refusals.entries()) {
      const path = join(folder, `${i}.mjs`);
      writeFileSync(path, text);
      await assert.rejects(loadApp(path), expected);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

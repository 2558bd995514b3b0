import assert from "node:assert/strict";
import { test } from "node:test";
import { historyBytes } from "../../../harness/run/history_file.ts";
import { sha256 } from "../../../harness/run/sha256.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "../../../harness/run/options.ts";
import { setupOf } from "../../../harness/run/setup.ts";
import { shrinkSeed } from "../../../harness/sweep/recorded.ts";
import { driveAtOnce } from "../../../harness/run/drive.ts";
import type { ScheduledFault } from "../../../harness/nemesis/nemesis.ts";
import { sim } from "../../../harness/targets/ours/sim.ts";
import { simulateAndJudge } from "../../../harness/targets/ours/simulate.ts";
import { WORKLOADS } from "../../../harness/workloads/workloads.ts";
import { tries } from "../../corpus.ts";

const WORKLOAD_NAMES = Object.keys(WORKLOADS);

/** Seeds of the swarm that the suite goes through; the sweeps of `fuzz` go further. */
const SEEDS = tries("KAYA_SIM_SEEDS", 12);

function options(changes: Partial<RunOptions>): RunOptions {
  return { ...DEFAULT_OPTIONS, seed: 1, timeLimit: 20, ...changes };
}

test("a run is a function of its options: twice the same history", () => {
  for (const nemesis of ["partition", "all"]) {
    const runs = [1, 2].map(() => simulateAndJudge(options({ nemesis, seed: 5, timeLimit: 6 }), ""));

    assert.deepEqual(runs[0]!.history, runs[1]!.history);
    assert.ok(runs[0]!.events.length > 100);
  }
});

test("another seed gives another history", () => {
  const hashes = [1, 2, 3].map((seed) => simulateAndJudge(options({ seed, timeLimit: 5 }), "").result.history_sha256);

  assert.equal(new Set(hashes).size, 3);
});

test("the hash of a history is that of its lines", () => {
  const { result, history } = simulateAndJudge(options({ nemesis: "none", timeLimit: 2, rate: 20 }), "");

  assert.equal(result.history_sha256, sha256(history));
  assert.match(new TextDecoder().decode(history), /^\{"index":0,"time":\d+,"process":\d+,"type":"invoke","f":"/);
});

test("a recorded schedule does to the cluster what the seed did", () => {
  for (const seed of [3, 4]) {
    const setup = setupOf(sim, options({ nemesis: "all", seed, timeLimit: 10 }));
    const drawn = driveAtOnce(sim, setup);
    const again = driveAtOnce(sim, setup, { schedule: drawn.outcome.schedule });

    // Of faults that found nobody to strike the recorded run knows nothing; all else is the same.
    const clients = (events: typeof drawn.outcome.events): Uint8Array =>
      historyBytes(events.filter(({ process }) => process !== "nemesis").map((event, index) => ({ ...event, index })));
    assert.deepEqual(clients(again.outcome.events), clients(drawn.outcome.events));
  }
});

for (const workload of WORKLOAD_NAMES) {
  test(`the workload ${workload} under every kind of fault can be explained`, () => {
    for (let seed = 0; seed < SEEDS / WORKLOAD_NAMES.length; seed++) {
      const { result } = simulateAndJudge(options({ nemesis: "all", workload, seed, timeLimit: 30 }), "");

      assert.equal(result.valid, true, `seed ${seed}: ${JSON.stringify(result.checks)}`);
      assert.ok(result.operations.ok > 0);
    }
  });
}

for (const workload of ["kv", "register", "append", "counter", "session"]) {
  test(`local reads are caught by the workload ${workload}`, () => {
    const violates = (seed: number): boolean =>
      simulateAndJudge(options({ workload, seed, flags: { reads: "local" }, timeLimit: 12 }), "").result.valid ===
        false;

    assert.ok([1, 2, 3, 4, 5].some(violates));
  });
}

test("damaged journals and changes of the members leave a majority that must serve again", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { result } = simulateAndJudge(
      options({ nemesis: "disk:flip,member", nemesisInterval: 0.2, seed, timeLimit: 10 }),
      "",
    );

    assert.equal(result.valid, true, `seed ${seed}: ${JSON.stringify(result.checks)}`);
    assert.ok(result.faults["disk:flip"]! > 0 && result.faults["member:replace"]! > 0);
  }
});

test("a node that comes back with an empty folder is refused, and replaced", () => {
  for (let seed = 1; seed <= tries("KAYA_SIM_SEEDS", 5); seed++) {
    const { result } = simulateAndJudge(options({ nemesis: "disk:lost,kill", nemesisInterval: 0.5, seed }), "");

    assert.equal(result.valid, true, `seed ${seed}: ${JSON.stringify(result.checks)}`);
    assert.ok(result.faults["disk:lost"]! > 0 && result.faults["member:replace"]! > 0);
  }
});

test("a founder that would be a cluster by itself never comes back with an empty folder", () => {
  const spec = { nodes: 1, nemesis: "member:join,disk:lost", nemesisInterval: 0.5 } as const;
  for (let seed = 1; seed <= tries("KAYA_SIM_SEEDS", 4); seed++) {
    const { result } = simulateAndJudge(options({ ...spec, seed }), "");

    assert.equal(result.valid, true, `seed ${seed}: ${JSON.stringify(result.checks)}`);
    assert.ok(result.faults["disk:lost"]! > 0);
  }
});

test("most of the founders never have empty folders, those that were removed included", () => {
  const setup = setupOf(sim, options({ nodes: 3, nemesis: "disk:lost,member", timeLimit: 14 }));
  const second = 1_000_000_000;
  const { operations } = driveAtOnce(sim, setup).outcome.schedule;
  const lost = (at: number, node: number): ScheduledFault => ({
    ...{ at: at * second, lasts: null },
    fault: { kind: "disk", effect: "lost", nodes: [node] },
  });
  const replaced = (at: number, old: number, node: number): ScheduledFault => ({
    ...{ at: at * second, lasts: null },
    fault: { kind: "member", change: "replace", old, node },
  });
  const faults = [lost(5, 2), replaced(7, 2, 4), lost(11, 1)];
  const { outcome } = driveAtOnce(sim, setup, { schedule: { operations, faults } });

  const said = outcome.events.filter(({ process, value }) => process === "nemesis" && /lost/.test(String(value)));
  assert.deepEqual(said.map(({ value }) => value), ["lost 2", "lost nobody"]);
});

test("a run whose nemesis never struck is unknown, and so is one in which nothing succeeded", () => {
  const alone = simulateAndJudge(options({ nodes: 1, nemesis: "member:transfer" }), "").result;
  assert.equal(alone.valid, "unknown");
  assert.equal(alone.checks["exercised"]!.reason, "the nemesis applied no fault, so nothing was tested");

  const idle = simulateAndJudge(options({ nemesis: "none", timeLimit: 0.001, rate: 0.01 }), "").result;
  assert.equal(idle.valid, "unknown");
  assert.equal(
    idle.checks["exercised"]!.reason,
    "no operation succeeded during the run, so nothing was checked",
  );
});

test("without a nemesis every node serves, and a cluster of one does too", () => {
  for (const nodes of [1, 2, 3, 5]) {
    const { result } = simulateAndJudge(options({ nodes, nemesis: "none", timeLimit: 12 }), "");

    assert.equal(result.valid, true, JSON.stringify(result.checks));
    assert.ok(result.operations.ok > 1000);
  }
});

test("a failing seed shrinks to a handful of events that fail in the same way, and stay so when they are run again", async () => {
  const failing = options({ flags: { reads: "local" }, seed: 1, timeLimit: 12 });
  const how = { origin: "", isOver: () => false, onTry: () => {} };
  const { file, original } = (await shrinkSeed(sim, failing, how))!;

  assert.equal(original.result.valid, false);
  assert.ok(file !== null);
  assert.ok(file.schedule.faults.length <= 3, `${file.schedule.faults.length} faults`);
  assert.ok(file.schedule.operations.length <= 5, `${file.schedule.operations.length} operations`);
  assert.deepEqual(file.expected.failed, ["linearizability"]);
  const again = driveAtOnce(sim, file.setup, { schedule: file.schedule });
  assert.equal(sha256(historyBytes(again.outcome.events)), file.expected.history_sha256);
});

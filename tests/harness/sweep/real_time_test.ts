// Runs in real time differ from one try to the next: a target whose reads are wrong in every n-th of its runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import type { Cluster, Target } from "../../../harness/run/target.ts";
import { shrinkSeed, type Shrunk } from "../../../harness/sweep/recorded.ts";
import { failedChecks } from "../../../harness/run/result.ts";
import { WORKLOADS } from "../../../harness/workloads/workloads.ts";

/** Keeps registers in memory, and in every n-th run, from the first on, answers reads with what nobody wrote. */
function fickle(everyNth: number): Target {
  let opened = 0;
  return {
    name: "fickle",
    about: "wrong now and then",
    flags: {},
    workloads: { register: WORKLOADS.register },
    faults: [],
    setup: () => ({}),
    time: () => "real",
    limits: () => ({ requestTimeout: 1e9, tickLength: 1e7, livenessTicks: 100, serves: "one" }),
    open(): Cluster {
      const isWrong = opened++ % everyNth === 0;
      const values = new Map<string, unknown>();
      return {
        suffers: {},
        start: (done) => done(null),
        nodes: () => [1],
        invoke(_node, _process, { f, key, value }, reply) {
          if (f === "cas") return reply({ type: "fail", error: "there is no compare-and-set" });
          if (f === "read") return reply({ type: "ok", value: isWrong ? -7 : values.get(`${key}`) ?? null });
          values.set(`${key}`, value);
          reply({ type: "ok", value });
        },
        look: (done) => done([{ id: 1, state: "running", primaryIn: null, members: null, says: "" }]),
        restore: (_nodes, done) => done(),
        checks: () => ({}),
        counts: () => ({}),
        stop: (done) => done(),
      };
    },
  };
}

async function shrunk(everyNth: number, triesEach: number, most: number): Promise<Shrunk> {
  let runs = 0;
  const options = { ...DEFAULT_OPTIONS, seed: 1, nodes: 1, nemesis: "none", rate: 500, timeLimit: 0.1 };
  const isOver = (): boolean => runs > most;
  return (await shrinkSeed(fickle(everyNth), options, { origin: "", triesEach, isOver, onTry: () => runs++ }))!;
}

test("in real time a smaller run is kept if one of several tries fails, and the run that failed is told", async () => {
  const { file, failing } = await shrunk(3, 3, 60);
  assert.ok(file!.schedule.operations.length <= 3, `${file!.schedule.operations.length} operations`);
  assert.deepEqual(failedChecks(failing!.judged.result), file!.expected.failed);
  assert.ok(file!.expected.failed.includes("linearizability"));
});

test("in real time a smaller run may not fail again: then the failed run is kept", async () => {
  const { file, original } = await shrunk(1_000, 1, 12);
  assert.deepEqual(file!.expected.failed, failedChecks(original.result));
  assert.ok(file!.schedule.operations.length > 10);
});

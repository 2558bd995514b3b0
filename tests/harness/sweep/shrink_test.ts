import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import { setupOf } from "../../../harness/run/setup.ts";
import { sim } from "../../../harness/targets/ours/sim.ts";
import { type Candidate, minimize, shrink } from "../../../harness/sweep/shrink.ts";
import { createRandom } from "../../../raft/mod.ts";

test("minimizing leaves exactly the items that the test needs", async () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = createRandom(seed);
    const items = Array.from({ length: random.below(60) }, (_, i) => i);
    const needed = items.filter(() => random.below(10) === 0);

    const kept = await minimize(items, (list) => needed.every((item) => list.includes(item)));

    assert.deepEqual(kept, needed);
  }
});

test("after minimizing, no single item can be left out, even if the test is not monotone", async () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = createRandom(seed);
    const items = Array.from({ length: 1 + random.below(40) }, (_, i) => i);
    const fails = (list: readonly number[]): boolean =>
      list.length > 0 && (list.length * 7 + list[0]! + seed) % 3 !== 0;
    if (!fails(items)) continue;

    const kept = await minimize(items, fails);

    assert.ok(fails(kept));
    for (let i = 0; i < kept.length && kept.length > 1; i++) {
      assert.ok(!fails([...kept.slice(0, i), ...kept.slice(i + 1)]), `seed ${seed}: ${kept} without its ${i}th`);
    }
  }
});

test("a run that fails whatever is done in it shrinks to one in which nothing is done", async () => {
  const setup = setupOf(sim, { ...DEFAULT_OPTIONS, seed: 1 });
  const operations = Array.from({ length: 50 }, (_, i) => ({
    at: i * 1e9,
    client: 0,
    node: 1 + i % 5,
    operation: { f: "get", key: "k0" },
  }));
  const faults = [{ at: 5, fault: { kind: "kill", shape: "minority", nodes: [1, 5] }, lasts: 1 }] as const;

  const { setup: least, schedule } = await shrink({ setup, schedule: { operations, faults } }, {
    fails: () => true,
    isOver: () => false,
    onProgress: () => {},
  });

  assert.deepEqual(schedule, { operations: [], faults: [] });
  assert.equal(least.nodes, 3);
  assert.ok(least.timeLimit < 0.1);
});

test("shrinking keeps the operations and nodes that the failure needs", async () => {
  const setup = setupOf(sim, { ...DEFAULT_OPTIONS, seed: 1 });
  const operations = Array.from({ length: 50 }, (_, i) => ({
    at: i * 1e9,
    client: 0,
    node: 1 + i % 5,
    operation: { f: "put", key: "k0", value: i },
  }));
  const faults = [1, 2, 3].map((at) => ({
    at,
    fault: { kind: "kill" as const, shape: "minority" as const, nodes: [at, 4] },
    lasts: 1,
  }));

  const { schedule } = await shrink({ setup, schedule: { operations, faults } }, {
    fails: ({ schedule }) =>
      schedule.operations.some(({ operation }) => operation.value === 30) &&
      schedule.faults.some(({ fault }) => fault.kind === "kill" && fault.nodes.includes(2)),
    isOver: () => false,
    onProgress: () => {},
  });

  assert.deepEqual(schedule.operations.map(({ operation }) => operation.value), [30]);
  assert.deepEqual(schedule.faults.map(({ fault }) => fault), [{ kind: "kill", shape: "minority", nodes: [2] }]);
});

test("a violation that lasts a moment, which each removal shifts, is found by repeated reads", async () => {
  const setup = setupOf(sim, { ...DEFAULT_OPTIONS, seed: 1, timeLimit: 2 });
  const operations = Array.from({ length: 500 }, (_, i) => ({
    at: i * 4e6,
    client: i % 10,
    node: 1 + i % 5,
    operation: { f: "get", key: "k0" },
  }));
  // With fewer operations before the end the moment comes sooner, and lasts for half a millisecond.
  const isSeen = ({ schedule }: Candidate): boolean => {
    const moment = 1.99e9 - (500 - schedule.operations.filter(({ at }) => at < 1.8e9).length) * 1e5;
    return schedule.operations.some(({ at, node }) => node === 3 && at >= moment && at < moment + 5e5);
  };
  const start = { setup, schedule: { operations: [...operations, { ...operations[2]!, at: 1.985e9 }], faults: [] } };

  const { schedule } = await shrink(start, { fails: isSeen, isOver: () => false, onProgress: () => {} });

  assert.ok(isSeen(start));
  assert.ok(schedule.operations.length <= 2, `${schedule.operations.length} operations`);
});

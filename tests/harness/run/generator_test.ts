import assert from "node:assert/strict";
import { test } from "node:test";
import { drawnOperations, recordedOperations, type ScheduledOperation } from "../../../harness/run/generator.ts";
import { WORKLOADS } from "../../../harness/workloads/workloads.ts";
import { createRandom } from "../../../raft/mod.ts";

const NODES = [1, 2, 3];

function drawn(
  workload: string,
  seconds: number,
  options: { rate?: number; bursts?: boolean } = {},
): ScheduledOperation[] {
  const source = drawnOperations(
    createRandom(1),
    (WORKLOADS as Record<string, typeof WORKLOADS.kv>)[workload]!({ keys: 5, skew: 1, readShare: 0.5 }),
    { rate: 100, concurrency: 4, bursts: false, ...options },
  );
  const all: ScheduledOperation[] = [];
  for (let at = source.nextAt(); at !== null && at < seconds * 1e9; at = source.nextAt()) {
    const planned = source.take(() => true, NODES);
    if (planned !== null) all.push(planned);
  }
  return all;
}

test("operations come in the order of their times, at about the rate that was asked for", () => {
  for (const [bursts, expected] of [[false, 3000], [true, 3000]] as const) {
    const operations = drawn("kv", 30, { bursts });

    for (let i = 1; i < operations.length; i++) assert.ok(operations[i]!.at > operations[i - 1]!.at);
    assert.ok(Math.abs(operations.length / expected - 1) < 0.15, `${operations.length} with bursts ${bursts}`);
  }
});

test("a client stays with a node that serves it, and now and then asks another one", () => {
  const nodes = drawn("kv", 60).filter(({ client }) => client === 0).map(({ node }) => node);
  const most = Math.max(...NODES.map((node) => nodes.filter((each) => each === node).length));

  assert.ok(most / nodes.length > 0.9);
  assert.ok(most < nodes.length);
});

test("a busy client gets no operation, and an operation without a free client is left out", () => {
  const workload = WORKLOADS.kv({ keys: 1, skew: 1, readShare: 0.5 });
  const source = drawnOperations(createRandom(1), workload, { rate: 10, concurrency: 3, bursts: false });

  assert.equal(source.take((client) => client === 2, NODES)?.client, 2);
  assert.equal(source.take(() => false, NODES), null);
});

test("no workload writes a value twice", () => {
  for (const name of Object.keys(WORKLOADS).filter((each) => each !== "counter")) {
    const seen = new Set<string>();
    for (const { operation: { f, key, value } } of drawn(name, 20)) {
      const written = f === "txn"
        ? (value as unknown[][]).filter(([what]) => what === "append").map(([, list, element]) => `${list} ${element}`)
        : f === "put" || f === "write" || f === "add"
        ? [`${key} ${value}`]
        : f === "cas"
        ? [`${key} ${(value as number[])[1]}`]
        : [];
      for (const each of written) {
        assert.ok(!seen.has(each), `${name}: ${each}`);
        seen.add(each);
      }
    }
    assert.ok(seen.size > 100, name);
  }
});

test("a recorded schedule is repeated, except for operations that nobody can ask", () => {
  const schedule = drawn("kv", 1).slice(0, 3);
  const source = recordedOperations(schedule);

  assert.equal(source.nextAt(), schedule[0]!.at);
  assert.deepEqual(source.take(() => true, NODES), schedule[0]);
  assert.equal(source.take(() => false, NODES), null);
  assert.equal(source.take(() => true, []), null);
  assert.equal(source.nextAt(), null);
});

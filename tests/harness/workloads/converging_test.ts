import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import type { JudgedRun } from "../../../harness/run/result.ts";
import { runAtOnce } from "../../../harness/run/run_once.ts";
import { defineNodes } from "../../../harness/targets/nodes/define.ts";
import type { InProcessNode, NodeContext } from "../../../harness/targets/nodes/node_target.ts";
import { CONVERGING } from "../../../harness/workloads/converging.ts";
import type { Completion, Invocation } from "../../../harness/workloads/workload.ts";
import { WORKLOADS } from "../../../harness/workloads/workloads.ts";

/** How often a node sends all that it has to all others, in milliseconds: much later than a run's last write. */
const GOSSIP_EVERY = 3_000;

/** How a kind of nodes keeps what is added. Its state survives a kill, and others get the whole of it. */
interface Replica {
  merge(mine: unknown, others: unknown): unknown;
  ask(mine: unknown, operation: Invocation): { readonly state: unknown; readonly end: Completion };
}

/** Nodes that acknowledge at once, and gossip rarely. */
function gossiping(replica: (id: number) => Replica): (context: NodeContext) => InProcessNode {
  return ({ id, ids, disk }) => {
    const { merge, ask } = replica(id);
    let wakeAt = 0;
    return {
      init: (now) => ({ wakeAt: wakeAt = now + GOSSIP_EVERY }),
      handle(message, now) {
        const mine = disk.read("state");
        if (message === null) {
          const others = ids.filter((other) => other !== id);
          wakeAt = now + GOSSIP_EVERY;
          return { messages: others.map((end) => ({ end, body: mine ?? null })), wakeAt };
        }
        if (typeof message.end === "number") {
          disk.write("state", merge(mine ?? null, message.body));
          return { wakeAt };
        }
        const { state, end } = ask(mine ?? null, message.body as Invocation);
        disk.write("state", state);
        return { messages: [{ end: message.end, body: end }], wakeAt };
      },
    };
  };
}

const list = (state: unknown): number[] => (state ?? []) as number[];

/** A set of numbers, with the way in which two nodes' sets become one. */
const setOf = (merge: (mine: number[], others: number[]) => number[]) => (): Replica => ({
  merge: (mine, others) => merge(list(mine), list(others)),
  ask: (mine, { f, value }) =>
    f === "read"
      ? { state: mine, end: { type: "ok", value: list(mine) } }
      : { state: [...new Set([...list(mine), value as number])], end: { type: "ok", value } },
});
const union = setOf((mine, others) => [...new Set([...mine, ...others])]);
const replacing = setOf((mine, others) => others.length >= mine.length ? others : mine);

type Amounts = Readonly<Record<string, number>>;

/** Each node's own sum; `pick` decides between two sums of the same node. */
const countersOf = (pick: (mine: number, other: number) => number) => (id: number): Replica => ({
  merge(mine, others) {
    const merged: Record<string, number> = { ...(mine as Amounts) };
    for (const [node, sum] of Object.entries((others ?? {}) as Amounts)) {
      merged[node] = pick(merged[node] ?? 0, sum);
    }
    return merged;
  },
  ask(mine, { f, value }) {
    const sums = (mine ?? {}) as Amounts;
    if (f !== "read") {
      return { state: { ...sums, [id]: (sums[id] ?? 0) + (value as number) }, end: { type: "ok", value } };
    }
    return { state: sums, end: { type: "ok", value: Object.values(sums).reduce((sum, each) => sum + each, 0) } };
  },
});

function run(name: keyof typeof CONVERGING, replica: (id: number) => Replica, seed: number): JudgedRun["result"] {
  const system = defineNodes({ name: "test", workloads: { [name]: CONVERGING[name] }, node: gossiping(replica) });
  return runAtOnce(system, { ...DEFAULT_OPTIONS, seed, nodes: 3, nemesis: "partition,kill,pause", timeLimit: 8 }, "")
    .result;
}

test("nodes that converge late are given the time, and are valid", () => {
  for (let seed = 1; seed <= 3; seed++) {
    for (const name of ["g-set", "broadcast"] as const) {
      const { valid, checks } = run(name, union, seed);
      assert.equal(valid, true, JSON.stringify(checks));
    }
    const { valid, checks } = run("g-counter", countersOf(Math.max), seed);
    assert.equal(valid, true, JSON.stringify(checks));
  }
});

test("the plain set expects every element at once, so such nodes seem to lose the last ones", () => {
  const system = defineNodes({ name: "test", workloads: { set: WORKLOADS.set }, node: gossiping(union) });
  const { result } = runAtOnce(system, { ...DEFAULT_OPTIONS, seed: 1, nodes: 3, nemesis: "none", timeLimit: 8 }, "");

  assert.equal(result.checks["set"]!.valid, false);
});

test("a merge that loses an update is found", () => {
  for (const name of ["g-set", "broadcast"] as const) {
    assert.equal(run(name, replacing, 1).checks[name]!.valid, false);
  }
  // A node believes what another one last heard of its own sum.
  const forgetful = countersOf((_, other) => other);
  assert.equal([1, 2, 3].some((seed) => run("g-counter", forgetful, seed).checks["g-counter"]!.valid === false), true);
});

test("a read of another form is unknown, with the node, and ends the wait for convergence", () => {
  const odd = (): Replica => ({
    merge: (mine) => mine,
    ask: (mine, { f, value }) => ({ state: mine, end: { type: "ok", value: f === "read" ? "1,2" : value } }),
  });
  const { valid, checks } = run("g-set", odd, 1);

  assert.equal(valid, "unknown");
  assert.match(checks["g-set"]!.reason!, /found "1,2"; node \d answered read so$/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import target from "../../../docs/examples/primary_backup.ts";
import type { Moment } from "../../../harness/moment.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "../../../harness/run/options.ts";
import { runAtOnce, runOnce } from "../../../harness/run/run_once.ts";
import type { JudgedRun } from "../../../harness/run/result.ts";
import { shrinkSeed } from "../../../harness/sweep/recorded.ts";
import { defineNodes } from "../../../harness/targets/nodes/define.ts";
import type { InProcessNode, NodeContext, NodeMessage, NodeStep } from "../../../harness/targets/nodes/node_target.ts";
import { WORKLOADS } from "../../../harness/workloads/workloads.ts";

function options(changes: Partial<RunOptions>): RunOptions {
  return { ...DEFAULT_OPTIONS, seed: 1, nemesis: "partition,kill,pause,packets", timeLimit: 10, ...changes };
}

test("a planted stale read of a user's nodes is found, shrunk, and the same when it is run again", async () => {
  const isWrong = (seed: number): boolean => runAtOnce(target, options({ seed }), "").result.valid === false;
  const seed = [1, 2, 3, 4, 5].find(isWrong);
  assert.ok(seed !== undefined);
  assert.deepEqual(
    runAtOnce(target, options({ seed }), "").history,
    (await runOnce(target, options({ seed }), { command: "" }))!.history,
  );

  const { file } = (await shrinkSeed(target, options({ seed }), { origin: "", isOver: () => false, onTry: () => {} }))!;

  assert.deepEqual(file!.expected.failed, ["linearizability"]);
  assert.ok(file!.schedule.faults.length <= 3 && file!.schedule.operations.length <= 10);
});

test("without the fault every seed can be explained, whatever befalls the nodes", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { result } = runAtOnce(target, options({ seed, nemesis: "all", flags: { fixed: true } }), "");

    assert.notEqual(result.valid, false, `seed ${seed}: ${JSON.stringify(result.checks)}`);
  }
});

/** A system of nodes that each do this. */
function running(make: (context: NodeContext) => InProcessNode, changes: Partial<RunOptions>): JudgedRun {
  const system = defineNodes({ name: "test", workloads: { set: WORKLOADS.set }, serves: "all", node: make });
  return runAtOnce(system, options({ nemesis: "none", timeLimit: 2, nodes: 3, ...changes }), "");
}

/** Answers each client at once. */
function answering({ end }: NodeMessage): NodeStep {
  return { messages: [{ end, body: { type: "ok", value: [] } }] };
}

test("a node is woken when it wishes, once, later if it is paused, and not after its end", () => {
  const wakes: number[] = [];
  const make = ({ id }: NodeContext): InProcessNode => ({
    init: () => ({ wakeAt: 100 }),
    handle(message, now) {
      if (message !== null) return { ...answering(message), wakeAt: null };
      if (id === 1) wakes.push(now);
      return { wakeAt: now < 1000 ? now + 100 : null };
    },
  });
  const silent = { rate: 0.01, timeLimit: 1.5 };

  running(make, silent);
  assert.deepEqual(wakes, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);

  wakes.length = 0;
  running(make, { ...silent, nemesis: "pause:all", nemesisInterval: 0.5, seed: 4 });
  assert.ok(wakes.length > 0 && wakes.length < 10 && wakes.every((now, i) => i === 0 || now > wakes[i - 1]!));
});

test("a node's disk outlives a kill, its memory does not, and nodes share no objects", () => {
  const shared = { list: [1] };
  const seen: unknown[] = [];
  const make = ({ disk, id }: NodeContext): InProcessNode => {
    const lives = Number(disk.read("lives") ?? 0) + 1;
    disk.write("lives", lives);
    if (id === 1) seen.push(lives);
    return {
      init: () => ({ messages: id === 2 ? [{ end: 1, body: shared }] : [] }),
      handle(message) {
        if (message === null) return {};
        if (typeof message.end === "string") return answering(message);
        (message.body as typeof shared).list.push(2);
        return {};
      },
    };
  };
  running(make, { nemesis: "kill:all", nemesisInterval: 0.3 });

  assert.ok(seen.length > 2);
  assert.deepEqual(seen, seen.map((_, i) => i + 1));
  assert.deepEqual(shared, { list: [1] });
});

test("a node that throws ends, and the run fails with its words", () => {
  const { result } = running(({ id }) => ({
    handle(message) {
      if (id === 2) throw new Error("no such key\nat somewhere");
      return message === null ? {} : answering(message);
    },
  }), {});

  assert.equal(result.checks["nodes"]!.valid, false);
  assert.match(result.checks["nodes"]!.reason!, /^node 2 has thrown Error: no such key/);
});

test("an answer that is no completion fails the run, and names the node", () => {
  const { result } = running(() => ({
    handle: (message) => message === null ? {} : { messages: [{ end: message.end, body: "done" }] },
  }), {});

  assert.match(
    result.checks["nodes"]!.reason!,
    /^node \d has answered a client with "done", which is not a completion/,
  );
});

test("a trace tells what each node receives and sends", () => {
  const moments: Moment[] = [];
  const system = defineNodes({
    name: "test",
    workloads: { set: WORKLOADS.set },
    serves: "all",
    node: () => ({ handle: (message) => message === null ? {} : answering(message) }),
  });
  runAtOnce(system, options({ nemesis: "none", timeLimit: 0.2 }), "", {
    record: (moment) => void moments.push(moment),
  });

  assert.deepEqual(new Set(moments.map(({ kind }) => kind)), new Set(["life", "message", "sent", "view"]));
  assert.match(moments.find(({ kind }) => kind === "message")!.text, /^\{"f":"(add|read)".* from client \d+\/\d+$/);
});

test("a step that is none ends the node, and the verdict names the node and the reason", () => {
  const odd: readonly (readonly [unknown, RegExp])[] = [
    [Promise.resolve({}), /node \d has thrown TypeError: it returned a promise, but a step ends at once/],
    [{ messages: { end: 1 } }, /TypeError: messages must be a list of \{ end, body \}/],
    [{ messages: [{ body: 1 }] }, /TypeError: a message's end must be a node's number/],
    [{ messages: [null] }, /TypeError: a message's end must be a node's number/],
    [{ messages: [{ end: 2, body: 1n }] }, /node \d has thrown TypeError: .*BigInt/],
    [{ wakeAt: "soon" }, /TypeError: wakeAt must be a number of milliseconds, or null/],
    [{ wakeAt: Number.NaN }, /TypeError: wakeAt must be a number/],
    [{ wakeAt: 0 }, /RangeError: it asks again and again to be woken at 0 ms, and time cannot pass/],
  ];
  for (const [step, reason] of odd) {
    const { result } = running(() => ({ handle: () => step as NodeStep }), { timeLimit: 0.5 });

    assert.equal(result.checks["nodes"]!.valid, false, String(reason));
    assert.match(result.checks["nodes"]!.reason!, reason);
  }
});

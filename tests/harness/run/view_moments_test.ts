import assert from "node:assert/strict";
import { test } from "node:test";
import type { Moment, NodeChange } from "../../../harness/moment.ts";
import type { NodeView } from "../../../harness/nemesis/kind.ts";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import { runOnce } from "../../../harness/run/run_once.ts";
import { changesIn } from "../../../harness/run/view_moments.ts";
import { sim } from "../../../harness/targets/ours/sim.ts";
import forgetful from "../../browser/targets/forgetful.ts";

const node = (id: number, state: NodeView["state"], primaryIn: number | null = null): NodeView => ({
  id,
  state,
  primaryIn,
  members: null,
  says: "",
});

test("a look at the nodes reports what is new: lives, and who leads where nodes tell", () => {
  const known = new Map<number, NodeChange>();
  const look = (...view: NodeView[]): string[] => changesIn(view, known, 5).map(({ node, text }) => `${node} ${text}`);

  assert.deepEqual(look(node(1, "running"), node(2, "running")), ["1 is running", "2 is running"]);
  assert.deepEqual(look(node(1, "running"), node(2, "running")), []);
  assert.deepEqual(look(node(1, "running", 3), node(2, "paused")), ["1 is running, leader, term 3", "2 is paused"]);
  assert.deepEqual(look(node(1, "down", 3), node(2, "paused")), ["1 is down"]);
});

test("reporting views adds moments and does not change the run", async () => {
  const options = {
    ...DEFAULT_OPTIONS,
    seed: 4,
    nodes: 3,
    nemesis: "kill,pause,partition",
    nemesisInterval: 0.5,
    timeLimit: 8,
  };
  const moments: Moment[] = [];
  const plain = await runOnce(forgetful, options, { command: "" });
  const recorded = await runOnce(forgetful, options, { command: "", record: (moment) => moments.push(moment) });

  assert.equal(recorded!.result.history_sha256, plain!.result.history_sha256);
  const lives = new Set(moments.map(({ change }) => change?.life).filter((life) => life !== undefined));
  assert.deepEqual([...lives].sort(), ["down", "paused", "running"]);
  const ways = moments.filter(({ kind }) => kind === "way");
  assert.ok(ways.some(({ way }) => way!.arrives === null) && ways.some(({ way }) => way!.arrives !== null));
  assert.ok(ways.every(({ node, way }) => node > 0 && way!.to > 0));
});

test("a target that reports changes itself is not looked at", async () => {
  const moments: Moment[] = [];
  const options = { ...DEFAULT_OPTIONS, seed: 1, nodes: 3, nemesis: "kill", timeLimit: 2 };
  await runOnce(sim, options, { command: "", record: (moment) => moments.push(moment) });
  assert.ok(moments.some(({ change }) => change?.role === "leader"));
  assert.ok(!moments.some(({ kind }) => kind === "view"));
});

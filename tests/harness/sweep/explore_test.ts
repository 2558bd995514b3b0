// Every execution of a small cluster: the explorer against a naive one, and against planted faults.
import { test } from "node:test";
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main } from "../../../harness/cli/explore.ts";
import {
  decodeStep,
  encodeStep,
  explore,
  memoryFingerprint,
  parsePath,
  pathText,
  stateFingerprint,
  tryStep,
} from "../../../harness/sweep/explore/explore.ts";
import { fingerprintOf } from "../../../harness/sweep/explore/fingerprint.ts";
import { type Memory, memoryText, NO_MEMORY } from "../../../harness/sweep/explore/safety.ts";
import { StateTable } from "../../../harness/sweep/explore/state_table.ts";
import { renderStorySteps, tellPath } from "../../../harness/sweep/explore/story.ts";
import { actionsOf, afterLosses, type Bounds, firstWorld, type World } from "../../../harness/sweep/explore/world.ts";
import { createRandom } from "../../../raft/mod.ts";
import { mayUse, tries } from "../../corpus.ts";
import { MUTANTS } from "../../mutants/mutants.ts";

const SMALL: Bounds = {
  nodes: 3,
  terms: 1,
  entries: 2,
  messages: 1,
  commands: 0,
  crashes: 0,
  duplicates: 0,
  heartbeats: 0,
  reads: 0,
  syncs: false,
  preVote: false,
  reduces: true,
};
const TWO: Bounds = { ...SMALL, nodes: 2, terms: 2, messages: 9, syncs: true, crashes: 1 };
const SMALL_BOUNDS: Bounds[] = [
  SMALL,
  { ...SMALL, nodes: 2, terms: 2, messages: 2 },
  { ...SMALL, nodes: 2, messages: 2, commands: 1, crashes: 1, syncs: true },
  { ...SMALL, nodes: 2, commands: 1, reads: 1, messages: 2 },
  { ...SMALL, nodes: 2, duplicates: 1, heartbeats: 1, preVote: true, messages: 2 },
];
const NO_LIMITS = { states: 1e6, depth: 1000 };

interface Reached {
  readonly world: World;
  readonly memory: Memory;
}

/** Whole texts in place of fingerprints: what two states must agree in to be one. */
function textOf({ world, memory }: Reached): string {
  const { hosts, network, used } = world;
  const parts = [...hosts.map(({ text }) => text), ...network.map(({ text }) => text), JSON.stringify(used)];
  return `${parts.join("\n")}\n${memoryText(memory)}`;
}

function successors(state: Reached, bounds: Bounds): Reached[] {
  return actionsOf(state.world, bounds).flatMap((action) => {
    const { world, memory, violation } = tryStep(state.world, action, bounds, state.memory);
    assert.equal(violation, null);
    if (world!.hosts.some(({ log }) => log.lastIndex > bounds.entries)) return [];
    return [...afterLosses(world!, bounds.messages)].map((left) => ({ world: left.world, memory }));
  });
}

/** Every state, found by comparing whole texts; `again` sees each state that was come to a second time. */
function naively(bounds: Bounds, again: (first: Reached, second: Reached) => void = () => {}): Map<string, Reached> {
  const first = { world: firstWorld(bounds), memory: NO_MEMORY };
  const seen = new Map([[textOf(first), first]]);
  const queue: Reached[] = [first];
  for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
    for (const next of successors(state, bounds)) {
      const known = seen.get(textOf(next));
      if (known !== undefined) again(known, next);
      else {
        seen.set(textOf(next), next);
        queue.push(next);
      }
    }
  }
  return seen;
}

test("exploring by fingerprints finds as many states as comparing whole texts does, and every one is safe", () => {
  for (const bounds of SMALL_BOUNDS) {
    const explored = explore(bounds, NO_LIMITS);
    assert.deepEqual([explored.violation, explored.isComplete], [null, true]);
    assert.equal(explored.states, naively(bounds).size, JSON.stringify(bounds));
    assert(explored.states > 50, `${explored.states} states`);
  }
});

test("states with equal fingerprints have equal successors, however they were come to", () => {
  const printOf = ({ world, memory }: Reached): string => {
    const { high, low } = stateFingerprint(world, memoryFingerprint(memory));
    return `${high}:${low}`;
  };
  let compared = 0;
  for (const bounds of SMALL_BOUNDS) {
    naively(bounds, (first, second) => {
      assert.equal(printOf(first), printOf(second));
      if (compared++ % 7 !== 0) return;
      const [a, b] = [first, second].map((state) => successors(state, bounds).map(printOf).sort());
      assert.deepEqual(a, b);
    });
  }
  assert(compared > 500, `${compared}`);
});

test("leaving out messages that can do nothing any more leaves out no state of the nodes", () => {
  const nodesOf = (bounds: Bounds): Set<string> =>
    new Set([...naively(bounds).values()].map(({ world }) => world.hosts.map(({ text }) => text).join("\n")));
  const bounds = { ...TWO, crashes: 0 };
  const all = naively({ ...bounds, reduces: false });
  assert.deepEqual(nodesOf(bounds), nodesOf({ ...bounds, reduces: false }));
  assert(naively(bounds).size < all.size, "and it does leave out some");
});

test("losing messages explicitly reaches no state of the nodes that letting them lie does not reach", () => {
  const nodesOf = (bounds: Bounds): Set<string> =>
    new Set([...naively(bounds).values()].map(({ world }) => world.hosts.map(({ text }) => text).join("\n")));
  const unbounded = nodesOf({ ...SMALL, nodes: 2, terms: 2, messages: 9 });
  for (const messages of [1, 2]) {
    for (const nodes of nodesOf({ ...SMALL, nodes: 2, terms: 2, messages })) assert(unbounded.has(nodes));
  }
});

test("the table finds every fingerprint again, and the way to it, also after it has grown", () => {
  const random = createRandom(4);
  const table = new StateTable();
  const naive = new Map<string, { parent: number; action: number }>();
  const keys: string[] = [];
  for (let i = 0; i < tries("KAYA_RANDOM_CASES", 60_000); i++) {
    const fingerprint = { high: random.below(3), low: random.below(30_000) };
    const key = `${fingerprint.high}:${fingerprint.low}`;
    const [parent, action] = [keys.length === 0 ? -1 : random.below(keys.length), random.next()];
    const number = table.add(fingerprint, parent, action);
    assert.equal(number, naive.has(key) ? -1 : keys.length);
    if (number < 0) continue;
    naive.set(key, { parent, action });
    keys.push(key);
  }
  for (let number = 0; number < keys.length; number += 97) {
    const path: number[] = [];
    for (let at = number; at > 0; at = naive.get(keys[at]!)!.parent) path.unshift(naive.get(keys[at]!)!.action);
    assert.deepEqual(table.pathTo(number), path);
  }
});

test("texts that differ a little have other fingerprints", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const { high, low } = fingerprintOf(`node ${i}`);
    seen.add(`${high}:${low}`);
  }
  assert.equal(seen.size, 20_000);
});

test("a step is a number, and a path a word, there and back", () => {
  const random = createRandom(5);
  for (let i = 0; i < 2000; i++) {
    const types = ["timeout", "heartbeat", "propose", "read", "sync", "crash", "deliver", "repeat"] as const;
    const one = { action: { type: types[random.below(8)]!, at: random.below(128) }, kept: random.below(1 << 22) };
    assert.deepEqual(decodeStep(encodeStep(one)), one);
    assert.deepEqual(parsePath(pathText([one, one])), [one, one]);
  }
  for (const wrong of ["", ".", "a..b", "A", "zzzzzzz", "1.-2"]) assert.equal(parsePath(wrong), null, wrong);
});

/** A copy of the core and the explorer with a fault in it; its `explore`, `tellPath` and the folder. */
async function planted(
  name: string,
): Promise<{ explore: typeof explore; tellPath: typeof tellPath; folder: string }> {
  const { file, search, replace } = MUTANTS.find((mutant) => mutant.name === name)!;
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "explore-"));
  for (const part of ["raft", "harness/sweep/explore"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  const text = readFileSync(join(folder, file), "utf8");
  writeFileSync(join(folder, file), text.replace(search, () => replace));
  const load = (path: string) => import(pathToFileURL(join(folder, "harness/sweep/explore", path)).href);
  const [{ explore: explores }, { tellPath: tells }] = await Promise.all([load("explore.ts"), load("story.ts")]);
  return { explore: explores, tellPath: tells, folder };
}

const skip = mayUse("write") && mayUse("read") ? false : "needs permission to write a copy of the sources";
const FAULTS: readonly { name: string; bounds: Bounds; most: number }[] = [
  { name: "a vote without a look at the logs", bounds: { ...SMALL, terms: 2 }, most: 8 },
  { name: "the vote is not persisted", bounds: { ...SMALL, crashes: 1 }, most: 7 },
  { name: "a term without a vote is not persisted", bounds: { ...SMALL, terms: 2, crashes: 1 }, most: 5 },
  { name: "half of the voters are a quorum", bounds: { ...SMALL, nodes: 2 }, most: 1 },
  { name: "matchIndex is one too high", bounds: { ...SMALL, commands: 1, entries: 3 }, most: 6 },
  { name: "the leader counts its own copy before its sync", bounds: { ...TWO, terms: 1, crashes: 0 }, most: 8 },
  { name: "a conflicting suffix is not cut off", bounds: { ...SMALL, terms: 2, messages: 2 }, most: 8 },
];

for (const { name, bounds, most } of FAULTS) {
  test(`a planted fault is found by its shortest story: ${name}`, { skip }, async () => {
    const copy = await planted(name);
    try {
      const { violation } = copy.explore(bounds, { states: 200_000, depth: 100 });
      assert(violation !== null, "it was not found");
      assert(violation.path.length <= most, `${violation.path.length} steps`);
      const story = copy.tellPath(violation.path, bounds)!;
      assert.equal(story.violation, violation.what, "the path replays");
      assert.match(renderStorySteps(story), new RegExp(`Violated: `));
      // Without the fault the same steps either are not possible, or violate nothing.
      assert.equal(tellPath(violation.path, bounds)?.violation ?? null, null);
    } finally {
      rmSync(copy.folder, { recursive: true });
    }
  });
}

/** Calls the command; gives back its exit status and what it printed. */
async function call(...args: string[]): Promise<{ status: number; out: string }> {
  let out = "";
  const terminal = {
    out: (text: string) => out += text,
    err: () => {},
    progress: () => {},
    style: (_: unknown, text: string) => text,
  };
  return { status: await main(args, terminal as never), out };
}

test("the command says how much it saw, and ends with 0, or with 2 where it was stopped before the end", async () => {
  const whole = await call("--nodes", "2", "--json");
  const said = JSON.parse(whole.out);
  assert.deepEqual([whole.status, said.valid, said.complete, said.stopped_by], [0, true, true, null]);
  assert(said.states > 100 && said.transitions > said.states && said.depth > 5);
  assert.match((await call("--nodes", "2")).out, /Every execution within these bounds is safe/);
  const cut = await call("--nodes", "2", "--states", "50", "--json");
  assert.deepEqual([cut.status, JSON.parse(cut.out).valid, JSON.parse(cut.out).stopped_by], [2, "unknown", "states"]);
  assert.equal((await call("--nodes", "2", "--depth", "3")).status, 2);
});

test("the command repeats a path, and refuses text that is not a path or does not fit its bounds", async () => {
  const path = pathText([{ action: { type: "timeout", at: 1 }, kept: 1 }, {
    action: { type: "deliver", at: 0 },
    kept: 1,
  }]);
  const { status, out } = await call("--nodes", "2", "--path", path);
  assert.equal(status, 0);
  assert.match(out, /1\. node 1 hears nobody for too long\n\s+node 1 is candidate in term 1\n/);
  await assert.rejects(call("--path", "no path"), { name: "UsageError", message: /--path takes/ });
  const crash = pathText([{ action: { type: "crash", at: 1 }, kept: 0 }]);
  await assert.rejects(call("--path", crash), { name: "UsageError", message: /does not fit these bounds/ });
  await assert.rejects(call("--nodes", "4"), { name: "UsageError" });
  await assert.rejects(call("file"), { name: "UsageError", message: /takes flags only/ });
});

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UsageError } from "../../../harness/cli/flags.ts";
import { main as check } from "../../../harness/cli/check.ts";
import { main as fuzz } from "../../../harness/cli/fuzz.ts";
import { main as replay } from "../../../harness/cli/replay.ts";
import { main as run } from "../../../harness/cli/run.ts";
import { main as shrink } from "../../../harness/cli/shrink.ts";
import type { Terminal } from "../../../harness/cli/terminal.ts";
import { sha256 } from "../../../harness/run/sha256.ts";
import { mayUse } from "../../corpus.ts";
import { WORKLOADS } from "../../../harness/workloads/workloads.ts";

type Command = (args: string[], terminal: Terminal) => Promise<number>;

async function call(command: Command, ...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let out = "", err = "";
  const terminal: Terminal = {
    out: (text) => void (out += text),
    err: (line) => void (err += `${line}\n`),
    progress: () => {},
    style: (_format, text) => text,
  };
  const status = await command(args, terminal);
  return { status, out, err };
}

const SHORT = ["--time-limit", "8"];
const files = mayUse("read") && mayUse("write") && mayUse("env") && mayUse("sys")
  ? false
  : "files cannot be written here";

function folder(): string {
  return mkdtempSync(join(tmpdir(), "run-test-"));
}

test("run prints the seed first, then what happened, and exits with 0 where all can be explained", async () => {
  const { status, out } = await call(run, "--seed", "7", ...SHORT);

  assert.equal(status, 0);
  assert.match(out, /^seed 7 {2}5 nodes, 10 clients/);
  for (const part of ["operations", "faults", "raft", "time", "linearizability", "safety", "liveness"]) {
    assert.match(out, new RegExp(`^ {2}${part} `, "m"));
  }
  assert.match(out, /Everything the clients saw can be explained/);
});

test("a run of the default workload in which nothing succeeds names the other workloads", { skip: files }, async () => {
  const modules = folder();
  const path = join(modules, "unwilling.ts");
  const door = new URL("../../../harness/mod.ts", import.meta.url);
  writeFileSync(
    path,
    `import { defineNodes, WORKLOADS } from ${JSON.stringify(door.href)};
    const refuse = ({ end }) => ({ messages: [{ end, body: { type: "fail", error: "unwilling" } }] });
    const node = () => ({ handle: (message) => message === null ? {} : refuse(message) });
    export default defineNodes({ name: "unwilling", workloads: WORKLOADS, node });`,
  );
  const flags = ["--target", path, "--seed", "1", "--nemesis", "none", "--time-limit", "1"];
  const { out } = await call(run, ...flags);
  assert.match(out.replace(/\s+/g, " "), /default workload, kv\. .* name it by --workload \(-w\): register, append/);
  assert.doesNotMatch((await call(run, ...flags, "-w", "register")).out, /default workload/);
  rmSync(modules, { recursive: true });
});

test("run --json prints one line with every field", async () => {
  const { status, out } = await call(run, "--seed", "7", "--json", ...SHORT);

  assert.equal(status, 0);
  assert.equal(out.trimEnd().split("\n").length, 1);
  const result = JSON.parse(out);
  const names = ["valid", "seed", "nodes", "nemesis", "workload", "operations", "checks", "virtual_ms", "wall_ms"];
  for (const name of [...names, "history_sha256", "replay"]) assert.ok(name in result, name);
  assert.equal(result.seed, 7);
  assert.equal(result.nemesis, "partition");
  assert.deepEqual(Object.keys(result.operations), ["ok", "fail", "info"]);
});

test("a violation exits with 1, and its replay command gives the same history", async () => {
  let seed = 0;
  let first = await call(run, "--seed", "0", "--reads", "local", "--json", ...SHORT);
  while (first.status !== 1 && seed < 20) {
    first = await call(run, "--seed", String(++seed), "--reads", "local", "--json", ...SHORT);
  }
  assert.equal(first.status, 1);
  const { replay: command, history_sha256 } = JSON.parse(first.out);
  const flags = command.slice(command.indexOf("--")).split(" ");

  const again = await call(run, ...flags, "--json");

  assert.equal(again.status, 1);
  assert.equal(JSON.parse(again.out).history_sha256, history_sha256);
});

test("a seed that is left out is drawn, and short enough to be typed", async () => {
  const { out } = await call(run, "--json", "--time-limit", "1");

  assert.ok(JSON.parse(out).seed < 1_000_000);
});

test("wrong usage is refused before anything is done", async () => {
  const cases: [Command, string[], RegExp][] = [
    [run, ["--nodes", "0"], /--nodes takes a whole number from 1 to 99/],
    [run, ["--time-limit", "-1"], /--time-limit takes a number/],
    [run, ["--seed", "x"], /--seed takes a whole number/],
    [run, ["--nemesis", "earthquake"], /--nemesis: "earthquake" is not a fault/],
    [run, ["--nemesis", "kill,partion"], /"partion" is not a fault: .*; did you mean partition\?/],
    [run, ["--nemesis", "partition:rng"], /was given "partition:rng"; did you mean partition:ring\?/],
    [run, ["--workload", "lunch"], /--workload takes one of kv, register/],
    [run, ["--reads", "never"], /--reads takes one of/],
    [run, ["--trace", "--json"], /--trace and --json exclude each other/],
    [run, ["surplus"], /run takes flags only/],
    [fuzz, ["--shard", "3/3"], /--shard takes i\/n/],
    [fuzz, ["--shard", "one"], /--shard takes i\/n/],
    [fuzz, ["--runs", "0"], /--runs takes a whole number/],
    [shrink, [], /shrink needs the --seed/],
    [replay, [], /replay needs one file/],
    [replay, ["a", "b"], /replay needs one file/],
  ];
  for (const [command, args, message] of cases) {
    await assert.rejects(call(command, ...args), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
});

test("a list of faults is told without its spaces, so that the command that runs it again can be typed", async () => {
  const { out } = await call(run, "--nemesis", "partition, kill", "--time-limit", "1", "--json");

  assert.match(JSON.parse(out).replay, / --nemesis partition,kill /);
});

test("run --check-determinism runs twice and finds the same", async () => {
  const { status, out } = await call(run, "--seed", "3", "--nemesis", "all", "--check-determinism", ...SHORT);

  assert.equal(status, 0);
  assert.match(out, /the same history, byte for byte/);
});

test("run --trace tells every message in the terms of the paper", async () => {
  const { out } = await call(run, "--seed", "3", "--trace", "--time-limit", "2");

  for (const part of [/becomes leader in term 1/, /AppendEntries prev 1@1/, /RequestVote/, /client \d+ {2}asks/]) {
    assert.match(out, part);
  }
});

test("run --out leaves the history and the result", { skip: files }, async () => {
  const out = folder();
  try {
    const printed = await call(run, "--seed", "7", "--json", "--out", join(out, "deep"), ...SHORT);

    const result = readFileSync(join(out, "deep", "result.json"), "utf8");
    assert.equal(result, printed.out);
    const history = readFileSync(join(out, "deep", "history.jsonl"));
    assert.equal(sha256(history), JSON.parse(result).history_sha256);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test(
  "run --out names its files and a check command, which gives the same verdict",
  { skip: files },
  async () => {
    const out = folder();
    try {
      for (const workload of Object.keys(WORKLOADS)) {
        const printed = await call(run, "--seed", "7", "--out", out, "--workload", workload, ...SHORT);
        const told = /^To judge it again: .* check (.*)$/m.exec(printed.out)![1]!.split(" ");

        const checked = await call(check, ...told);

        assert.equal(checked.status, printed.status, workload);
      }
    } finally {
      rmSync(out, { recursive: true });
    }
  },
);

test("fuzz --json prints a line for each run, and their sum last", async () => {
  const { status, out } = await call(fuzz, "--runs", "3", "--seed", "40", "--jobs", "1", "--json", ...SHORT);

  assert.equal(status, 0);
  const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.slice(0, 3).map(({ seed, nemesis }) => [seed, nemesis]), [[40, "all"], [41, "all"], [
    42,
    "all",
  ]]);
  assert.deepEqual(Object.keys(lines[3]), [
    ...["runs", "violations", "unknown", "seeds_per_second", "coverage", "canaries"],
  ]);
  assert.equal(lines[3].runs, 3);
});

test("fuzz stops at the first violation, tells it whole, and exits with 1", async () => {
  const args = ["--runs", "30", "--jobs", "1", "--nemesis", "partition", "--reads", "local", "--seed", "1"];

  const { status, out } = await call(fuzz, ...args);

  assert.equal(status, 1);
  assert.match(out, /linearizability invalid/);
  assert.match(out, /Again: .* --reads local/);
  assert.match(out, /1 violation, 0 unknown\nA violation was found/);
});

test("shrink tells a short story, and replay runs its file to the same history", { skip: files }, async () => {
  const out = folder();
  const path = join(out, "shrunk.json");
  try {
    const args = ["--seed", "1", "--nemesis", "partition", "--reads", "local", "--out", path];
    const shrunk = await call(shrink, ...args);
    assert.equal(shrunk.status, 1);
    assert.match(shrunk.out, /becomes leader/);
    assert.match(shrunk.out, /asks node \d: {2}put k\d \d+\n/);
    assert.match(shrunk.out, /AppendEntries .*: put "k\d" "\d+"\n/);
    assert.doesNotMatch(shrunk.out, /"liveness"|exercised/);
    assert.match(shrunk.out, /linearizability invalid/);

    const replayed = await call(replay, path);

    assert.equal(replayed.status, 1);
    assert.match(replayed.out, /The same run: history_sha256 [0-9a-f]{64}/);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test(
  "shrink finds out first whether its file can be written, and leaves none where nothing fails",
  { skip: files },
  async () => {
    const out = folder();
    try {
      await assert.rejects(call(shrink, "--seed", "1", "--out", out), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, /Cannot write to --out .*: it is a folder/);
        return true;
      });
      const path = join(out, "shrunk.json");
      assert.equal((await call(shrink, "--seed", "7", "--out", path, "--time-limit", "5")).status, 0);
      assert.equal(existsSync(path), false);
    } finally {
      rmSync(out, { recursive: true });
    }
  },
);

test("replay of a file with an unknown workload is wrong usage", { skip: files }, async () => {
  const out = folder();
  const path = join(out, "shrunk.json");
  try {
    await call(shrink, "--seed", "1", "--nemesis", "partition", "--reads", "local", "--out", path, "--json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"workload":"kv"', '"workload":"lunch"'));

    await assert.rejects(call(replay, path), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, /Unknown workload "lunch": the target sim has kv/);
      return true;
    });
  } finally {
    rmSync(out, { recursive: true });
  }
});

test("shrink of a seed that does not fail says so", async () => {
  const { status, out } = await call(shrink, "--seed", "7", ...SHORT);

  assert.equal(status, 0);
  assert.match(out, /does not fail/);
});

test("replay of a file that is missing or none of ours is wrong usage", { skip: files }, async () => {
  await assert.rejects(call(replay, join(tmpdir(), "there-is-no-such-file")), UsageError);
  await assert.rejects(call(replay, new URL(import.meta.url).pathname), UsageError);
});

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../../server/version.ts";
import { mayUse } from "../../corpus.ts";

const skip = mayUse("run") && mayUse("read") ? false : "no process can be started here";

/**
 * The command line in a process of its own, on the runtime that runs the tests. On Deno it has a permission that is of no
 * use, for without any its `node:child_process` grants them all.
 */
function call(...args: string[]): { status: number | null; out: string; err: string } {
  const main = fileURLToPath(new URL("../../../harness/main.ts", import.meta.url));
  const start = "Deno" in globalThis ? ["run", "--no-prompt", "--allow-env=NOTHING", main] : [main];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...start, ...args], { encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

test("help of a command is what the command says with --help", { skip }, () => {
  const { status, out, err } = call("replay", "--help");

  assert.deepEqual({ status, err }, { status: 0, err: "" });
  assert.match(out, /^Usage: .* replay FILE \[FLAGS\]/);
  assert.equal(call("help", "replay").out, out);
  assert.equal(call("--help", "replay").out, out);
});

test("an unknown command or flag is one line on stderr, and exits with 254", { skip }, () => {
  for (
    const [args, line] of [
      [["fuz"], 'Wrong usage: Unknown command "fuz"; did you mean fuzz?\n'],
      [["earthquake"], 'Wrong usage: Unknown command "earthquake"; help lists the commands\n'],
      [["h.jsonl"], 'Wrong usage: Unknown command "h.jsonl"; check h.jsonl judges a file\n'],
      [
        ["--clock", "lockstep"],
        "Wrong usage: --clock is a flag of the target maelstrom, not of sim, whose nodes are on the virtual clock as it is\n",
      ],
      [
        ["--target", "live", "--clock=lockstep"],
        "Wrong usage: --clock is a flag of the target maelstrom, not of live, whose nodes run in real time\n",
      ],
      [["--topology", "line"], "Wrong usage: --topology is a flag of the target maelstrom, not of sim\n"],
      // Bun keeps a leading -- to itself.
      [
        ["--seed", "1", "--", "--trace"],
        "Wrong usage: The target sim takes no words after --, but --trace was given\n",
      ],
      [
        ["--seed", "1", "--", "--reads", "local"],
        "Wrong usage: The target sim takes no words after --, but --reads was given: write --reads before the --\n",
      ],
      [["--nemsis", "kill"], "Wrong usage: Unknown flag --nemsis; did you mean --nemesis?\n"],
    ] as const
  ) {
    assert.deepEqual(call(...args), { status: 254, out: "", err: line });
  }
});

const noUnix = process.platform === "win32" ? "there is no program `false` here" : skip;

test("a program under test that ends at once is a failure of its own, not wrong usage", { skip: noUnix }, () => {
  const main = fileURLToPath(new URL("../../../harness/main.ts", import.meta.url));
  const start = "Deno" in globalThis ? ["run", "-A", main] : [main];
  const asked = ["--target", "maelstrom", "--bin", "false", "-w", "echo", "--nodes", "1", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...start, ...asked], { encoding: "utf8" });

  assert.deepEqual({ status, stdout }, { status: 255, stdout: "" });
  assert.match(stderr, /^Failed: Cannot start \S*false: n0 ended by itself with status 1\n$/);
});

test("--version tells name and version, and needs no permission", { skip }, () => {
  assert.deepEqual(call("--version"), { status: 0, out: `@kayadb/raft ${VERSION}\n`, err: "" });
});

const onDeno = "Deno" in globalThis ? skip : "only Deno has permissions";

test("a file that may not be read is wrong usage, and the flag that permits it is named", { skip: onDeno }, () => {
  for (const command of ["check", "replay", "log"]) {
    const { status, out, err } = call(command, "deno.json");

    assert.deepEqual({ status, out }, { status: 254, out: "" }, command);
    assert.match(err, /^[^\n]*--allow-read[^\n]*\n$/, command);
  }
});

/** Sends Ctrl-C's signal after the first line on stdout. */
function interrupted(...args: string[]): Promise<{ status: number | null; lines: string[] }> {
  const main = fileURLToPath(new URL("../../../harness/main.ts", import.meta.url));
  const start = "Deno" in globalThis ? ["run", "--no-prompt", "--allow-read", main] : [main];
  const child = spawn(process.execPath, [...start, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (lines.push(line) === 1) process.kill(child.pid!, "SIGINT");
  });
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, lines })));
}

const skipSignals = process.platform === "win32" ? "there are no signals here" : skip;

test(
  "Ctrl-C ends a sweep with the sum of what has run: 1 after a violation, else 130",
  { skip: skipSignals },
  async () => {
    const violating = ["--nemesis", "partition", "--reads", "local", "--keep-going"];
    for (const jobs of ["1", "2"]) {
      for (const [flags, expected] of [[["--nemesis", "kill"], 130], [violating, 1]] as const) {
        const { status, lines } = await interrupted("fuzz", "--runs", "100000", "--jobs", jobs, "--json", ...flags);

        const { runs, violations } = JSON.parse(lines.at(-1)!);
        assert.equal(runs, lines.length - 1);
        assert.equal(violations > 0, expected === 1);
        assert.equal(status, expected);
      }
    }
  },
);

// Whether a seed gives the same history on every runtime: deno run -A tests/bench/sim_runtimes.ts [seeds] [first seed]
//
// The commands for Deno, Bun and Node come from KAYA_DENO, KAYA_BUN and KAYA_NODE, and are `deno`, `bun` and `node` where these are not set.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const seeds = process.argv[2] ?? "50";
const first = process.argv[3] ?? "1";
const root = fileURLToPath(new URL("../..", import.meta.url));
const { KAYA_DENO = "deno", KAYA_BUN = "bun", KAYA_NODE = "node" } = process.env;
const commands = [[KAYA_DENO, "run"], [KAYA_BUN], [KAYA_NODE]];

function hashes([command, ...words]: string[]): Map<number, string> {
  const args = ["fuzz", "--runs", seeds, "--seed", first, "--jobs", "1", "--workload", "all", "--keep-going", "--json"];
  const { stdout, error } = spawnSync(command!, [...words, "harness/main.ts", ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw error;
  const results = stdout.split("\n").filter((line) => line.includes("history_sha256")).map((line) => JSON.parse(line));
  return new Map(results.map(({ seed, history_sha256 }) => [seed, history_sha256]));
}

const [reference, ...others] = commands.map(hashes);
let differing = 0;
for (const [seed, hash] of reference!) {
  if (others.every((other) => other.get(seed) === hash)) continue;
  differing++;
  process.stdout.write(`seed ${seed}: ${[hash, ...others.map((other) => other.get(seed))].join(" ")}\n`);
}
process.stdout.write(`${reference!.size} seeds on ${commands.map(([name]) => name).join(", ")}: ${differing} differ\n`);
process.exitCode = differing === 0 && reference!.size > 0 ? 0 : 1;

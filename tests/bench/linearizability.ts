// Prints how long the linearizability checker takes, by history: in a fresh process first, then warm, beside Porcupine where it is given.
//
//   node tests/bench/linearizability.ts GENERATOR [PORCUPINE]
//
// GENERATOR is a generate_history.mjs that takes --ops, --clients, --keys, --seed, --unknown, --deletes, --duplicates and --stale, and writes JSON lines.
// PORCUPINE is a program that takes a file and a limit, and prints a JSON object with `verdict` and `check_ms`. `--sizes` after them prints a table over sizes.
import { spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { checkOperations, modelByName, readOperations } from "../../checker/mod.ts";

const ROWS: readonly string[] = [
  "--ops 100000 --clients 10 --keys 100",
  "--ops 100000 --clients 50 --keys 10",
  "--ops 10000 --clients 10 --keys 1",
  "--ops 40000 --clients 10 --keys 1",
  "--ops 20000 --clients 10 --keys 1 --unknown 0.05 --deletes 0",
  "--ops 20000 --clients 20 --keys 2 --duplicates",
  "--ops 1000 --clients 20 --keys 1 --unknown 0.03 --duplicates --stale 3 --seed 1",
  "--ops 1000 --clients 20 --keys 1 --unknown 0.03 --duplicates --stale 3 --seed 2",
  "--ops 1000 --clients 20 --keys 1 --unknown 0.03 --duplicates --stale 3 --seed 3",
  "--ops 10000 --clients 10 --keys 1 --unknown 0.05 --duplicates",
  "--ops 1000000 --clients 10 --keys 1",
];

const SIZES: readonly string[] = [10_000, 100_000, 1_000_000].flatMap((ops) => [
  `--ops ${ops} --clients 10 --keys 1 --deletes 0`,
  `--ops ${ops} --clients 50 --keys 1 --deletes 0 --unknown 0.05`,
  `--ops ${ops} --clients 10 --keys 1`,
  `--ops ${ops} --clients 50 --keys 10`,
]);

const WARM_RUNS = 7;

const [first, ...rest] = process.argv.slice(2);
if (first === undefined) {
  process.stderr.write("bench: name a generate_history.mjs\n");
  process.exitCode = 254;
} else if (first === "--one") one(rest[0]!);
else table(first, rest.filter((word) => !word.startsWith("--"))[0], rest.includes("--sizes") ? SIZES : ROWS);

/** Judges a file in this process, once cold and then warm, and prints the milliseconds. */
function one(file: string): void {
  const bytes = readFileSync(file);
  const times: { parse: number; check: number }[] = [];
  let verdict: unknown;
  for (let run = 0; run <= WARM_RUNS; run++) {
    const began = performance.now();
    const { operations } = readOperations(bytes);
    const parsed = performance.now();
    let decided = parsed;
    verdict = checkOperations(operations, modelByName("kv"), { decided: () => decided = performance.now() }).valid;
    times.push({ parse: parsed - began, check: decided - parsed });
  }
  const warm = times.slice(1).map((time) => time.check).sort((x, y) => x - y);
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  const [cold] = times;
  process.stdout.write(
    JSON.stringify({ verdict, parse: cold!.parse, fresh: cold!.check, warm: warm[warm.length >> 1], memory }),
  );
}

function table(generator: string, porcupine: string | undefined, rows: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const file = join(folder, "history.jsonl");
  process.stdout.write(
    "| history | verdict | read ms | fresh ms | warm ms | MB | Porcupine ms | fresh ratio | warm ratio |\n",
  );
  process.stdout.write("|---|---|---|---|---|---|---|---|---|\n");
  try {
    for (const row of rows) {
      spawnSync("node", ["--max-old-space-size=12000", generator, ...row.split(" ")], {
        stdio: ["ignore", openSync(file, "w"), "inherit"],
      });
      const ours = JSON.parse(output(process.execPath, [fileURLToPath(import.meta.url), "--one", file]));
      const theirs = porcupine === undefined ? undefined : JSON.parse(output(porcupine, [file, "20s"]));
      const known = theirs?.verdict === "Unknown" ? `> ${theirs.check_ms}` : theirs?.check_ms ?? "";
      const ratio = (ms: number): string =>
        theirs === undefined ? "" : `${theirs.verdict === "Unknown" ? "> " : ""}${(theirs.check_ms / ms).toFixed(1)}`;
      const cells = [
        row,
        ours.verdict,
        ours.parse.toFixed(0),
        ours.fresh.toFixed(1),
        ours.warm.toFixed(1),
        ours.memory,
        known,
        ratio(ours.fresh),
        ratio(ours.warm),
      ];
      process.stdout.write(`| ${cells.join(" | ")} |\n`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function output(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 24 }).stdout;
}

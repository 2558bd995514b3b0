// Sweeps with coverage, and names the lines of raft/ and server/replica/ that no run reached and no group of unreached.ts explains.
//
//     deno run -A tests/mutants/unreached_run.ts [--runs 100] [--seed 1] [--lcov FILE]
//
// `--lcov` reads a report that was made before. The exit status is 1 if a line is left.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { root } from "../house/sources.ts";
import { linesOfConstructs } from "./constructs.ts";
import { UNREACHED } from "./unreached.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    lcov: { type: "string" },
  },
});
const print = (line: string): unknown => process.stdout.write(`${line}\n`);

function deno(...args: string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`deno ${args[0]} ended with ${status}`);
}

function sweepWithCoverage(): string {
  const folder = mkdtempSync(join(tmpdir(), "kaya-coverage-"));
  try {
    const report = join(folder, "lcov");
    const flags = [
      "--nemesis",
      "all",
      "--workload",
      "all",
      "--jobs",
      "1",
      "--runs",
      values.runs,
      "--seed",
      values.seed,
    ];
    deno("run", "-A", "--no-check", `--coverage=${folder}`, "harness/main.ts", "fuzz", ...flags);
    deno("coverage", "--lcov", `--output=${report}`, "--include=/(raft|server)/", folder);
    return readFileSync(report, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The lines of each file that never ran, from a report in lcov's form: `SF:FILE`, then `DA:LINE,COUNT`. */
function missedLines(report: string): Map<string, number[]> {
  const missed = new Map<string, number[]>();
  let file = "";
  for (const line of report.split("\n")) {
    if (line.startsWith("SF:")) file = relative(root, line.slice(3).trim()).replaceAll("\\", "/");
    const [, at, count] = /^DA:(\d+),(\d+)/.exec(line) ?? [];
    if (at === undefined || !/^(?:raft|server\/replica)\//.test(file)) continue;
    total++;
    if (count === "0") missed.set(file, [...missed.get(file) ?? [], Number(at)]);
  }
  return missed;
}

/** The lines of a file that a group explains. */
function explainedLines(file: string, source: string): Set<number> {
  const explained = new Set<number>();
  for (const [path, first] of UNREACHED.flatMap(({ lines }) => lines)) {
    if (path !== file && path !== `${dirname(file)}/`) continue;
    for (const line of linesOfConstructs(source, first)) explained.add(line);
  }
  return explained;
}

let total = 0, all = 0, left = 0;
const report = values.lcov === undefined ? sweepWithCoverage() : readFileSync(values.lcov, "utf8");
for (const [file, lines] of missedLines(report)) {
  const source = readFileSync(join(root, file), "utf8");
  const texts = source.split("\n");
  const explained = explainedLines(file, source);
  all += lines.length;
  for (const line of lines) {
    const text = texts[line - 1]!.trim();
    // The end of a block belongs to what the block ends with.
    if (/^[)}\];,]*$/.test(text) && explained.has(line - 1)) explained.add(line);
    if (explained.has(line)) continue;
    left++;
    print(`${file}:${line}: ${text}`);
  }
}
print(`${total} lines, ${all} not reached, ${left} of these in no group`);
if (left > 0) process.exitCode = 1;

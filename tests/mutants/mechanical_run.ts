// Plants a sample of mechanical mutants, one after another, in a copy of the sources. Each is looked for by the unit tests of the three folders,
// and by the one sweep within a limit of processor time. Prints a line of JSON for each, and writes docs/faults.md.
//
//     deno run -A tests/mutants/mechanical_run.ts [--sample 300] [--seed 1] [--cpu 60] [--first-seed 1] [--results FILE]
//         [--sweep-only] [--survivors] [--report-only]
//
// `--sweep-only` does not ask the unit tests. `--survivors` asks them afterwards about those of the results that the sweep has not found.
//
// Needs a POSIX shell (`ulimit -t`).
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { everyMutant, type MechanicalMutant, sampleOf } from "./mechanical.ts";
import { faultsPage, type MutantResult } from "./faults_page.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({
  options: {
    sample: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    cpu: { type: "string", default: "60" },
    "first-seed": { type: "string", default: "1" },
    results: { type: "string", default: "mutants.jsonl" },
    "sweep-only": { type: "boolean", default: false },
    survivors: { type: "boolean", default: false },
    "report-only": { type: "boolean", default: false },
  },
});
const cpu = Number(values.cpu);
/** The processor time of the unit tests: several times what they need. */
const SUITE_SECONDS = 240;

/** Runs a command under a limit of processor seconds; `null` if it was ended by that. */
function limited(folder: string, args: readonly string[], limit = cpu): { status: number | null; out: string } {
  const command = `ulimit -t ${limit}; exec "$0" "$@"`;
  const { status, stdout } = spawnSync("bash", ["-c", command, process.execPath, ...args], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 20_000 * limit,
  });
  return { status, out: stdout };
}

function killedBySuite(folder: string): boolean {
  const tests = ["tests/raft", "tests/server/replica", "tests/server/journal"];
  return limited(folder, ["test", "-A", "--no-check", "--fail-fast", "-q", ...tests], SUITE_SECONDS).status !== 0;
}

function killedBySweep(folder: string): string | null {
  const flags = ["--nemesis", "all", "--workload", "all", "--jobs", "1", "--runs", "100000", "--json"];
  const fuzz = ["run", "-A", "--no-check", "harness/main.ts", "fuzz", ...flags, "--seed", values["first-seed"]];
  const { status, out } = limited(folder, fuzz);
  // 1: a violation. 255: the program failed, or a bad cluster was not noticed any more.
  if (status !== 1 && status !== 255) return null;
  const last = out.trimEnd().split("\n").at(-2) ?? "";
  return /"seed":(\d+)/.exec(last)?.[1] ?? "0";
}

/** Plants a mutant, and calls `look`. */
function planted<Found>(folder: string, mutant: MechanicalMutant, look: () => Found): Found {
  const path = join(folder, mutant.file);
  const source = readFileSync(path, "utf8");
  const lines = source.split("\n");
  lines[mutant.line - 1] = mutant.after;
  writeFileSync(path, lines.join("\n"));
  try {
    return look();
  } finally {
    writeFileSync(path, source);
  }
}

function examine(folder: string, mutant: MechanicalMutant): MutantResult {
  return planted(folder, mutant, () => {
    const sweep = killedBySweep(folder);
    return { ...mutant, sweep, suite: values["sweep-only"] ? null : killedBySuite(folder) };
  });
}

/** Calls `work` with a copy of the project. */
function inCopy(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "kaya-mutants-"));
  try {
    cpSync(root, folder, { recursive: true, filter: (path) => !/\/(\.git|node_modules)(\/|$)/.test(path) });
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function stored(): MutantResult[] {
  if (!existsSync(values.results)) return [];
  return readFileSync(values.results, "utf8").trim().split("\n").map((line) => JSON.parse(line) as MutantResult);
}

if (values.survivors) {
  inCopy((folder) => {
    const asked = stored();
    for (const [i, result] of asked.entries()) {
      if (result.sweep !== null || result.suite !== null) continue;
      asked[i] = { ...result, suite: planted(folder, result, () => killedBySuite(folder)) };
      writeFileSync(values.results, asked.map((one) => `${JSON.stringify(one)}\n`).join(""));
      process.stdout.write(`${JSON.stringify(asked[i])}\n`);
    }
  });
} else if (!values["report-only"]) {
  inCopy((folder) => {
    for (const mutant of sampleOf(everyMutant(root), Number(values.sample), Number(values.seed))) {
      const result = examine(folder, mutant);
      appendFileSync(values.results, `${JSON.stringify(result)}\n`);
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }
  });
}
writeFileSync(join(root, "docs/faults.md"), faultsPage(stored(), everyMutant(root).length, cpu));

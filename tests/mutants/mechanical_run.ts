// Plants a sample of mechanical mutants, one after another, in a copy of the sources. Each is looked for by the unit tests of the three folders,
// and by the one sweep within a limit of processor time. Prints a line of JSON for each, and writes docs/faults.md.
//
//     deno run -A tests/mutants/mechanical_run.ts [--sample 300] [--seed 1] [--cpu 60] [--first-seed 1] [--results FILE]
//         [--sweep-only] [--report-only]
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
    "report-only": { type: "boolean", default: false },
  },
});
const cpu = Number(values.cpu);

/** Runs a command under a limit of processor seconds; `null` if it was ended by that. */
function limited(folder: string, args: readonly string[]): { status: number | null; out: string } {
  const command = `ulimit -t ${cpu}; exec "$0" "$@"`;
  const { status, stdout } = spawnSync("bash", ["-c", command, process.execPath, ...args], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 20_000 * cpu,
  });
  return { status, out: stdout };
}

function killedBySuite(folder: string): boolean {
  const tests = ["tests/raft", "tests/server/replica", "tests/server/journal"];
  return limited(folder, ["test", "-A", "--no-check", "--fail-fast", "-q", ...tests]).status !== 0;
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

function examine(folder: string, mutant: MechanicalMutant): MutantResult {
  const path = join(folder, mutant.file);
  const source = readFileSync(path, "utf8");
  const lines = source.split("\n");
  lines[mutant.line - 1] = mutant.after;
  writeFileSync(path, lines.join("\n"));
  try {
    const sweep = killedBySweep(folder);
    return { ...mutant, sweep, suite: values["sweep-only"] ? null : killedBySuite(folder) };
  } finally {
    writeFileSync(path, source);
  }
}

if (!values["report-only"]) {
  const folder = mkdtempSync(join(tmpdir(), "kaya-mutants-"));
  try {
    cpSync(root, folder, { recursive: true, filter: (path) => !/\/(\.git|node_modules)(\/|$)/.test(path) });
    for (const mutant of sampleOf(everyMutant(root), Number(values.sample), Number(values.seed))) {
      const result = examine(folder, mutant);
      appendFileSync(values.results, `${JSON.stringify(result)}\n`);
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const results = existsSync(values.results)
  ? readFileSync(values.results, "utf8").trim().split("\n").map((line) => JSON.parse(line) as MutantResult)
  : [];
writeFileSync(join(root, "docs/faults.md"), faultsPage(results, everyMutant(root).length, cpu));

// Plants one mutant after another in a copy of the sources, sweeps until the simulator notices, and prints a table.
//
//     deno run -A tests/mutants/run.ts [--seeds 200] [--sweeps 5] [--only TEXT] [--shrink] [--json]
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Mutant, MUTANTS } from "./mutants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    sweeps: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    shrink: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const sweeps = Number(values.sweeps);

interface Run {
  readonly seed: number;
  readonly valid: boolean | "unknown";
  readonly checks: Readonly<Record<string, { readonly valid: boolean | "unknown"; readonly reason?: string }>>;
}

interface Shrunk {
  readonly shrunk: { readonly faults: number; readonly operations: number; readonly nodes: number } | null;
  readonly wall_ms?: number;
}

interface Outcome {
  readonly name: string;
  /** For each sweep the number of the seed that noticed, counted from 1; `null` where none did. */
  readonly found: readonly (number | null)[];
  /** What noticed first, by check. */
  readonly by: readonly string[];
  readonly firstSeed: number | null;
  readonly reason: string;
  readonly shrunk?: Shrunk;
}

/** Runs the command line of the copy, on the runtime that runs this. */
function command(copy: string, args: readonly string[], timeoutMs: number): { out: string; status: number | null } {
  const isDeno = "Deno" in globalThis;
  const words = isDeno ? ["run", "-A", "--no-check", "harness/main.ts", ...args] : ["harness/main.ts", ...args];
  const ended = spawnSync(process.execPath, words, {
    cwd: copy,
    encoding: "utf8",
    timeout: timeoutMs,
    maxBuffer: 1 << 28,
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (ended.status === 255 || ended.status === 254) process.stderr.write(ended.stderr);
  return { out: ended.stdout ?? "", status: ended.status };
}

function sweep(copy: string, mutant: Mutant, first: number): { found: number | null; run: Run | null } {
  const args = ["fuzz", "--jobs", "1", "--json", "--seed", String(first), "--runs", String(seeds)];
  const { out } = command(copy, [...args, ...mutant.flags.split(" ")], 240_000);
  const runs = out.split("\n").filter((line) => line.startsWith('{"valid"')).map((line) => JSON.parse(line) as Run);
  const run = runs.find(({ valid }) => valid === false) ?? null;
  return { found: run === null ? null : run.seed - first + 1, run };
}

function tryMutant(mutant: Mutant): Outcome {
  const copy = mkdtempSync(join(tmpdir(), "mutant-"));
  try {
    for (const folder of ["raft", "checker", "harness"]) {
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    }
    for (const file of ["deno.json", "package.json"]) cpSync(join(root, file), join(copy, file));
    const path = join(copy, mutant.file);
    const text = readFileSync(path, "utf8");
    if (text.split(mutant.search).length !== 2) throw new Error(`${mutant.name}: ${mutant.file} has no single match`);
    writeFileSync(path, text.replace(mutant.search, () => mutant.replace));
    const found: (number | null)[] = [];
    const by = new Set<string>();
    let firstRun: Run | null = null;
    for (let i = 0; i < sweeps; i++) {
      const result = sweep(copy, mutant, 1 + i * 1_000_000);
      found.push(result.found);
      for (const [name, check] of Object.entries(result.run?.checks ?? {})) if (check.valid === false) by.add(name);
      firstRun ??= result.run;
      // Who was not found twice is not looked for any longer.
      if (found.length === 2 && found.every((each) => each === null)) break;
    }
    const shrunk = values.shrink && firstRun !== null ? shrink(copy, mutant, firstRun.seed) : undefined;
    const failed = Object.values(firstRun?.checks ?? {}).find(({ valid }) => valid === false);
    return {
      name: mutant.name,
      found,
      by: [...by],
      firstSeed: firstRun?.seed ?? null,
      reason: failed?.reason ?? "",
      ...(shrunk === undefined ? {} : { shrunk }),
    };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function shrink(copy: string, mutant: Mutant, seed: number): Shrunk {
  const { out } = command(copy, ["shrink", "--json", "--seed", String(seed), ...mutant.flags.split(" ")], 120_000);
  return out === "" ? { shrunk: null } : JSON.parse(out) as Shrunk;
}

/** The middle one; a sweep that found nothing counts as more than any. */
function median(found: readonly (number | null)[]): number | null {
  const sorted = found.map((each) => each ?? Infinity).sort((a, b) => a - b);
  const middle = sorted[(sorted.length - 1) >> 1]!;
  return middle === Infinity ? null : middle;
}

const outcomes: Outcome[] = [];
for (const mutant of MUTANTS) {
  if (!mutant.name.includes(values.only)) continue;
  const outcome = tryMutant(mutant);
  outcomes.push(outcome);
  process.stderr.write(
    `${median(outcome.found) ?? "not found"}  ${mutant.name}  (${outcome.by.join(", ")}) ${outcome.reason}\n`,
  );
  if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
if (!values.json) {
  const rows = outcomes.map(({ name, found, by }) => {
    const middle = median(found);
    return `| ${name} | ${by.length === 0 ? "nobody" : by.join(", ")} | ${middle ?? `more than ${seeds}`} |`;
  });
  const caught = outcomes.filter(({ found }) => median(found) !== null).length;
  process.stdout.write(["| mutant | noticed by | seeds, median |", "|---|---|---|", ...rows, ""].join("\n"));
  process.stdout.write(
    `\n${caught} of ${outcomes.length} noticed; the median is of ${sweeps} sweeps of at most ${seeds} seeds.\n`,
  );
}

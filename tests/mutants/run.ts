// Plants one mutant after another in a copy of the sources, sweeps seeds until the simulator notices, and prints a table for the README.
//
//     deno run -A tests/mutants/run.ts [--only REGEXP] [--starts 5] [--seeds N] [--by NOTICED] [--jobs 1] [--shrink] [--json]
//
// Ends with 1 if a mutant that should be noticed was not, or by none of those who are expected to.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Mutant, MUTANTS, type Noticed } from "./mutants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({
  options: {
    /** Only mutants whose name this regular expression matches. */
    only: { type: "string", default: "" },
    /** How many sweeps, each from another first seed. */
    starts: { type: "string", default: "5" },
    /** The longest sweep, if not the mutant's own. */
    seeds: { type: "string" },
    /** Only this one's word counts: history, invariant or liveness. */
    by: { type: "string" },
    /** How many mutants at once. */
    jobs: { type: "string", default: "1" },
    /** Also shrinks the first failing run. */
    shrink: { type: "boolean", default: false },
    /** A line of JSON for each mutant in place of the table. */
    json: { type: "boolean", default: false },
  },
});
const starts = Number(values.starts);

/** The longest sweep of a mutant that says nothing else. */
const SEEDS = 200;
/** The seeds of two sweeps lie this far apart. */
const STRIDE = 1_000_000;
/** A sweep is given up after this much real time. */
const SWEEP_MS = 600_000;

interface Check {
  readonly valid: boolean | "unknown";
  readonly reason?: string;
}

/** A line of `fuzz --json`. */
interface Run {
  readonly seed: number;
  readonly valid: boolean | "unknown";
  readonly checks: Readonly<Record<string, Check>>;
}

/** How a sweep ended: after `seeds` seeds `run` was noticed, or nothing was. */
interface Swept {
  readonly seeds: number;
  readonly run: Run | null;
  /** The program itself failed, which is no finding. */
  readonly error: string | null;
}

interface Outcome {
  readonly name: string;
  /** For each sweep the number of the seed that was noticed, counted from 1; `null` where none was. */
  readonly found: readonly (number | null)[];
  readonly median: number | null;
  /** Who noticed in how many sweeps. */
  readonly by: Readonly<Partial<Record<Noticed, number>>>;
  readonly flags: string;
  readonly firstSeed: number | null;
  readonly reason: string;
  readonly shrunk?: unknown;
}

/** Who it is that speaks through a check. */
function speaker(check: string): Noticed {
  return check === "safety" ? "invariant" : check === "liveness" ? "liveness" : "history";
}

/** Who noticed something in a run. */
function noticedIn({ checks }: Run): Set<Noticed> {
  return new Set(Object.entries(checks).filter(([, { valid }]) => valid === false).map(([name]) => speaker(name)));
}

/** The words that start the copy's command line on the runtime that runs this. */
function commandLine(args: readonly string[]): string[] {
  const words = "Deno" in globalThis ? ["run", "--allow-read", "--no-check", "--quiet"] : [];
  return [...words, "harness/main.ts", ...args];
}

/** Sweeps seeds in the copy from `first` on, until somebody whose word counts notices. */
function sweep(copy: string, mutant: Mutant, first: number): Promise<Swept> {
  const runs = Number(values.seeds ?? mutant.seeds ?? SEEDS);
  const args = ["fuzz", "--jobs", "1", "--json", "--keep-going", "--seed", `${first}`, "--runs", `${runs}`];
  const child = spawn(process.execPath, commandLine([...args, ...mutant.flags.split(" ")]), {
    cwd: copy,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const kill = (): void => {
    try {
      process.kill(child.pid!, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  let seeds = 0;
  let noticed: Run | null = null;
  let complaint = "";
  let isOver = false;
  const timer = setTimeout(() => {
    complaint = `no end of the sweep after ${seeds} seeds and ${SWEEP_MS / 1000} s`;
    kill();
  }, SWEEP_MS);
  child.stderr.on("data", (bytes: Uint8Array) => complaint = (complaint + String(bytes)).slice(-500));
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (noticed !== null) return;
    const result = JSON.parse(line) as Partial<Run>;
    if (result.checks === undefined) return void (isOver = true);
    seeds++;
    const by = noticedIn(result as Run);
    if (by.size === 0 || (values.by !== undefined && !by.has(values.by as Noticed))) return;
    noticed = result as Run;
    kill();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      resolve({ seeds, run: noticed, error: noticed === null && !isOver ? complaint || "the sweep broke off" : null });
    });
  });
}

/** A copy of the sources with the mutant in it. */
function plant(mutant: Mutant): string {
  const copy = mkdtempSync(join(tmpdir(), "mutant-"));
  for (const folder of ["raft", "checker", "server", "harness"]) {
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  }
  for (const file of ["mod.ts", "deno.json", "package.json"]) cpSync(join(root, file), join(copy, file));
  const path = join(copy, mutant.file);
  const text = readFileSync(path, "utf8");
  const matches = text.split(mutant.search).length - 1;
  if (matches !== 1) {
    rmSync(copy, { recursive: true, force: true });
    throw new Error(`${mutant.name}: its text occurs ${matches} times in ${mutant.file}, and must occur once`);
  }
  writeFileSync(path, text.replace(mutant.search, () => mutant.replace));
  return copy;
}

async function tryMutant(mutant: Mutant): Promise<Outcome> {
  const copy = plant(mutant);
  try {
    const found: (number | null)[] = [];
    const by: Partial<Record<Noticed, number>> = {};
    let first: Run | null = null;
    let error: string | null = null;
    for (let i = 0; i < starts; i++) {
      const swept = await sweep(copy, mutant, 1 + i * STRIDE);
      found.push(swept.run === null ? null : swept.seeds);
      if (swept.run !== null) { for (const who of noticedIn(swept.run)) by[who] = (by[who] ?? 0) + 1; }
      first ??= swept.run;
      error ??= swept.error;
      // Who was not found twice is not looked for any longer.
      if (found.length >= 2 && found.every((each) => each === null)) break;
    }
    const failed = Object.values(first?.checks ?? {}).filter(({ valid }) => valid === false);
    return {
      name: mutant.name,
      found,
      median: median(found),
      by,
      flags: mutant.flags,
      firstSeed: first?.seed ?? null,
      reason: error ?? failed.map(({ reason }) => reason).join("; "),
      ...(values.shrink && first !== null ? { shrunk: shrink(copy, mutant, first.seed) } : {}),
    };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function shrink(copy: string, mutant: Mutant, seed: number): unknown {
  const args = commandLine(["shrink", "--json", "--seed", `${seed}`, ...mutant.flags.split(" ")]);
  const { stdout } = spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8", timeout: 120_000 });
  return stdout ? JSON.parse(stdout) : null;
}

/** The middle one; a sweep that found nothing counts as more than any. */
function median(found: readonly (number | null)[]): number | null {
  const sorted = found.map((each) => each ?? Infinity).sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1]!;
  return middle === Infinity ? null : middle;
}

/** Who noticed, the most frequent first. */
function names(by: Outcome["by"]): string[] {
  return Object.entries(by).sort(([, a], [, b]) => b - a).map(([who]) => who);
}

/** Whether it came as the table says. */
function isAsExpected({ by, median }: Outcome, mutant: Mutant): boolean {
  if (mutant.masked !== undefined) return true;
  return median !== null && (values.by !== undefined || mutant.noticedBy.some((who) => by[who] !== undefined));
}

function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ name, by, median }) => {
    const { masked, flags } = MUTANTS.find((mutant) => mutant.name === name)!;
    const who = names(by).join(", ") || (masked === undefined ? "nobody" : `nobody: ${masked}`);
    return `| ${name} | \`${flags}\` | ${who} | ${median ?? "–"} |`;
  });
  const noticed = outcomes.filter(({ median }) => median !== null);
  const late = noticed.filter(({ median }) => median! > 100).length;
  return [
    "| fault | sweep | noticed by | seeds, median |",
    "|---|---|---|---|",
    ...rows,
    "",
    `${noticed.length} of ${outcomes.length} are noticed, ${noticed.length - late} of them within 100 seeds ` +
    `(the median of ${starts} sweeps with different first seeds).`,
    "",
  ].join("\n");
}

const chosen = MUTANTS.filter(({ name }) => new RegExp(values.only).test(name));
const outcomes: (Outcome | undefined)[] = chosen.map(() => undefined);
let isGood = chosen.length > 0;
let next = 0;

async function work(): Promise<void> {
  while (next < chosen.length) {
    const place = next++;
    const mutant = chosen[place]!;
    const outcome = outcomes[place] = await tryMutant(mutant);
    const isExpected = isAsExpected(outcome, mutant);
    isGood &&= isExpected;
    const list = outcome.found.map((each) => each ?? "–").join(" ");
    const who = Object.entries(outcome.by).map(([name, count]) => `${name} ${count}`).join(", ") || "nobody";
    process.stderr.write(
      `${isExpected ? "      " : "FAILED"} ${`${outcome.median ?? "–"}`.padStart(4)}  ${mutant.name}\n` +
        `              [${list}] ${who}; ${outcome.reason.slice(0, 300)}\n`,
    );
    if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

await Promise.all(Array.from({ length: Number(values.jobs) }, work));
if (!values.json) process.stdout.write(table(outcomes as Outcome[]));
process.exitCode = isGood ? 0 : 1;

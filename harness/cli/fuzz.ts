/**
 * The command `fuzz`: runs many seeds, until one fails.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import { neverReached, Sweep, sweepValidity } from "../sweep/fuzz.ts";
import { nodesInWords, type RunOptions } from "../run/options.ts";
import { count, grouped, renderResult } from "../report/report.ts";
import type { Moment } from "../moment.ts";
import { runCanaries } from "../sweep/canaries.ts";
import type { RunResult } from "../run/result.ts";
import { runOnce } from "../run/run_once.ts";
import { setupOf } from "../run/setup.ts";
import type { Target } from "../run/target.ts";
import { Turns } from "../sim/turns.ts";
import { sweepOnWorkers } from "../sweep/workers.ts";
import { columns } from "../report/columns.ts";
import { type FlagSpec, UsageError } from "./flags.ts";
import { interruptible } from "./interrupt.ts";
import { caseOfSeed, leaveOutcomes, OUTCOME_FLAGS } from "./outcomes.ts";
import type { JudgedCase } from "../report/outcome.ts";
import { prepareOutputs } from "./output_files.ts";
import { HTML_FLAG, leavePage, leaveSweep, pageOfRun } from "./pages.ts";
import type { PageData } from "../report/page/data.ts";
import { commandOf, parseRunArguments, RUN_FLAGS } from "./run_flags.ts";
import { mayRead } from "./permissions.ts";
import { INTERRUPTED, STATUS } from "./status.ts";
import type { Terminal } from "./terminal.ts";

const FLAGS = {
  ...RUN_FLAGS,
  nemesis: { ...RUN_FLAGS.nemesis, default: "all" },
  runs: {
    type: "integer",
    min: 1,
    max: 1e12,
    about: "number of seeds, from --seed on; 100 if left out, or unlimited with --time",
  },
  time: { type: "number", min: 0.1, max: 1e9, about: "begin no further run after this many seconds of real time" },
  jobs: { type: "integer", min: 1, max: 256, about: "number of workers; one per processor if left out" },
  shard: {
    type: "string",
    default: "0/1",
    value: "I/N",
    about: "run every N-th seed, beginning with the I-th, counted from 0",
  },
  "keep-going": { type: "boolean", about: "go on after a violation" },
  html: {
    ...HTML_FLAG,
    about: "write a page of the first failure; of the whole sweep with --keep-going, or if nothing fails",
  },
  ...OUTCOME_FLAGS,
  "no-canaries": { type: "boolean", about: "skip the first check, that known bad clusters fail" },
  json: { type: "boolean", about: "print each result as a line of JSON, and last a summary" },
} as const satisfies FlagSpec;

/** Runs the command. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words, target, options } = await parseRunArguments(args, FLAGS);
  if (words.length > 0) throw new UsageError(`fuzz takes flags only, but was given ${JSON.stringify(words[0])}`);
  const shard = parseShard(flags.shard);
  const runs = flags.runs ?? (flags.time === undefined ? 100 : Infinity);
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  const sweep = new Sweep({
    options,
    runs,
    shard,
    keepGoing: flags["keep-going"],
    isOver: () => flags.time !== undefined && seconds() >= flags.time,
  });
  prepareOutputs({ html: flags.html, junit: flags.junit });
  if (!flags.json) terminal.out(`${opening(target, options, runs, shard, terminal)}\n`);
  const total = Math.ceil((runs - shard.index) / shard.of);
  let failed: RunResult | null = null;
  const cases: JudgedCase[] = [];
  const findings: RunResult[] = [];
  const heard = (result: RunResult): void => {
    // Runs that were under way when the first one failed still end. They are counted, but not reported.
    const isTold = flags["keep-going"] || failed === null;
    if (result.valid === false) failed ??= result;
    if (result.valid !== true && findings.length < MOST_FINDINGS) findings.push(result);
    cases.push(caseOfSeed(result));
    if (flags.json) terminal.out(`${JSON.stringify(result)}\n`);
    else if (result.valid !== true && isTold) terminal.out(failure(result, terminal));
    terminal.progress(progress(sweep, seconds(), total, flags.time ?? Infinity));
  };
  // Runs in real time share the machine's processors, and would disturb each other.
  const isReal = target.time(setupOf(target, options).system) === "real";
  const jobs = flags.jobs ?? (isReal ? 1 : availableParallelism());
  const isWorkersWork = jobs > 1 && target.spawns !== true;
  const hasWorkers = isWorkersWork && mayRead();
  if (isWorkersWork && !hasWorkers) terminal.err("Without -R no workers can start, so seeds run one at a time.");
  terminal.progress("No run has ended yet");
  let canaries = 0;
  const wasInterrupted = await interruptible(async (signal) => {
    // Only the default sweep begins with canaries: other flags ask for something specific.
    if (options.nemesis === "all" && !flags["no-canaries"]) canaries = await runCanaries(target, options, signal);
    if (hasWorkers) await sweepOnWorkers(sweep, jobs, commandOf(options), heard, signal);
    else await sweepHere(target, sweep, target.spawns === true ? jobs : 1, heard, signal);
    return signal.aborted;
  });
  terminal.progress("");
  const summary = sweep.summary(seconds());
  if (flags.json) terminal.out(`${JSON.stringify({ ...summary, canaries })}\n`);
  else terminal.out(closing(summary, seconds(), wasInterrupted, terminal));
  await leaveOutcomes(flags, terminal, cases);
  if (flags.html !== undefined) {
    const draw = (result: RunResult): Promise<PageData> => pageOfSeed(target, options, result);
    const first = failed as RunResult | null;
    if (first !== null && !flags["keep-going"]) await leavePage(flags.html, terminal, () => draw(first));
    else await leaveSweep(flags.html, terminal, { summary, findings, options, draw });
  }
  if (wasInterrupted && summary.violations === 0) return INTERRUPTED;
  return STATUS[`${sweepValidity(summary)}`];
}

/** More findings than this are counted, and not listed. */
const MOST_FINDINGS = 200;

/** Repeats a seed with everything recorded, and draws its page: the sweep itself records nothing. */
async function pageOfSeed(target: Target, options: RunOptions, { seed }: RunResult): Promise<PageData> {
  const moments: Moment[] = [];
  const record = (moment: Moment): void => void moments.push(moment);
  const judged = await runOnce(target, { ...options, seed }, { command: commandOf(options), record });
  return pageOfRun(judged!, moments);
}

/** Makes the runs of a sweep in this thread, `jobs` at the same time. An error, or the end of the sweep, ends all. */
async function sweepHere(
  target: Target,
  sweep: Sweep,
  jobs: number,
  heard: (result: RunResult) => void,
  signal: AbortSignal,
): Promise<void> {
  const turns = new Turns();
  const over = new AbortController();
  const end = (): void => over.abort();
  signal.addEventListener("abort", end, { once: true });
  const lane = async (): Promise<void> => {
    for (let options = sweep.next(); options !== null; options = sweep.next()) {
      if (turns.isOver) await turns.pass();
      if (over.signal.aborted) return;
      const judged = await runOnce(target, options, {
        command: commandOf(options),
        turns,
        signal: over.signal,
      });
      if (judged === null) return;
      sweep.add(judged.result);
      heard(judged.result);
      if (sweep.isStopped) return end();
    }
  };
  const ends = await Promise.allSettled(
    Array.from({ length: jobs }, () => lane().catch((error) => (end(), Promise.reject(error)))),
  );
  signal.removeEventListener("abort", end);
  const failure = ends.find(({ status }) => status === "rejected");
  if (failure !== undefined) throw (failure as PromiseRejectedResult).reason;
}

/** The progress of the sweep, and the seconds left until all `total` runs are done, or the time is up. */
function progress(sweep: Sweep, seconds: number, total: number, time: number): string {
  const { runs, violations } = sweep;
  const rate = runs / seconds;
  const left = Math.ceil(Math.min((total - runs) / rate, Math.max(0, time - seconds)));
  const of = total === Infinity ? "" : ` of ${grouped(total)}`;
  return `${grouped(runs)}${of} runs, ${count(violations, "violation")}, ${rate.toFixed(1)} a second, ${
    grouped(left)
  } s left`;
}

function parseShard(text: string): { index: number; of: number } {
  const found = /^(\d{1,9})\/(\d{1,9})$/.exec(text);
  const [index, of] = [Number(found?.[1]), Number(found?.[2])];
  if (found === null || index >= of) {
    throw new UsageError(`--shard takes i/n with i from 0 to n - 1, but was given ${JSON.stringify(text)}`);
  }
  return { index, of };
}

function opening(
  target: Target,
  options: RunOptions,
  runs: number,
  shard: { index: number; of: number },
  { style }: Terminal,
): string {
  const seeds = runs === Infinity
    ? `seeds from ${options.seed} on`
    : `seeds ${options.seed} to ${options.seed + runs - 1}`;
  const part = shard.of === 1 ? "" : `, shard ${shard.index} of ${shard.of}`;
  return `${style("bold", seeds)}${part}  ${nodesInWords(options)}, ${options.concurrency} clients, ${
    options.nemesis === "all" ? "up to " : ""
  }${options.timeLimit} s each, ` +
    `workload ${options.workload ?? Object.keys(target.workloads)[0]}, nemesis ${options.nemesis}`;
}

function failure(result: RunResult, { style }: Terminal): string {
  return `\n${style("bold", `seed ${result.seed}`)}${renderResult(result, style)}`;
}

function closing(
  summary: ReturnType<Sweep["summary"]>,
  seconds: number,
  wasInterrupted: boolean,
  { style }: Terminal,
): string {
  const { runs, violations, unknown, seeds_per_second } = summary;
  const never = neverReached(summary);
  const lines = [
    `${wasInterrupted ? "Interrupted after " : ""}${count(runs, "run")} in ${
      seconds.toFixed(1)
    } s, ${seeds_per_second} a second: ` +
    `${count(violations, "violation")}, ${grouped(unknown)} unknown`,
  ];
  // Situations that a sweep never reached limit what it proves; they are left out if a violation was found.
  if (violations === 0 && never.length > 0) lines.push(columns([["no run had", never.join(", ")]]).trimEnd());
  if (violations > 0) lines.push(style("red", "A violation was found."));
  else if (runs === 0) lines.push(style("yellow", "No run has ended, so there is no verdict."));
  else if (unknown > 0) lines.push(style("yellow", "Some runs have no verdict."));
  else lines.push(style("green", `Every run${wasInterrupted ? " that has ended" : ""} can be explained.`));
  return `${lines.join("\n")}\n`;
}

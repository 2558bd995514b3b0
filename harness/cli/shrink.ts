/**
 * The command `shrink`: finds the smallest run that still fails in the same way as a seed.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import type { RunOptions } from "../run/options.ts";
import { flagsOf } from "../run/options.ts";
import { count, renderFailures, renderReasons } from "../report/report.ts";
import { renderStory } from "../report/story.ts";
import { encodeRunFile, type RunFile } from "../run/run_file.ts";
import type { Target } from "../run/target.ts";
import type { Candidate } from "../sweep/shrink.ts";
import { replayRun, shrinkSeed, type Shrunk } from "../sweep/recorded.ts";
import { thisCommand } from "./command.ts";
import { fileErrorInWords } from "./file_error.ts";
import { type FlagSpec, UsageError } from "./flags.ts";
import { interruptible } from "./interrupt.ts";
import { prepareOutputs } from "./output_files.ts";
import { HTML_FLAG, leavePage, pageOfRun } from "./pages.ts";
import { commandOf, parseRunArguments, RUN_FLAGS } from "./run_flags.ts";
import { INTERRUPTED, STATUS } from "./status.ts";
import type { Terminal } from "./terminal.ts";

const FLAGS = {
  ...RUN_FLAGS,
  time: {
    type: "number",
    default: 60,
    min: 0.1,
    max: 1e9,
    about: "seconds of real time after which the smallest run so far is the result",
  },
  out: {
    type: "string",
    value: "FILE",
    about: "where to write the run, for replay; without it the run is only printed",
  },
  tries: {
    type: "integer",
    default: 1,
    min: 1,
    max: 1000,
    about: "in real time, where runs differ: number of tries of each smaller run; it is kept if one of them fails",
  },
  html: HTML_FLAG,
  json: { type: "boolean", about: "print the result as one line of JSON" },
} as const satisfies FlagSpec;

/** The minimum time between two lines of progress, in milliseconds. */
const PROGRESS_MS = 100;

/** Runs the command. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words, target, options } = await parseRunArguments(args, FLAGS);
  if (words.length > 0) throw new UsageError(`shrink takes flags only, but was given ${JSON.stringify(words[0])}`);
  if (flags.seed === undefined) throw new UsageError("shrink needs the --seed of a run that fails");
  prepareOutputs({ out: flags.out, html: flags.html });
  const began = performance.now();
  const shrunk = await shrinkShown(target, options, flags, terminal);
  if (shrunk === null) return INTERRUPTED;
  const { file } = shrunk;
  if (file !== null && flags.out !== undefined) write(flags.out, file);
  const seconds = (performance.now() - began) / 1000;
  if (flags.json) terminal.out(`${JSON.stringify(summary(shrunk, seconds))}\n`);
  else if (file === null) terminal.out(noFailure(options));
  else terminal.out(await tale(target, shrunk, file, seconds, terminal) + againLine(flags.out));
  if (file !== null && flags.html !== undefined) {
    await leavePage(flags.html, terminal, async () => {
      const { judged, moments } = shrunk.failing ?? (await replayRun(target, file, file.origin))!;
      return pageOfRun(judged, moments);
    });
  }
  return file === null ? STATUS[`${shrunk.original.result.valid}`] : STATUS.false;
}

/** Shrinks with a line of progress. On Ctrl-C returns the smallest run so far, or `null` if there is none. */
function shrinkShown(
  target: Target,
  options: RunOptions,
  { time, tries: triesEach }: { readonly time: number; readonly tries: number },
  terminal: Terminal,
): Promise<Shrunk | null> {
  const began = performance.now();
  let shownAt = -Infinity;
  return interruptible(async (signal) => {
    const shrunk = await shrinkSeed(target, options, {
      origin: `${commandOf(options)} ${flagsOf(options)}`,
      signal,
      triesEach,
      isOver: () => performance.now() - began > time * 1000,
      onTry(best, tries) {
        const now = performance.now();
        if (now - shownAt < PROGRESS_MS) return;
        shownAt = now;
        const left = Math.max(0, Math.ceil(time - (now - began) / 1000));
        terminal.progress(`${count(tries, "run")} tried, at most ${left} s left; smallest so far: ${sizeOf(best)}`);
      },
    });
    terminal.progress("");
    return shrunk;
  });
}

function noFailure(options: RunOptions): string {
  return `Seed ${options.seed} does not fail: there is nothing to shrink.\n`;
}

function sizeOf({ setup, schedule }: Candidate): string {
  const { faults, operations } = schedule;
  return `${count(faults.length, "fault")}, ${
    count(operations.length, "operation")
  }, ${setup.nodes} nodes, ${setup.timeLimit} s`;
}

function summary({ file, original, tries }: Shrunk, seconds: number): unknown {
  const { seed, valid } = original.result;
  if (file === null) return { seed, valid, shrunk: null };
  const { setup, schedule, expected } = file;
  const shrunk = {
    faults: schedule.faults.length,
    operations: schedule.operations.length,
    nodes: setup.nodes,
    time_limit: setup.timeLimit,
    final_reads: setup.finalReads,
    failed: expected.failed,
    history_sha256: expected.history_sha256,
  };
  return { seed, valid, shrunk, tries, wall_ms: Math.round(seconds * 1000) };
}

async function tale(
  target: Target,
  { tries, failing }: Shrunk,
  file: RunFile,
  seconds: number,
  { style }: Terminal,
): Promise<string> {
  const { judged, moments } = failing ?? (await replayRun(target, file, file.origin))!;
  return [
    `${style("bold", `seed ${file.setup.seed}`)}  shrunk in ${tries} runs and ${seconds.toFixed(1)} s to ${
      sizeOf(file)
    }\n`,
    `\n${renderReasons(judged.result, style)}`,
    `\n${renderStory(moments, judged)}`,
    `\n${renderFailures(judged.result, style)}`,
  ].join("");
}

function againLine(out: string | undefined): string {
  return out === undefined
    ? "\nWith --out FILE the run is written to a file, for replay.\n"
    : `\nAgain: ${thisCommand("-R")} replay ${out}\n`;
}

function write(path: string, file: RunFile): void {
  writing(path, () => writeFileSync(path, encodeRunFile(file)));
}

function writing(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new UsageError(`Cannot write to --out ${JSON.stringify(path)}: ${fileErrorInWords(error)}`);
  }
}

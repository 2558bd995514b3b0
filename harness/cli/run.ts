/**
 * The command `run`: drives a cluster, and judges the history of its clients.
 *
 * @module
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { textWidth, wrapped } from "../report/columns.ts";
import { grouped, renderOpening, renderResult } from "../report/report.ts";
import { renderTrace } from "../report/story.ts";
import { circumstances } from "../report/why.ts";
import type { RunOptions } from "../run/options.ts";
import { failedChecks, type JudgedRun, type RunResult } from "../run/result.ts";
import { runOnce } from "../run/run_once.ts";
import { encodeRunFile, runFile } from "../run/run_file.ts";
import { type RunSetup, setupOf } from "../run/setup.ts";
import type { Moment } from "../moment.ts";
import type { Target } from "../run/target.ts";
import { thisCommand } from "./command.ts";
import { fileErrorInWords } from "./file_error.ts";
import { type FlagSpec, UsageError } from "./flags.ts";
import { interruptible } from "./interrupt.ts";
import { casesOfRun, leaveOutcomes, OUTCOME_FLAGS } from "./outcomes.ts";
import { prepareOutputs } from "./output_files.ts";
import { HTML_FLAG, leavePage, pageOfRun } from "./pages.ts";
import { commandOf, parseRunArguments, RUN_FLAGS } from "./run_flags.ts";
import { INTERRUPTED, STATUS } from "./status.ts";
import type { Terminal } from "./terminal.ts";
import { TRACE_FLAGS, traceOf } from "./trace_flags.ts";

const FLAGS = {
  ...RUN_FLAGS,
  out: {
    type: "string",
    value: "FOLDER",
    about:
      "the folder for history.jsonl, result.json, run.json (for replay and report), and what processes print, in " +
      "node-1.log, ...; older ones are replaced",
  },
  ...TRACE_FLAGS,
  "check-determinism": { type: "boolean", about: "run twice, and name the first event that differs" },
  html: HTML_FLAG,
  ...OUTCOME_FLAGS,
  json: { type: "boolean", about: "print the result as one line of JSON" },
} as const satisfies FlagSpec;

/** Runs the command. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words, target, options } = await parseRunArguments(args, FLAGS);
  if (words.length > 0) throw new UsageError(`run takes flags only, but was given ${JSON.stringify(words[0])}`);
  const trace = traceOf(flags);
  if (trace !== null && flags.json) {
    throw new UsageError("--trace and --json exclude each other");
  }
  const isReal = target.time(setupOf(target, options).system) === "real";
  if (isReal && (trace !== null || flags["check-determinism"])) {
    throw new UsageError(
      `--trace and --check-determinism need virtual time, but ${target.name} runs in real time`,
    );
  }
  if (flags.out !== undefined) prepareOut(flags.out);
  const written = flags.out === undefined ? {} : runFiles(flags.out);
  prepareOutputs({ html: flags.html, junit: flags.junit }, { "a file of --out": Object.values(written) });
  if (!flags.json) terminal.out(renderOpening(target, options, terminal.style));
  const moments: Moment[] = [];
  const listens = trace !== null || flags.html !== undefined;
  const judged = await runShown(target, options, terminal, { moments: listens ? moments : null, logs: flags.out });
  if (judged === null) return INTERRUPTED;
  if (flags.out !== undefined) writeOut(flags.out, judged, setupOf(target, options));
  if (trace !== null) terminal.out(renderTrace(moments, judged, trace));
  if (flags["check-determinism"]) {
    const again = await runShown(target, options, terminal, { moments: null, logs: undefined });
    if (again === null) return INTERRUPTED;
    checkDeterminism(judged, again);
  }
  if (flags.json) terminal.out(`${JSON.stringify(judged.result)}\n`);
  else {
    terminal.out(renderResult(judged.result, terminal.style, circumstances(judged)));
    terminal.out(wasAnotherMeant(target, options, judged.result));
    if (flags["check-determinism"]) terminal.out("Run twice: the same history, byte for byte.\n");
    if (isReal) {
      terminal.out(
        "Real time: the seed determines the operations and the times of faults,\nbut not how they interleave.\n",
      );
    }
    if (flags.out !== undefined) terminal.out(whatWasWritten(flags.out, judged));
  }
  await leaveOutcomes(flags, terminal, casesOfRun(judged.result));
  if (flags.html !== undefined) await leavePage(flags.html, terminal, () => pageOfRun(judged, moments));
  return STATUS[`${judged.result.valid}`];
}

/** For how long a run shows no progress. */
const PATIENCE_MS = 1_000;

/** Makes a run with a line of progress; `null` if Ctrl-C ended it. */
function runShown(
  target: Target,
  options: RunOptions,
  terminal: Terminal,
  { moments, logs }: { readonly moments: Moment[] | null; readonly logs: string | undefined },
): Promise<JudgedRun | null> {
  const began = performance.now();
  return interruptible(async (signal) => {
    const judged = await runOnce(target, options, {
      command: commandOf(options),
      signal,
      onTurn: (time) => {
        const passed = performance.now() - began;
        const share = time / 1e9 / options.timeLimit;
        if (passed < PATIENCE_MS || share > 1) return;
        const left = Math.ceil(passed * (1 / share - 1) / 1000);
        terminal.progress(
          `${grouped(Math.floor(time / 1e9))} of ${grouped(options.timeLimit)} s simulated, ${left} s left`,
        );
      },
      onAbort: (reason) => terminal.err(`The run ends early: ${reason}`),
      ...(moments === null ? {} : { record: (moment: Moment) => void moments.push(moment) }),
      ...(logs === undefined ? {} : { logs: resolve(logs) }),
    });
    terminal.progress("");
    return judged;
  });
}

/** The other workloads, for a run of the default one in which nothing succeeded; empty for other runs. */
function wasAnotherMeant({ workloads }: Target, options: RunOptions, { operations, workload }: RunResult): string {
  const others = Object.keys(workloads).filter((name) => name !== workload);
  if (operations.ok > 0 || options.workload !== null || others.length === 0) return "";
  const text =
    `No operation succeeded. The clients ran the default workload, ${workload}. If the system serves another ` +
    `one, name it by --workload (-w): ${others.join(", ")}.`;
  return `${wrapped(text.split(" "), textWidth()).join("\n")}\n`;
}

/** Checks that two runs with the same options have the same history. If they differ, this program has a bug. */
function checkDeterminism(first: JudgedRun, second: JudgedRun): void {
  if (first.result.history_sha256 === second.result.history_sha256) return;
  const [a, b] = [first, second].map(({ history }) => new TextDecoder().decode(history).split("\n")) as [
    string[],
    string[],
  ];
  const at = a.findIndex((line, i) => line !== b[i]);
  throw new Error(
    `The second run has another history: event ${at} was ${a[at]} in the first, but ${b[at]} in the second`,
  );
}

/** Tells which files were written, and which command judges the history again. */
function whatWasWritten(folder: string, { result }: JudgedRun): string {
  const files = runFiles(folder);
  const model = Object.values(result.checks).map((verdict) => (verdict as { model?: string }).model)
    .find((name) => name !== undefined);
  return `Written: ${[...Object.values(files), ...logsIn(folder)].join(", ")}\n` +
    `To judge it again: ${thisCommand("-R")} check ${model === undefined ? "" : `--model ${model} `}${files.history}\n`;
}

/** What --out writes into its folder. */
function runFiles(folder: string): { readonly history: string; readonly result: string; readonly run: string } {
  return {
    history: join(folder, "history.jsonl"),
    result: join(folder, "result.json"),
    run: join(folder, "run.json"),
  };
}

/** The files with what the nodes printed. */
function logsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^node-\d+\.log$/.test(name)).map((name) => join(folder, name));
}

/** Makes the folder before anything runs, so no run ends without a place for its history. */
function prepareOut(folder: string): void {
  writing(folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const log of logsIn(folder)) rmSync(log);
  });
}

/** Writes history, result and run into a folder, all before a page is drawn. */
function writeOut(folder: string, judged: JudgedRun, setup: RunSetup): void {
  const { result, schedule } = judged;
  const expected = { valid: result.valid, failed: failedChecks(result), history_sha256: result.history_sha256 };
  const files = runFiles(folder);
  writing(folder, () => {
    writeFileSync(files.history, judged.history);
    writeFileSync(files.result, `${JSON.stringify(result)}\n`);
    writeFileSync(files.run, encodeRunFile(runFile({ origin: result.replay, setup, schedule, expected })));
  });
}

function writing(folder: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new UsageError(`Cannot write to --out ${JSON.stringify(folder)}: ${fileErrorInWords(error)}`);
  }
}

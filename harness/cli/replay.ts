/**
 * The command `replay`: repeats a recorded run, and checks that it is the same.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { renderFailures, renderReasons } from "../report/report.ts";
import { renderStory, renderTrace } from "../report/story.ts";
import { failedChecks } from "../run/result.ts";
import { checkSystem, parseRunFile, type RunFile } from "../run/run_file.ts";
import { type Replayed, replayRun } from "../sweep/recorded.ts";
import { thisCommand } from "./command.ts";
import { fileErrorInWords } from "./file_error.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { interruptible } from "./interrupt.ts";
import { prepareOutputs } from "./output_files.ts";
import { HTML_FLAG, leavePage, pageOfRun } from "./pages.ts";
import { targetOfRecorded } from "./run_flags.ts";
import { INTERRUPTED, PROGRAM_FAILED, STATUS } from "./status.ts";
import type { Terminal } from "./terminal.ts";
import { TRACE_FLAGS, traceOf } from "./trace_flags.ts";

const FLAGS = {
  ...TRACE_FLAGS,
  trace: { ...TRACE_FLAGS.trace, about: "print every event, not only the important ones" },
  tries: {
    type: "integer",
    default: 1,
    min: 1,
    max: 1000,
    about: "in real time, where runs differ: repeat the run this many times, and count the failures",
  },
  html: HTML_FLAG,
  json: { type: "boolean", about: "print the result as one line of JSON" },
} as const satisfies FlagSpec;

/** Runs the command. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(args, FLAGS);
  const [path, ...more] = words;
  if (path === undefined || more.length > 0) {
    throw new UsageError("replay needs one file: the one that shrink --out wrote, or run.json of run --out");
  }
  const trace = traceOf(flags);
  prepareOutputs({ html: flags.html }, { "read by this command": [path] });
  const replayed = await again(read(path), path, flags.tries);
  if (replayed === null) return INTERRUPTED;
  const { file, judged, moments, isReal } = replayed;
  const { result } = judged;
  if (flags.json) terminal.out(`${JSON.stringify(result)}\n`);
  else {
    const { style } = terminal;
    terminal.out(`${style("bold", path)}  from ${file.origin}\n\n${renderReasons(result, style)}\n`);
    terminal.out(trace !== null ? renderTrace(moments, judged, trace) : renderStory(moments, judged));
    terminal.out(`\n${renderFailures(result, style)}\n`);
  }
  if (flags.html !== undefined) await leavePage(flags.html, terminal, () => pageOfRun(judged, moments));
  if (isReal) {
    if (!flags.json) terminal.out(`In real time: ${replayed.tried}\n`);
    return STATUS[`${result.valid}`];
  }
  if (result.history_sha256 !== file.expected.history_sha256) {
    terminal.err(
      `${path}: the repeated run is not the recorded one: its history has the SHA-256 ${result.history_sha256}, ` +
        `but the file has ${file.expected.history_sha256}`,
    );
    return PROGRAM_FAILED;
  }
  if (!flags.json) terminal.out(`The same run: history_sha256 ${result.history_sha256}\n`);
  return STATUS[`${result.valid}`];
}

/** A repeated run. In real time it may have been repeated several times, and this is the last. */
interface Again extends Replayed {
  readonly file: RunFile;
  readonly isReal: boolean;
  /** How many tries failed in the same way as the recorded run, as text. */
  readonly tried: string;
}

async function again(read: RunFile, path: string, tries: number): Promise<Again | null> {
  const target = await targetOfRecorded(read.setup);
  try {
    const file = checkSystem(read, target);
    const isReal = target.time(file.setup.system) === "real";
    let shown: Replayed | null = null, same = 0;
    for (let i = 1; i <= (isReal ? tries : 1); i++) {
      const replayed = await interruptible((signal) =>
        replayRun(target, file, `${thisCommand("-R")} replay ${path}`, { signal })
      );
      if (replayed === null) return null;
      const failed = failedChecks(replayed.judged.result);
      const isSame = file.expected.failed.some((check) => failed.includes(check));
      // Reports the first try that fails, or the last one if none does.
      if (same === 0) shown = replayed;
      if (isSame) same++;
    }
    return { ...shown!, file, isReal, tried: `${same} of ${tries} tries failed in the same way` };
  } catch (error) {
    // A file that was edited by hand may name something that does not exist, such as a workload.
    if (error instanceof RangeError || error instanceof SyntaxError) {
      throw new UsageError(`${path}: ${error.message}`);
    }
    throw error;
  }
}

function read(path: string): RunFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${fileErrorInWords(error)}`);
  }
  try {
    return parseRunFile(text);
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

/**
 * Judges one file of `check`, or the files of one run, and makes the output.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { performance } from "node:perf_hooks";
import * as checker from "../../checker/mod.ts";
import { chunksOf, filesMeantBy, isGzip, readAll, sizeOf } from "./check_bytes.ts";
import { type FileVerdict, judgeBytes, judgeInput, type JudgeOptions, withNotes } from "./check_file.ts";
import { CheckIsOver, WorthSharing } from "./check_share.ts";
import { readFinalState } from "./final_file.ts";
import type { CheckFlags } from "./check_flags.ts";
import { type Input, inputOf, inputOfHistory } from "./check_input.ts";
import { judgeStream, streamedModel } from "./check_stream.ts";
import { InputError, orInputError } from "./input_error.ts";
import { grouped } from "../report/report.ts";
import { withoutPrefixes } from "./log_prefix.ts";
import { merged, type NamedHistory } from "./merged_files.ts";
import type { OnRead } from "./reading.ts";
import { PROGRAM_FAILED, STATUS, WRONG_USAGE } from "./status.ts";

/** The outcome of a file. */
export interface Outcome {
  readonly status: number;
  /** The text for stdout, with line ends. A styled part is `\\x01 style \\x02 text \\x03`, without the spaces. */
  readonly out: string;
  /** The text for stderr: a line without its end, or empty. */
  readonly err: string;
  /** The JSON for `--json`; absent if there is no verdict. */
  readonly result?: FileVerdict["result"];
}

/** The settings of a check, besides its flags. */
interface CheckSettings {
  readonly flags: CheckFlags;
  /** A user's own model. */
  readonly model: checker.AnyModel | undefined;
  /** Called while a file is read. */
  readonly onRead?: OnRead;
  /** Whether the history is kept for the next call, which asks about another level of the same files. */
  readonly isKept?: boolean | undefined;
  /** Makes the way to share searches with other workers, which is told whether time is up. */
  readonly sharing?: (stop: () => boolean) => Sharing;
}

/** A way to share searches. */
export interface Sharing {
  readonly share: checker.Share;
  /** Whether time is up. */
  readonly stop: () => boolean;
}

/**
 * Judges a file, or several files of one run.
 *
 * @throws {WorthSharing} If `sharing` does.
 */
export function checkFiles(files: readonly string[], settings: CheckSettings): Outcome {
  const [file = ""] = files;
  const { flags } = settings;
  try {
    const verdict = judgeFiles(files, optionsOf(settings), settings.isKept === true);
    if (flags.dot !== undefined && verdict.dot !== undefined) writeFileSync(flags.dot, verdict.dot);
    const name = files.join(" ");
    const out = flags.json ? `${JSON.stringify({ file: name, ...verdict.result }, digits)}\n` : textOf(name, verdict);
    return { status: STATUS[`${verdict.result.valid}`], out, err: "", result: verdict.result };
  } catch (error) {
    if (error instanceof WorthSharing || error instanceof CheckIsOver) throw error;
    if (error instanceof InputError) {
      return { status: WRONG_USAGE, out: "", err: `${error.file ?? file}${error.place}: ${error.message}` };
    }
    if (error instanceof Error && error.name === "NotCapable") {
      return { status: WRONG_USAGE, out: "", err: `${file}: ${error.message}` };
    }
    const message = String(error instanceof Error ? error.message : error).split("\n")[0];
    return { status: PROGRAM_FAILED, out: "", err: `${file}: the check failed: ${message}` };
  }
}

function optionsOf({ flags, model, onRead, sharing }: CheckSettings): JudgeOptions {
  const until = flags.timeout === undefined ? Infinity : performance.now() + flags.timeout * 1000;
  const isLate = (): boolean => performance.now() > until;
  const { share, stop } = sharing?.(isLate) ?? { share: undefined, stop: isLate };
  return {
    model: model ?? flags.model,
    format: flags.format,
    pairs: flags.pairs as "keys" | "values" | undefined,
    order: flags.sort || flags.merge ? "time" : flags["keep-order"] ? "file" : undefined,
    consistencyModel: flags["consistency-model"],
    versionOrder: flags["version-order"],
    nullReads: flags["null-reads"] as "value" | "unknown" | undefined,
    witness: flags.witness,
    all: flags.all,
    dot: flags.dot,
    final: flags.final === undefined ? undefined : readFinalState(flags.final),
    now: () => performance.now(),
    ...(onRead === undefined ? {} : { onRead }),
    ...(flags.timeout === undefined ? {} : { stop }),
    ...(share === undefined ? {} : { share }),
  };
}

/** The file that was read last, if another level of it is to be judged. */
let kept: { readonly name: string; readonly bytes: Uint8Array; input?: Input } | undefined;

/** Judges one level of a file that is read only once. */
function judgeKept(file: string, options: JudgeOptions): FileVerdict {
  const name = JSON.stringify([file, options.format, options.pairs]);
  if (kept?.name !== name) kept = { name, bytes: readAll(file, options.onRead) };
  const read = kept;
  return judgeBytes(read.bytes, options, () => read.input ??= inputOf(read.bytes, options));
}

function judgeFiles(paths: readonly string[], options: JudgeOptions, isKept: boolean): FileVerdict {
  const files = paths.flatMap(filesMeantBy);
  if (files.length > 1) return judgeMerged(files, { ...options, order: "time" });
  const [file = ""] = files;
  const verdict = isKept ? judgeKept(file, options) : judgeFile(file, options);
  return file === paths[0]
    ? verdict
    : withNotes(verdict, [`it is a folder, of which ${basename(file)} was read: ${file}`]);
}

function judgeMerged(files: readonly string[], options: JudgeOptions): FileVerdict {
  const began = options.now();
  const histories = files.map((name): NamedHistory => {
    try {
      return orInputError(() => {
        const raw = readAll(name, options.onRead);
        const bytes = options.format === undefined ? withoutPrefixes(raw).bytes : raw;
        const read = { ...(options.format === undefined ? {} : { format: options.format }) };
        const history = checker.readHistory(
          bytes,
          options.pairs === undefined ? read : { ...read, pairs: options.pairs },
        );
        return { name, history, lineCount: linesIn(bytes) };
      });
    } catch (error) {
      if (error instanceof InputError) error.file = name;
      throw error;
    }
  });
  return orInputError(() => {
    const { history, notes } = merged(histories);
    return judgeInput(inputOfHistory(history, notes), options, began);
  });
}

function linesIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return bytes.length > 0 && bytes.at(-1) !== 10 ? count + 1 : count;
}

/** From this size on, a file is judged while it is read, if possible. */
const LARGE = 64 << 20;

function judgeFile(file: string, options: JudgeOptions): FileVerdict {
  const { onRead } = options;
  if (file === "-" || sizeOf(file) < LARGE) return judgeBytes(readAll(file, onRead), options);
  const beginning = chunksOf(file)() ?? new Uint8Array(0);
  const model = isGzip(beginning) ? undefined : streamedModel(beginning, options);
  const streamed = model === undefined ? undefined : judgeStream(() => chunksOf(file, onRead), model, options);
  return streamed ?? judgeBytes(readAll(file, onRead), options);
}

/** Marks what is to be styled. A worker does not know the terminal. */
const style: checker.Style = (format, text) => `\x01${format}\x02${text}\x03`;

function textOf(file: string, verdict: FileVerdict): string {
  const { valid, format, operations: { ok, fail, info }, parse_ms, check_ms } = verdict.result;
  const word = { true: style("green", "valid"), false: style("red", "invalid"), unknown: style("yellow", "unknown") };
  const counts = `${grouped(ok)} ok, ${grouped(fail)} fail, ${grouped(info)} info`;
  const times = `read as ${format} in ${milliseconds(parse_ms)}, checked in ${milliseconds(check_ms)}`;
  const first = `${style("bold", file)}  ${word[`${valid}`]}  ${verdict.against}: ${counts}  ${
    style("dim", `(${times})`)
  }`;
  return [first, ...verdict.details(style), ""].join("\n");
}

function milliseconds(time: number): string {
  return `${time < 1000 ? time : grouped(Math.round(time))} ms`;
}

/** Integers beyond 2^53 are written as their digits. */
function digits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

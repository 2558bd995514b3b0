/**
 * The command `check FILE...`: judges recorded histories.
 *
 * @module
 */
import { closeSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import {
  CONSISTENCY_MODEL_ALIASES,
  CONSISTENCY_MODELS,
  FORMATS,
  MODEL_NAMES,
  modelByName,
  TRANSACTION_MODELS,
  VERSION_ORDERS,
} from "../../checker/mod.ts";
import {
  type FileVerdict,
  InputError,
  judgeBytes,
  type JudgeOptions,
  misplacedFlag,
  streamedModel,
} from "./check_file.ts";
import { type Chunks, judgeStream } from "./check_stream.ts";
import { grouped } from "../report/report.ts";
import { fileErrorInWords } from "./file_error.ts";
import { type FlagSpec, nearest, parseFlags, UsageError } from "./flags.ts";
import { PROGRAM_FAILED, STATUS, WRONG_USAGE } from "./status.ts";
import type { Terminal } from "./terminal.ts";

/** Every name that `--model` takes. */
const NAMES: readonly string[] = [
  ...new Set([...MODEL_NAMES, "linearizable-counter", "linearizable-set", ...TRANSACTION_MODELS]),
];

/** Every name that `--consistency-model` takes. */
const LEVELS: readonly string[] = [...CONSISTENCY_MODELS, ...Object.keys(CONSISTENCY_MODEL_ALIASES)].sort();

const FLAGS = {
  model: {
    type: "string",
    value: "NAME",
    about: `what the history is held against, if that cannot be found out: ${
      NAMES.join(", ")
    }; registers take an initial value behind a colon`,
  },
  format: { type: "string", oneOf: FORMATS, about: "how the file is written (found out if left out)" },
  timeout: { type: "number", min: 0, about: "seconds after which a file is unknown" },
  json: { type: "boolean", about: "print one object a file, on one line" },
  witness: {
    type: "boolean",
    about:
      "for linearizability: show an order of the operations that explains a valid history (the whole of it with --json)",
  },
  "consistency-model": {
    type: "string",
    value: "NAME",
    about: `for transactions: the level to hold them against (strict-serializable if left out), one of ${
      LEVELS.filter((name) => !/PL-/.test(name)).join(", ")
    }, or one of Adya's, from PL-1 to PL-SS`,
  },
  "version-order": {
    type: "strings",
    value: "NAME",
    about: `for rw-register: where the order of versions may come from, one of ${
      VERSION_ORDERS.join(", ")
    }; once for each`,
  },
  dot: { type: "string", value: "FILE", about: "for transactions: where to write the graph of what is wrong" },
} as const satisfies FlagSpec;

/** The worst first. */
const SEVERITY: readonly number[] = [PROGRAM_FAILED, WRONG_USAGE, 1, 2, 0];

/** Judges every file and returns the worst of their exit statuses. */
export function main(args: string[], terminal: Terminal): Promise<number> {
  return Promise.resolve(check(args, terminal));
}

function check(args: string[], terminal: Terminal): number {
  const { flags, words } = parseFlags(args, FLAGS);
  if (words.length === 0) throw new UsageError("check needs a file, or - for the standard input");
  if (flags["consistency-model"] !== undefined) assertLevel("--consistency-model", flags["consistency-model"]);
  if (flags.model !== undefined) {
    assertModel(flags.model);
    const problem = misplacedFlag(flags.model, {
      consistencyModel: flags["consistency-model"],
      versionOrder: flags["version-order"],
      witness: flags.witness,
      dot: flags.dot,
    });
    if (problem !== undefined) throw new UsageError(problem);
  }
  let worst = 0;
  for (const file of words) {
    const status = checkFile(file, flags, terminal);
    if (SEVERITY.indexOf(status) < SEVERITY.indexOf(worst)) worst = status;
  }
  return worst;
}

function assertModel(name: string): void {
  const [base = "", level] = name.split(":");
  if (TRANSACTION_MODELS.includes(base)) {
    if (level !== undefined && ["list-append", "rw-register"].includes(base)) assertLevel(`--model ${base}:`, level);
    return;
  }
  if (NAMES.includes(base)) {
    try {
      modelByName(name);
      return;
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  }
  const hint = LEVELS.includes(base) && base !== "linearizable"
    ? `; did you mean --model list-append or rw-register with --consistency-model ${base}?`
    : nearest(base, NAMES);
  throw new UsageError(`--model takes one of ${NAMES.join(", ")}, but was given ${JSON.stringify(name)}${hint}`);
}

function assertLevel(flag: string, name: string): void {
  if (LEVELS.includes(name)) return;
  const given = `${flag} takes a consistency model, such as strict-serializable, but was given ${JSON.stringify(name)}`;
  throw new UsageError(`${given}${nearest(name, LEVELS) || `; there are ${LEVELS.join(", ")}`}`);
}

function checkFile(
  file: string,
  flags: ReturnType<typeof parseFlags<typeof FLAGS>>["flags"],
  terminal: Terminal,
): number {
  try {
    terminal.progress(`${file} ...`);
    const until = flags.timeout === undefined ? Infinity : performance.now() + flags.timeout * 1000;
    const verdict = judgeFile(file, {
      model: flags.model,
      format: flags.format,
      consistencyModel: flags["consistency-model"],
      versionOrder: flags["version-order"],
      witness: flags.witness,
      dot: flags.dot,
      now: () => performance.now(),
      stop: () => performance.now() > until,
    });
    if (flags.dot !== undefined && verdict.dot !== undefined) writeFileSync(flags.dot, verdict.dot);
    terminal.out(
      flags.json ? `${JSON.stringify({ file, ...verdict.result }, digits)}\n` : textOf(file, verdict, terminal),
    );
    return STATUS[`${verdict.result.valid}`];
  } catch (error) {
    if (error instanceof InputError) {
      terminal.err(`${file}${error.place}: ${error.message}`);
      return WRONG_USAGE;
    }
    if (error instanceof Error && error.name === "NotCapable") {
      terminal.err(`${file}: ${error.message}`);
      return WRONG_USAGE;
    }
    terminal.err(`${file}: the check failed: ${String(error instanceof Error ? error.message : error).split("\n")[0]}`);
    return PROGRAM_FAILED;
  }
}

function textOf(file: string, verdict: FileVerdict, terminal: Terminal): string {
  const { style } = terminal;
  const { valid, operations: { ok, fail, info }, parse_ms, check_ms } = verdict.result;
  const word = { true: style("green", "valid"), false: style("red", "invalid"), unknown: style("yellow", "unknown") };
  const counts = `${grouped(ok)} ok, ${grouped(fail)} fail, ${grouped(info)} info`;
  const times = style("dim", `(read in ${milliseconds(parse_ms)}, checked in ${milliseconds(check_ms)})`);
  const first = `${style("bold", file)}  ${word[`${valid}`]}  ${verdict.against}: ${counts}  ${times}`;
  return [first, ...verdict.details(style), ""].join("\n");
}

function milliseconds(time: number): string {
  return `${time < 1000 ? time : grouped(Math.round(time))} ms`;
}

/** Integers beyond 2^53 are written as their digits. */
function digits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** From this size on a file is judged while it is read, if it can be. */
const LARGE = 64 << 20;

function judgeFile(file: string, options: JudgeOptions): FileVerdict {
  if (file === "-" || sizeOf(file) < LARGE) return judgeBytes(readAll(file), options);
  const beginning = chunksOf(file)() ?? new Uint8Array(0);
  const model = streamedModel(beginning, options);
  return model === undefined ? judgeBytes(readAll(file), options) : judgeStream(() => chunksOf(file), model, options);
}

/** The size of a file; 0 where there is none to be had, as reading it will say why. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** All bytes of a file, or of the standard input for `-`. */
function readAll(file: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const next = chunksOf(file);
  for (let chunk = next(); chunk !== undefined; chunk = next()) {
    chunks.push(chunk.slice());
    length += chunk.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Hands out a file a megabyte at a time; each chunk is good until the next is asked for. */
function chunksOf(file: string): Chunks {
  let descriptor: number | undefined;
  const buffer = new Uint8Array(1 << 20);
  return () => {
    try {
      descriptor ??= file === "-" ? 0 : openSync(file, "r");
      const count = readChunk(descriptor, buffer);
      if (count > 0) return buffer.subarray(0, count);
      if (descriptor !== 0) closeSync(descriptor);
      return undefined;
    } catch (error) {
      throw new InputError("", `cannot be read: ${fileErrorInWords(error)}`);
    }
  };
}

/** Reads into `chunk`, waiting where the standard input has nothing yet. */
function readChunk(descriptor: number, chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
    }
  }
}

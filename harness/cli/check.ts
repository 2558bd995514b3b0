/**
 * `check FILE...`: judges recorded histories.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import {
  checkLinearizability,
  FormatError,
  HistoryError,
  type LinearizabilityVerdict,
  modelByName,
  readHistory,
  renderLinearizability,
  type Validity,
} from "../../checker/mod.ts";
import { parseFlags, UsageError } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

const STATUS: Readonly<Record<string, number>> = { true: 0, false: 1, unknown: 2 };
const WRONG_INPUT = 254;
/** The worst first. */
const SEVERITY: readonly number[] = [255, WRONG_INPUT, 1, 2, 0];

/** Judges every file and returns the worst of their exit statuses. */
// deno-lint-ignore require-await
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(args, {
    model: { type: "string" },
    format: { type: "string" },
    timeout: { type: "number", min: 0 },
    json: { type: "boolean" },
  });
  if (words.length === 0) throw new UsageError("check needs a file, or - for the standard input");
  let worst = 0;
  for (const file of words) {
    const status = judge(file, flags, terminal);
    if (SEVERITY.indexOf(status) < SEVERITY.indexOf(worst)) worst = status;
  }
  return worst;
}

function judge(
  file: string,
  flags: { model: string | undefined; format: string | undefined; timeout: number | undefined; json: boolean },
  terminal: Terminal,
): number {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    terminal.err(`${file}: cannot be read (${(error as { code?: string }).code ?? "unknown error"})`);
    return WRONG_INPUT;
  }
  try {
    if (bytes.length === 0 && flags.format === undefined) throw new FormatError(1, 1, "the file is empty");
    const began = performance.now();
    const { format, events } = readHistory(bytes, flags.format === undefined ? {} : { format: flags.format });
    const parsed = performance.now();
    const until = flags.timeout === undefined ? Infinity : parsed + flags.timeout * 1000;
    const verdict = checkLinearizability(events, modelByName(flags.model ?? "kv"), {
      stop: () => performance.now() > until,
    });
    const ended = performance.now();
    print(file, format, verdict, parsed - began, ended - parsed, flags.json, terminal);
    return STATUS[String(verdict.valid satisfies Validity)]!;
  } catch (error) {
    if (error instanceof FormatError) terminal.err(`${file}:${error.line}:${error.column}: ${error.message}`);
    else if (error instanceof HistoryError) terminal.err(`${file}: event ${error.position}: ${error.message}`);
    else throw error;
    return WRONG_INPUT;
  }
}

function print(
  file: string,
  format: string,
  verdict: LinearizabilityVerdict,
  parse: number,
  check: number,
  json: boolean,
  terminal: Terminal,
): void {
  if (json) {
    const times = { parse_ms: Math.round(parse * 100) / 100, check_ms: Math.round(check * 100) / 100 };
    const { valid, model, operations, ...rest } = verdict;
    terminal.out(`${JSON.stringify({ file, valid, model, format, operations, ...times, ...rest })}\n`);
  } else terminal.out(`${file}: ${renderLinearizability(verdict, terminal.style)}`);
}

/**
 * Judges a large file of JSON lines while reading it. The memory depends on what is undecided, not on the length of the
 * file.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";
import type { Chunks } from "./check_bytes.ts";
import { type FileVerdict, inferred, type JudgeOptions, linesAfterFirst, rounded, withNotes } from "./check_file.ts";
import { beginningOf, headOf } from "./check_input.ts";
import { placeOfEvents } from "./log_prefix.ts";
import { orInputError } from "./input_error.ts";

/** The model of a large file that can be judged while it is read: JSON lines, and a register model. */
export function streamedModel(beginning: Uint8Array, options: JudgeOptions): string | undefined {
  return orInputError(() => {
    if (options.witness || options.all || options.order !== undefined) return undefined;
    if (options.format === undefined && placeOfEvents(headOf(beginning)) !== undefined) return undefined;
    if ((options.format ?? checker.detectFormat(headOf(beginning))) !== "jsonl") return undefined;
    const history = checker.readHistory(beginningOf(beginning), { format: "jsonl" });
    if (history.pairs !== "values") return undefined;
    const model = options.model ?? inferred({ beginning: () => history }, options);
    if (typeof model !== "string") return undefined;
    return ["register", "cas-register", "kv"].includes(model.split(":")[0]!) ? model : undefined;
  });
}

/**
 * Judges a stream of JSON lines by a model of registers.
 *
 * @param open Opens the file at its beginning. To explain a violation, the file is read a second time, for the faulty
 * key only.
 * @returns Undefined if time goes back in the file: then the whole file must be read first.
 * @throws {InputError} If it is not a valid history.
 */
export function judgeStream(open: () => Chunks, name: string, options: JudgeOptions): FileVerdict | undefined {
  return orInputError(() => {
    const verdict = judge(open, name, options);
    if (verdict?.result.valid !== false || options.nullReads !== undefined) return verdict;
    const other = judge(open, name, { ...options, nullReads: "unknown" });
    if (other?.result.valid !== true) return verdict;
    return withNotes(verdict, [
      "a read of null was taken to mean that there was no value; with --null-reads unknown the history would be valid",
    ]);
  });
}

function judge(open: () => Chunks, name: string, options: JudgeOptions): FileVerdict | undefined {
  const model = checker.modelByName(name, options.nullReads === undefined ? {} : { nullReads: options.nullReads });
  const monitor = new checker.LinearizabilityMonitor(model, options.stop === undefined ? {} : { stop: options.stop });
  const reader = new checker.JsonLinesOperations(monitor.builder);
  let read = 0;
  let checked = 0;
  const next = open();
  for (;;) {
    const began = options.now();
    const chunk = next();
    if (chunk === undefined) reader.finish();
    else reader.push(chunk);
    if (reader.goesBack !== undefined) return undefined;
    const parsed = options.now();
    read += parsed - began;
    if (chunk !== undefined) monitor.settle();
    const verdict = chunk === undefined ? monitor.verdict() : monitor.violation;
    checked += options.now() - parsed;
    if (verdict === undefined) continue;
    const explained = verdict.valid === false ? explainWhole(open, model, verdict, options) : verdict;
    return resultOf(checker.unlessVacuous(explained), name, read, checked);
  }
}

/**
 * Judges the key again from the beginning. The monitor has forgotten operations that were decided long ago, but the
 * violation may involve them.
 */
function explainWhole(
  open: () => Chunks,
  model: checker.AnyModel,
  found: checker.LinearizabilityVerdict,
  options: JudgeOptions,
): checker.LinearizabilityVerdict {
  const builder = new checker.OperationsBuilder();
  const reader = new checker.JsonLinesOperations(builder);
  const key = found.counterexample?.key ?? null;
  const end = found.counterexample?.finePrefix ?? 0;
  const next = open();
  for (let chunk = next(); chunk !== undefined && reader.line <= end; chunk = next()) {
    reader.push(chunk);
    builder.retainKey(key);
  }
  if (reader.line <= end) reader.finish();
  builder.retainKey(key);
  const verdict = checker.checkOperations(
    builder.operations,
    model,
    options.stop === undefined ? {} : { stop: options.stop },
  );
  return verdict.valid === false ? { ...verdict, operations: found.operations } : found;
}

function resultOf(verdict: checker.LinearizabilityVerdict, name: string, read: number, checked: number): FileVerdict {
  const { valid, model: _, operations, ...rest } = verdict;
  const times = { parse_ms: rounded(read), check_ms: rounded(checked) };
  return {
    result: { valid, ...{ model: name, format: "jsonl" }, operations, ...times, ...rest },
    against: name,
    details: (style) => linesAfterFirst(checker.renderLinearizability(verdict, style, "--json")),
  };
}

/**
 * Judges a large file of JSON lines while it is read: memory follows what is undecided, not the length of the file.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";
import { type FileVerdict, type JudgeOptions, linesAfterFirst, orInputError, rounded } from "./check_file.ts";

/** Hands out the next bytes of a file; undefined at its end. */
export type Chunks = () => Uint8Array | undefined;

/**
 * Judges a stream of JSON lines by a model of registers.
 *
 * @param open Opens the file from its beginning; it is read a second time, for the key at fault alone, to explain a violation.
 * @throws {InputError} If it is no history.
 */
export function judgeStream(open: () => Chunks, name: string, options: JudgeOptions): FileVerdict {
  return orInputError(() => judge(open, name, options));
}

function judge(open: () => Chunks, name: string, options: JudgeOptions): FileVerdict {
  const model = checker.modelByName(name);
  const monitor = new checker.LinearizabilityMonitor(model, { stop: options.stop });
  const reader = new checker.JsonLinesOperations(monitor.builder);
  let read = 0;
  let checked = 0;
  const next = open();
  for (;;) {
    const began = options.now();
    const chunk = next();
    if (chunk === undefined) reader.finish();
    else reader.push(chunk);
    const parsed = options.now();
    read += parsed - began;
    if (chunk !== undefined) monitor.settle();
    const verdict = chunk === undefined ? monitor.verdict() : monitor.violation;
    checked += options.now() - parsed;
    if (verdict === undefined) continue;
    const explained = verdict.valid === false ? explainWhole(open, model, verdict, options) : verdict;
    return resultOf(explained, name, read, checked);
  }
}

/** The monitor has forgotten what was decided long ago, which the violation may be about: so the key is judged once more from the beginning. */
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
  const verdict = checker.checkOperations(builder.operations, model, { stop: options.stop });
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

/**
 * Judges the bytes of one file: finds out format and model, and asks the checker that knows them.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";
import type { Style, Validity } from "../../checker/mod.ts";

/** Input that cannot be judged: the command line prints `file:line:column: message` and exits with 254. */
export class InputError extends Error {
  override name = "InputError";
  /** `:line:column`, `:line` or nothing. */
  readonly place: string;

  constructor(place: string, message: string) {
    super(message);
    this.place = place;
  }
}

/** How a file is judged. */
export interface JudgeOptions {
  readonly model: string | undefined;
  readonly format: string | undefined;
  readonly consistencyModel: string | undefined;
  readonly versionOrder: readonly string[];
  readonly witness: boolean;
  /** Where the graph of what is wrong is to be written, if it is. */
  readonly dot: string | undefined;
  /** Milliseconds. */
  readonly now: () => number;
  /** Whether time is up. */
  readonly stop: () => boolean;
}

/** What is wrong with the flags if some mean nothing to the model: passed over in silence they would be taken for answered. */
export function misplacedFlag(
  model: string,
  { consistencyModel, versionOrder, witness, dot }: Pick<
    JudgeOptions,
    "consistencyModel" | "versionOrder" | "witness" | "dot"
  >,
): string | undefined {
  const base = model.split(":")[0]!;
  const graphs = ["list-append", "rw-register"];
  const flags: readonly (readonly [flag: string, isGiven: boolean, models: readonly string[]])[] = [
    ["--consistency-model", consistencyModel !== undefined, graphs],
    ["--version-order", versionOrder.length > 0, ["rw-register"]],
    ["--dot", dot !== undefined, graphs],
  ];
  for (const [flag, isGiven, models] of flags) {
    if (isGiven && !models.includes(base)) return `${flag} is for ${models.join(" and ")}, not for ${model}`;
  }
  if (witness && checker.isTransactionModel(base)) return `--witness is for linearizability, not for ${model}`;
  return undefined;
}

/** A verdict, ready to be printed. */
export interface FileVerdict {
  /** What `--json` prints, without the file's name. */
  readonly result: {
    readonly valid: Validity;
    readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
    readonly parse_ms: number;
    readonly check_ms: number;
  };
  /** What the history was held against, for people. */
  readonly against: string;
  /** What there is to say beside the verdict itself, a line each. */
  readonly details: (style: Style) => string[];
  readonly dot?: string;
}

/**
 * Judges a file.
 *
 * @throws {InputError} If it is no history, or not one of the model.
 */
export function judgeBytes(bytes: Uint8Array, options: JudgeOptions): FileVerdict {
  return orInputError(() => judge(bytes, options));
}

/** What `judging` returns; where the input is to blame for an error, it becomes an `InputError`. */
export function orInputError<Result>(judging: () => Result): Result {
  try {
    return judging();
  } catch (error) {
    if (error instanceof checker.FormatError) throw new InputError(`:${error.line}:${error.column}`, error.message);
    const isInput = error instanceof RangeError || error instanceof SyntaxError ||
      error instanceof checker.HistoryError || doesNotFit(error);
    if (isInput && error instanceof Error) {
      const [, line, what] = /^Cannot judge line (\d+): (.*)$/m.exec(error.message) ?? [];
      throw new InputError(line === undefined ? "" : `:${line}`, what ?? error.message.split("\n")[0]!);
    }
    throw error;
  }
}

function judge(bytes: Uint8Array, options: JudgeOptions): FileVerdict {
  const began = options.now();
  const format = options.format ?? checker.detectFormat(new TextDecoder().decode(bytes.subarray(0, 4096)));
  if (format === "polysi" || format === "awdit") return judgeSessions(bytes, format, options, began);
  if (options.model !== undefined && checker.isTransactionModel(options.model)) {
    return judgeEvents(checker.readHistory(bytes, { format }), options.model, options, began);
  }
  if (format === "jsonl") {
    const model = options.model ?? inferred(checker.readHistory(beginningOf(bytes), { format }).events, options);
    if (checker.isTransactionModel(model)) {
      return judgeEvents(checker.readHistory(bytes, { format }), model, options, began);
    }
    return judgeOperations(checker.readOperations(bytes, { format }), model, options, began);
  }
  const history = checker.readHistory(bytes, { format });
  const model = options.model ?? inferred(history.events, options);
  if (checker.isTransactionModel(model)) return judgeEvents(history, model, options, began);
  return judgeOperations({ format, operations: checker.tableOf(history) }, model, options, began);
}

/** The model of a large file, if it can be judged while it is read: JSON lines, and a model of registers. */
export function streamedModel(beginning: Uint8Array, options: JudgeOptions): string | undefined {
  return orInputError(() => modelOfLarge(beginning, options));
}

function modelOfLarge(beginning: Uint8Array, options: JudgeOptions): string | undefined {
  const format = options.format ?? checker.detectFormat(new TextDecoder().decode(beginning.subarray(0, 4096)));
  if (format !== "jsonl" || options.witness) return undefined;
  const model = options.model ?? inferred(checker.readHistory(beginningOf(beginning), { format }).events, options);
  return ["register", "cas-register", "kv"].includes(model.split(":")[0]!) ? model : undefined;
}

function inferred(events: readonly checker.HistoryEvent[], options: JudgeOptions): string {
  const found = checker.inferModel(events);
  if ("model" in found) {
    const problem = misplacedFlag(found.model, options);
    if (problem === undefined) return found.model;
    throw new InputError("", `${problem}, for which it is taken; --model NAME says what it is`);
  }
  const { question, models } = found;
  const answer = models.length > 0
    ? `say ${models.map((model) => `--model ${model}`).join(" or ")}`
    : `no model knows them (${[...new Set([...checker.MODEL_NAMES, ...checker.TRANSACTION_MODELS])].join(", ")})`;
  throw new InputError("", `cannot tell what it should be held against: ${question}; ${answer}`);
}

/** The first lines, enough to see what kind of operations there are. */
function beginningOf(bytes: Uint8Array): Uint8Array {
  const enough = 1 << 16;
  if (bytes.length <= enough) return bytes;
  const end = bytes.lastIndexOf(10, enough);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function judgeOperations(
  { format, operations }: checker.ReadOperations,
  name: string,
  options: JudgeOptions,
  began: number,
): FileVerdict {
  const parsed = options.now();
  const model = checker.modelByName(name, { nullReadsAnything: format === "edn" });
  let decided = parsed;
  const verdict = checker.checkOperations(operations, model, {
    stop: options.stop,
    witness: options.witness,
    decided: () => decided = options.now(),
  });
  const explained = verdict.valid === false ? { explain_ms: rounded(options.now() - decided) } : {};
  const times = { parse_ms: rounded(parsed - began), check_ms: rounded(decided - parsed), ...explained };
  const { valid, model: _, operations: counts, ...rest } = verdict;
  return {
    result: { valid, ...{ model: name, format }, operations: counts, ...times, ...rest },
    against: name,
    details: (style) => linesAfterFirst(checker.renderLinearizability(verdict, style, "--json")),
  };
}

function judgeEvents(
  { format, events, lines }: checker.ReadHistory,
  model: string,
  options: JudgeOptions,
  began: number,
): FileVerdict {
  try {
    return judgeTransactions({ events }, format, model, options, began);
  } catch (error) {
    if (!doesNotFit(error)) throw error;
    const line = lines[positionOf(error.message, events)];
    throw new InputError(line === undefined ? "" : `:${line}`, error.message.split("\n")[0]!);
  }
}

/** Whether a checker of transactions says so of a history. Engines throw a TypeError too, but for faults of the program. */
function doesNotFit(error: unknown): error is TypeError {
  return error instanceof TypeError && error.message.startsWith("Cannot judge");
}

/** The event that a message is about: it names it by its index. */
function positionOf(message: string, events: readonly checker.HistoryEvent[]): number {
  const number = /\bevent (\d+)/.exec(message)?.[1];
  return number === undefined ? -1 : events.findIndex((event) => event.index === Number(number));
}

function judgeSessions(bytes: Uint8Array, format: string, options: JudgeOptions, began: number): FileVerdict {
  const read = format === "polysi" ? checker.parsePolysi : checker.parseAwdit;
  const model = options.model ?? "rw-register";
  return judgeTransactions({ sessions: read(new TextDecoder().decode(bytes)) }, format, model, options, began);
}

function judgeTransactions(
  input: checker.TransactionInput,
  format: string,
  model: string,
  options: JudgeOptions,
  began: number,
): FileVerdict {
  const parsed = options.now();
  const { consistencyModel, versionOrder } = options;
  const judged = checker.checkTransactionModel(model, input, {
    ...(consistencyModel === undefined ? {} : { consistencyModel }),
    ...(versionOrder.length === 0 ? {} : { versionOrder: versionOrder.flatMap(checker.parseVersionOrder) }),
    // As for the linearizable models: in Jepsen's own notation a second invocation leaves the first one unknown.
    ...(format === "edn" ? { mayReinvoke: true } : {}),
    stop: options.stop,
  });
  const times = { parse_ms: rounded(parsed - began), check_ms: rounded(options.now() - parsed) };
  // A checker that misses reads cannot miss them where nothing was done.
  const { reason: _reason, ...others } = judged;
  const verdict = input.events?.length === 0 ? { ...others, valid: true as const } : judged;
  const { valid, model: _, ...rest } = verdict;
  const level = "consistencyModel" in verdict ? `, ${verdict.consistencyModel}` : "";
  return {
    result: { valid, ...{ model, format }, ...times, ...rest },
    against: `${model.split(":")[0]}${level}`,
    details: () => indented(linesAfterFirst(checker.renderTransactionVerdict(verdict))),
    ...("dot" in verdict && verdict.dot !== undefined ? { dot: verdict.dot } : {}),
  };
}

/** The lines of a report after its first, which says what a check's own first line says. */
export function linesAfterFirst(report: string): string[] {
  return report.trimEnd().split("\n").slice(1);
}

/** Paragraphs as details: all but the first, which is indented already. */
function indented(lines: readonly string[]): string[] {
  const first = lines.includes("") ? lines.indexOf("") : lines.length;
  return lines.map((line, i) => i > first && line !== "" ? `  ${line}` : line);
}

/** Milliseconds as verdicts show them. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

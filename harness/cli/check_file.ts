/**
 * Judges one history: detects its format and model, and calls the right checker.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";
import type { Style, Validity } from "../../checker/mod.ts";
import { type Input, inputOf, type ReadFlags } from "./check_input.ts";
import { type FinalState, withFinalState } from "./check_final.ts";
import { doesNotFit, InputError, orInputError } from "./input_error.ts";
import type { OnRead } from "./reading.ts";
import { versionOrders } from "./version_orders.ts";

/** The options of judging a file. */
export interface JudgeOptions extends ReadFlags {
  /** The name of a model, or a user's own model. */
  readonly model: string | checker.AnyModel | undefined;
  readonly consistencyModel: string | undefined;
  readonly versionOrder: readonly string[];
  readonly nullReads: "value" | "unknown" | undefined;
  readonly witness: boolean;
  /** Whether all minimal counterexamples are to be shown. */
  readonly all?: boolean;
  /** Where the graph of what is wrong is to be written, if it is. */
  readonly dot: string | undefined;
  /** The final state of the system, if it is known. */
  readonly final: FinalState | undefined;
  /** Whether an empty history is accepted. */
  readonly mayBeEmpty?: boolean;
  /** The current time in milliseconds. */
  readonly now: () => number;
  /** Called while a file is read. */
  readonly onRead?: OnRead;
  /** Whether time is up; left out if there is no limit. */
  readonly stop?: () => boolean;
  /** Shares searches with other workers; left out if this one does them all. */
  readonly share?: checker.Share;
}

/**
 * The message if some flags have no meaning for the model. If they were ignored, the user would believe that they had
 * an effect.
 */
export function misplacedFlag(
  model: string,
  { consistencyModel, versionOrder, nullReads, witness, all, dot }: Pick<
    JudgeOptions,
    "consistencyModel" | "versionOrder" | "nullReads" | "witness" | "all" | "dot"
  >,
): string | undefined {
  const base = model.split(":")[0]!;
  const graphs = ["list-append", "rw-register"];
  const flags: readonly (readonly [flag: string, isGiven: boolean, models: readonly string[]])[] = [
    ["--consistency-model", consistencyModel !== undefined, graphs],
    ["--version-order", versionOrder.length > 0, ["rw-register"]],
    ["--dot", dot !== undefined, graphs],
    ["--null-reads", nullReads !== undefined, checker.MODELS_WITH_NULL_READS],
  ];
  for (const [flag, isGiven, models] of flags) {
    if (isGiven && !models.includes(base)) return `${flag} is for ${models.join(" and ")}, not for ${model}`;
  }
  if (!checker.isTransactionModel(base)) return undefined;
  if (witness) return `--witness is for linearizability, not for ${model}`;
  if (all === true) return `--all is for linearizability, not for ${model}`;
  return undefined;
}

/** A verdict, ready to be printed. */
export interface FileVerdict {
  /** The JSON for `--json`, without the file's name. */
  readonly result: {
    readonly valid: Validity;
    readonly format: string;
    readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
    readonly parse_ms: number;
    readonly check_ms: number;
    /** Decisions that the reader should know about. */
    readonly notes?: readonly string[];
  };
  /** The model, for people. */
  readonly against: string;
  /** Additional lines for people, besides the verdict. */
  readonly details: (style: Style) => string[];
  readonly dot?: string;
}

/**
 * Judges a file.
 *
 * @param read Reads the history from the bytes.
 * @throws {InputError} If it is not a valid history, does not fit the model, or has two possible meanings with
 * different verdicts.
 */
export function judgeBytes(
  bytes: Uint8Array,
  asked: JudgeOptions,
  read: () => Input = () => inputOf(bytes, asked),
): FileVerdict {
  return orInputError(() => {
    const began = asked.now();
    // If the format is given, an empty file means that nothing happened. Otherwise an empty history is probably a
    // mistake.
    const options = isBlank(bytes) ? { ...asked, mayBeEmpty: true } : asked;
    return judgeInput(read(), options, began);
  });
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte <= 32);
}

/**
 * Judges a history that was read.
 *
 * @param began When reading began.
 */
export function judgeInput(input: Input, options: JudgeOptions, began: number): FileVerdict {
  if (input.kind === "sessions") {
    const model = modelName(options) ?? "rw-register";
    return judgeTransactions({ sessions: input.sessions }, { ...input, model, began }, options);
  }
  const verdict = inItsOrder(input, options, began);
  return withNotes(verdict, input.notes);
}

/**
 * Judges a history in the order of the file, or of time. If time goes back in the file, both orders must give the same
 * verdict.
 */
function inItsOrder(input: Exclude<Input, { kind: "sessions" }>, options: JudgeOptions, began: number): FileVerdict {
  const goesBack = input.goesBack();
  if (options.order === "time") {
    const { history, ties } = checker.sortedByTime(input.history());
    const verdict = judgeHistory({ ...input, table: undefined, history: () => history }, options, began);
    const tied = ties === 1 ? "1 time is shared" : `${ties} times are shared`;
    return withNotes(
      verdict,
      ties === 0 ? [] : [`${tied} by events of several clients, whose operations overlap there`],
    );
  }
  if (options.order === undefined) assertOneRun(input);
  const verdict = judgeHistory(input, options, began);
  if (goesBack === undefined || options.order === "file") return verdict;
  const { line, since } = goesBack;
  const what = `time goes back, to before that of line ${since}`;
  const flags = "--sort sorts by time, --keep-order keeps the file's order";
  let other: FileVerdict;
  try {
    const { history } = checker.sortedByTime(input.history());
    other = judgeHistory({ ...input, table: undefined, history: () => history }, options, options.now());
  } catch (error) {
    if (!(error instanceof checker.FormatError)) throw error;
    throw new InputError(`${what}, and the times give no order: line ${error.line}: ${error.message}; ${flags}`, line);
  }
  const words = { true: "valid", false: "invalid", unknown: "unknown" } as const;
  const [byFile, byTime] = [words[`${verdict.result.valid}`], words[`${other.result.valid}`]];
  if (byFile !== byTime) {
    throw new InputError(
      `${what}: the verdict is ${byFile} in the file's order, but ${byTime} if sorted by time; ${flags}`,
      line,
    );
  }
  const kept = `the file's order was used; sorted by time, the verdict is ${byTime} too`;
  return withNotes(verdict, [`on line ${line} time goes back, to before that of line ${since}: ${kept}`]);
}

/** Refuses several runs in one file: what one left behind, the next one has never seen. */
function assertOneRun(input: EventsInput): void {
  const found = input.indexGoesBack();
  if (found === undefined || input.goesBack() !== undefined) return;
  const what = `the index goes back to ${found.index}, after that of line ${found.since}`;
  throw new InputError(
    `${what}: is it the beginning of another run? Judge each run alone; --keep-order judges all as one history`,
    found.line,
  );
}

type EventsInput = Exclude<Input, { kind: "sessions" }>;

/**
 * Judges a history in which pairs may be keys with values, or plain values. If both are possible, both must give the
 * same verdict.
 */
function judgeHistory(input: EventsInput, options: JudgeOptions, began: number): FileVerdict {
  if (input.table === undefined && input.history().pairs === "unclear") {
    const asValues = judgeWithNulls(input, options, began);
    const history = checker.withKeys(input.history());
    const asKeys = judgeWithNulls({ ...input, history: () => history }, options, options.now());
    if (asValues.result.valid === asKeys.result.valid) return asValues;
    const question = "it is unclear whether [1 2] means the value 2 of the key 1, or a value that is a pair";
    throw new InputError(`${question}, and the verdict depends on it; say --pairs keys or --pairs values`);
  }
  return judgeWithNulls(input, options, began);
}

/** Judges a history, and adds a note if the verdict depends on the meaning of null reads. */
function judgeWithNulls(read: EventsInput, options: JudgeOptions, began: number): FileVerdict {
  const model = modelOf(read, options);
  const input = options.final === undefined ? read : withFinalReads(read, model, options.final);
  const verdict = judgeOnce(input, model, options, began);
  if (options.nullReads !== undefined || typeof model !== "string") return verdict;
  if (!checker.MODELS_WITH_NULL_READS.includes(model.split(":")[0]!)) return verdict;
  const { valid } = verdict.result;
  const rule = nullRuleOf(model, input.format);
  // A stricter meaning of null can only make a history invalid, a weaker one only valid.
  if (valid === "unknown" || valid === (rule === "value") || !hasNullReads(input)) return verdict;
  const otherRule = rule === "value" ? "unknown" : "value";
  const other = judgeOnce(
    input,
    model,
    { ...options, nullReads: otherRule, witness: false, all: false },
    options.now(),
  );
  if (other.result.valid !== !valid) return verdict;
  const meaning = rule === "value" ? "that there was no value" : "that the value is unknown, as in Knossos";
  const verb = valid ? "invalid" : "valid";
  return withNotes(verdict, [
    `a read of null was taken to mean ${meaning}; with --null-reads ${otherRule} the history would be ${verb}`,
  ]);
}

/** The history with reads of the final state appended. */
function withFinalReads(input: EventsInput, model: string | checker.AnyModel, final: FinalState): EventsInput {
  const history = withFinalState(input.history(), typeof model === "string" ? model : model.name, final);
  return { ...input, table: undefined, history: () => history };
}

function nullRuleOf(model: string, format: string): "value" | "unknown" {
  const base = model.split(":")[0]!;
  if (base === "multi-register") return "unknown";
  return base !== "kv" && checker.isJepsens(format) ? "unknown" : "value";
}

function hasNullReads(input: EventsInput): boolean {
  const isNullRead = (f: string, value: unknown): boolean => {
    if (f === "get" || f === "read" || f === "r") return (value ?? null) === null;
    return Array.isArray(value) && value.some((each) => Array.isArray(each) && each.length > 2 && each[2] === null);
  };
  const { table } = input;
  if (table === undefined) {
    return input.history().events.some(({ type, f, value }) => type === "ok" && isNullRead(f, value));
  }
  for (let row = 0; row < table.length; row++) {
    if (table.returned[row]! >= 0 && isNullRead(table.names[table.name[row]!]!, table.resultOf(row))) return true;
  }
  return false;
}

/** The model that was asked for, or the inferred one. */
function modelOf(input: EventsInput, options: JudgeOptions): string | checker.AnyModel {
  return options.model ?? inferred(input, options);
}

function modelName({ model }: JudgeOptions): string | undefined {
  return typeof model === "object" ? model.name : model;
}

/**
 * Infers the model of a history from its operations.
 *
 * @throws {InputError} If the operations leave it open.
 */
export function inferred(input: Pick<EventsInput, "beginning">, options: JudgeOptions): string {
  const { events, lines, pairs } = input.beginning();
  const found = checker.inferModel(events, pairs === "keys");
  const known = [...new Set([...checker.MODEL_NAMES, ...checker.TRANSACTION_MODELS])];
  if ("model" in found && (known.includes(found.model.split(":")[0]!) || found.model.startsWith("linearizable-"))) {
    const problem = misplacedFlag(found.model, options);
    if (problem === undefined) return found.model;
    throw new InputError(`${problem}, which is the inferred model; --model NAME sets another one`);
  }
  const { question, models, event } = "model" in found
    ? { question: `it looks like ${found.model}`, models: [], event: undefined }
    : { event: undefined, ...found };
  const possible = models.filter((model) => known.includes(model) || model.startsWith("linearizable-"));
  const answer = possible.length > 0
    ? `say ${possible.map((model) => `--model ${model}`).join(" or ")}`
    : `no model knows them (${known.join(", ")})`;
  const line = event === undefined || event < 0 ? undefined : lines[event];
  throw new InputError(`the model cannot be inferred: ${question}; ${answer}`, line);
}

function judgeOnce(
  input: EventsInput,
  model: string | checker.AnyModel,
  options: JudgeOptions,
  began: number,
): FileVerdict {
  if (typeof model === "string" && checker.isTransactionModel(model)) {
    return judgeEvents(input.history(), { ...input, model, began }, options);
  }
  // A user's model may need the times of events, which only the whole history has.
  const asksForTimes = typeof model !== "string" || model.split(":")[0] === "lease";
  const table = asksForTimes ? undefined : input.table;
  const operations = table ?? checker.tableOf(input.history());
  return judgeOperations({ format: input.format, operations }, model, options, began);
}

function judgeOperations(
  { format, operations }: checker.ReadOperations,
  asked: string | checker.AnyModel,
  options: JudgeOptions,
  began: number,
): FileVerdict {
  const parsed = options.now();
  if (typeof asked === "string" && asked.split(":")[0] === "kv") assertKeys(operations);
  const { nullReads } = options;
  const model = typeof asked !== "string" ? asked : checker.modelByName(asked, {
    nullReadsAnything: checker.isJepsens(format),
    ...(nullReads === undefined ? {} : { nullReads }),
  });
  let decided = parsed;
  const judged = checker.checkOperations(operations, model, {
    ...(options.stop === undefined ? {} : { stop: options.stop }),
    ...(options.share === undefined ? {} : { share: options.share }),
    witness: options.witness,
    all: options.all === true,
    decided: () => decided = options.now(),
  });
  const verdict = options.mayBeEmpty ? judged : checker.unlessVacuous(judged);
  const explained = verdict.valid === false ? { explain_ms: rounded(options.now() - decided) } : {};
  const times = { parse_ms: rounded(parsed - began), check_ms: rounded(decided - parsed), ...explained };
  const { valid, model: _, operations: counts, ...rest } = verdict;
  const name = typeof asked === "string" ? asked : asked.name;
  return {
    result: { valid, ...{ model: name }, format, operations: counts, ...times, ...rest },
    against: name,
    details: (style) => linesAfterFirst(checker.renderLinearizability(verdict, style, "--json")),
  };
}

/** Refuses an operation without a key where others have one: it was forgotten, and would be a key of its own. */
function assertKeys(table: checker.Operations): void {
  let hasKeys = false, lacking = -1;
  for (let row = 0; row < table.length; row++) {
    const name = table.names[table.name[row]!]!;
    if (table.keys.at(table.key[row]!) !== null) hasKeys = true;
    else if (name !== "scan" && lacking < 0) lacking = row;
  }
  if (!hasKeys || lacking < 0) return;
  const place = table.invoked[lacking]!;
  const line = table.countsLines ? place : table.lineOf?.[place];
  throw new InputError(`the ${table.names[table.name[lacking]!]} has no key, but other operations have one`, line);
}

/** The parts of a transaction model's name. */
interface Asked {
  readonly format: string;
  readonly model: string;
  readonly began: number;
}

function judgeEvents({ events, lines }: checker.ReadHistory, asked: Asked, options: JudgeOptions): FileVerdict {
  try {
    const verdict = judgeTransactions({ events }, asked, options);
    const isSmall = !["list-append", "rw-register"].includes(asked.model.split(":")[0]!);
    return isSmall && verdict.result.valid === false ? withNotes(verdict, linesOfEvents(events, lines)) : verdict;
  } catch (error) {
    if (!doesNotFit(error)) throw error;
    const { event } = error.place;
    const position = event === undefined ? -1 : events.findIndex(({ index }, i) => (index ?? i) === event);
    throw new InputError(error.message.split("\n")[0]!, lines[position]);
  }
}

/** On which lines the events stand that the verdict names by their indexes, if one number tells. */
function linesOfEvents(events: checker.ReadHistory["events"], lines: readonly number[]): string[] {
  const offset = lines[0]! - (events[0]!.index ?? 0);
  const isEven = events.every(({ index }, i) => lines[i] === (index ?? i) + offset);
  return isEven ? [`event N stands on line ${offset === 0 ? "N" : `N + ${offset}`}`] : [];
}

function judgeTransactions(input: checker.TransactionInput, asked: Asked, options: JudgeOptions): FileVerdict {
  const { model, format, began } = asked;
  const parsed = options.now();
  const { consistencyModel, versionOrder } = options;
  const judged = checker.checkTransactionModel(model, input, {
    ...(consistencyModel === undefined ? {} : { consistencyModel }),
    ...(versionOrder.length === 0 ? {} : { versionOrder: versionOrder.flatMap(versionOrders) }),
    // As for linearizable models: in Jepsen's own notation, a second invocation leaves the first one unknown.
    ...(checker.isJepsens(format) ? { mayReinvoke: true } : {}),
    ...(options.stop === undefined ? {} : { stop: options.stop }),
  });
  const times = { parse_ms: rounded(parsed - began), check_ms: rounded(options.now() - parsed) };
  const verdict = options.mayBeEmpty ? judged : checker.unlessVacuous(judged);
  const { valid, model: _, ...rest } = verdict;
  const level = "consistencyModel" in verdict ? `, ${verdict.consistencyModel}` : "";
  return {
    result: { valid, ...{ model }, format, ...times, ...rest },
    against: `${model.split(":")[0]}${level}`,
    details: () => indented(linesAfterFirst(checker.renderTransactionVerdict(verdict))),
    ...("dot" in verdict && verdict.dot !== undefined ? { dot: verdict.dot } : {}),
  };
}

/** Adds notes to a verdict. */
export function withNotes(verdict: FileVerdict, notes: readonly string[]): FileVerdict {
  if (notes.length === 0) return verdict;
  const before = verdict.result.notes ?? [];
  return {
    ...verdict,
    result: { ...verdict.result, notes: [...before, ...notes] },
    details: (style) => [...trimmed(verdict.details(style)), ...notes.map((note) => `  note: ${note}`)],
  };
}

function trimmed(lines: string[]): string[] {
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** The lines of a report without the first, which repeats the check's own first line. */
export function linesAfterFirst(report: string): string[] {
  return report.trimEnd().split("\n").slice(1);
}

/** Indents all paragraphs except the first, which is indented already. */
function indented(lines: readonly string[]): string[] {
  const first = lines.includes("") ? lines.indexOf("") : lines.length;
  return lines.map((line, i) => i > first && line !== "" ? `  ${line}` : line);
}

/** Milliseconds as verdicts show them. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

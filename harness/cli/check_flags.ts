/**
 * The flags of `check`, and their valid combinations.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";
import { misplacedFlag } from "./check_file.ts";
import { OUTCOME_FLAGS } from "./outcomes.ts";
import { HTML_FLAG } from "./pages.ts";
import { type FlagSpec, nearest, parseFlags, UsageError } from "./flags.ts";
import { versionOrders } from "./version_orders.ts";

/** All names for `--model`. */
const NAMES: readonly string[] = [
  ...new Set([
    ...checker.MODEL_NAMES,
    "linearizable-counter",
    "linearizable-set",
    ...checker.TRANSACTION_MODELS,
  ]),
];

/** All names for `--consistency-model`. */
const LEVELS: readonly string[] = [
  ...checker.CONSISTENCY_MODELS,
  ...Object.keys(checker.CONSISTENCY_MODEL_ALIASES),
].sort();

const FLAGS = {
  model: {
    type: "string",
    value: "NAME",
    about: `the model, if it cannot be inferred: ${
      NAMES.join(", ")
    }, or the path of a module that exports a model; registers take an initial value after a colon`,
  },
  format: { type: "string", oneOf: checker.FORMATS, about: "the file's format (detected if left out)" },
  formats: { type: "boolean", about: "show three lines of each format" },
  timeout: { type: "number", min: 0, about: "seconds after which a file's verdict is unknown" },
  json: { type: "boolean", about: "print one object per file, each on one line" },
  witness: {
    type: "boolean",
    about: "for linearizability: show an order of the operations that explains a valid history " +
      "(the complete order with --json)",
  },
  all: {
    type: "boolean",
    about: "for linearizability: show all minimal counterexamples, as far as they are found within the timeout",
  },
  "null-reads": {
    type: "string",
    oneOf: ["value", "unknown"],
    about: "the meaning of a read of null: there is no value, or the value is unknown, as in Jepsen's registers",
  },
  pairs: {
    type: "string",
    oneOf: ["keys", "values"],
    about:
      "the meaning of a pair in place of a value: a key with its value, as jepsen.independent writes them, or a value",
  },
  sort: { type: "boolean", about: "sort the events by their times" },
  "keep-order": { type: "boolean", about: "keep the order of the file, even if its times are not in order" },
  merge: { type: "boolean", about: "join all files into one history, sorted by time" },
  "consistency-model": {
    type: "strings",
    value: "NAME",
    about: `for transactions: the level to check (strict-serializable if left out), one of ${
      LEVELS.filter((name) => !/PL-/.test(name)).join(", ")
    }, or one of Adya's, from PL-1 to PL-SS; repeat the flag for several`,
  },
  "version-order": {
    type: "strings",
    value: "NAME",
    about: `for rw-register: a source of the order of versions, one of ${
      checker.VERSION_ORDERS.join(", ")
    }; repeat the flag for several`,
  },
  final: {
    type: "string",
    value: "FILE",
    about:
      "the system's final state, as JSON or EDN: an object by key, or one list or number; it counts as a last read",
  },
  dot: {
    type: "string",
    value: "FILE",
    about: "for transactions: write the dependency graph of the violations to this file",
  },
  html: HTML_FLAG,
  ...OUTCOME_FLAGS,
  jobs: {
    type: "integer",
    min: 1,
    about: "number of cores for several files, several levels, or the keys of a file (all cores if left out)",
  },
} as const satisfies FlagSpec;

/** The parsed flags of `check`. */
export interface CheckFlags {
  readonly model: string | undefined;
  readonly format: string | undefined;
  readonly formats: boolean;
  /** Seconds. */
  readonly timeout: number | undefined;
  readonly json: boolean;
  readonly witness: boolean;
  readonly all: boolean;
  readonly "null-reads": string | undefined;
  readonly pairs: string | undefined;
  readonly sort: boolean;
  readonly "keep-order": boolean;
  readonly merge: boolean;
  readonly "consistency-model": string | undefined;
  readonly "version-order": readonly string[];
  readonly final: string | undefined;
  readonly dot: string | undefined;
  readonly html: string | undefined;
  readonly junit: string | undefined;
  readonly annotations: boolean;
  readonly jobs: number | undefined;
}

/** What the arguments ask for. */
interface Asked {
  /** The flags; the consistency model is the first one. */
  readonly flags: CheckFlags;
  readonly files: readonly string[];
  /** The consistency models, if any were given. */
  readonly levels: readonly string[];
}

/**
 * Parses the arguments of `check`.
 *
 * @throws {UsageError} If a flag is unknown, or flags do not go together.
 */
export function checkFlags(args: readonly string[]): Asked {
  const { flags: given, words } = parseFlags(args, FLAGS);
  const levels = given["consistency-model"];
  const flags = { ...given, "consistency-model": levels[0] };
  if (flags.formats) return { flags, files: words, levels };
  if (words.length === 0) throw new UsageError("check needs a file, or - for the standard input");
  assertLevels(levels, flags);
  if (flags["keep-order"] && (flags.sort || flags.merge)) {
    throw new UsageError(`--keep-order and --${flags.sort ? "sort" : "merge"} exclude each other`);
  }
  if (flags.html !== undefined && words.length > 1 && !flags.merge) {
    throw new UsageError("--html takes one history; report takes several");
  }
  for (const text of flags["version-order"]) checkVersionOrder(text);
  if (flags.merge && words.length < 2) throw new UsageError("--merge takes several files of one run");
  if (flags.model !== undefined && !isPath(flags.model)) {
    assertModel(flags.model);
    const problem = misplacedFlag(flags.model, {
      consistencyModel: flags["consistency-model"],
      versionOrder: flags["version-order"],
      nullReads: flags["null-reads"] as "value" | "unknown" | undefined,
      witness: flags.witness,
      all: flags.all,
      dot: flags.dot,
    });
    if (problem !== undefined) throw new UsageError(problem);
  }
  return { flags, files: words, levels };
}

/** Whether the value of `--model` is the path of a module. */
export function isPath(model: string): boolean {
  return /[\\/]|\.[cm]?[jt]s$/.test(model) && !model.includes(":{");
}

function assertModel(name: string): void {
  const [base = "", level] = name.split(":");
  if (checker.TRANSACTION_MODELS.includes(base)) {
    if (level === undefined || !["list-append", "rw-register"].includes(base)) return;
    const asked = inUsage(() => checker.parseTransactionModel(name));
    if (asked.consistencyModel !== undefined) assertLevel(`--model ${base}:`, asked.consistencyModel);
    return;
  }
  if (NAMES.includes(base)) {
    inUsage(() => checker.modelByName(name));
    return;
  }
  const hint = LEVELS.includes(base) && base !== "linearizable"
    ? `; did you mean --model list-append or rw-register with --consistency-model ${base}?`
    : nearest(base, NAMES);
  throw new UsageError(`--model takes one of ${NAMES.join(", ")}, but was given ${JSON.stringify(name)}${hint}`);
}

/** The result of `parse`; an error becomes a UsageError. */
function inUsage<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function assertLevels(
  levels: readonly string[],
  { dot, html }: { dot: string | undefined; html: string | undefined },
): void {
  for (const level of levels) assertLevel("--consistency-model", level);
  const repeated = levels.find((level, i) => levels.indexOf(level) < i);
  if (repeated !== undefined) throw new UsageError(`--consistency-model ${repeated} is given twice`);
  if (levels.length < 2) return;
  if (dot !== undefined) throw new UsageError("--dot takes one --consistency-model");
  if (html !== undefined) throw new UsageError("--html takes one --consistency-model");
}

function assertLevel(flag: string, name: string): void {
  if (LEVELS.includes(name)) return;
  const given = `${flag} takes a consistency model, such as strict-serializable, but was given ${JSON.stringify(name)}`;
  throw new UsageError(`${given}${nearest(name, LEVELS) || `; there are ${LEVELS.join(", ")}`}`);
}

function checkVersionOrder(text: string): void {
  try {
    versionOrders(text);
  } catch (error) {
    throw new UsageError(`--version-order: ${(error as RangeError).message}`);
  }
}

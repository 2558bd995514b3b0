/**
 * The file of a recorded run: its setup, its schedule, and its outcome.
 *
 * @module
 */
import type { Validity } from "../../checker/mod.ts";
import { SEVERITY } from "../nemesis/kind.ts";
import type { ScheduledFault } from "../nemesis/nemesis.ts";
import type { ScheduledOperation } from "./generator.ts";
import type { Schedule } from "./schedule.ts";
import { firstMisshapen } from "./shape.ts";
import { parseFault } from "../nemesis/faults.ts";
import type { RunSetup } from "./setup.ts";
import type { Target } from "./target.ts";

/** A recorded run. */
export interface RunFile {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** The command that made the run. */
  readonly origin: string;
  readonly setup: RunSetup;
  readonly schedule: Schedule;
  /** The outcome. */
  readonly expected: {
    readonly valid: Validity;
    /** The checks that failed. */
    readonly failed: readonly string[];
    readonly history_sha256: string;
  };
}

const FORMAT = "kaya-raft run";
const VERSION = 2;

/** Makes a recorded run, ready for writing. */
export function runFile(parts: Omit<RunFile, "format" | "version">): RunFile {
  return { format: FORMAT, version: VERSION, ...parts };
}

/** The text of the file, with one operation or fault a line, so that two files can be compared. */
export function encodeRunFile(file: RunFile): string {
  const list = (items: readonly unknown[]): string =>
    items.length === 0 ? "[]" : `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
  const { schedule, ...rest } = file;
  const head = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${head.join(",\n")},\n  "faults": ${list(schedule.faults)},\n  "operations": ${
    list(schedule.operations)
  }\n}\n`;
}

/**
 * Parses the text of a file.
 *
 * @throws {SyntaxError} If it is not a recorded run; the message says what was expected.
 */
export function parseRunFile(text: string): RunFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SyntaxError("it is not JSON; expected a file of shrink --out, or run.json of run --out");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError("it is not a JSON object; expected a file of shrink --out, or run.json of run --out");
  }
  const file = value as Record<string, unknown>;
  if (file["format"] !== FORMAT) {
    const found = file["format"] === undefined
      ? "it names no format"
      : `its format is ${JSON.stringify(file["format"])}`;
    throw new SyntaxError(
      `${found}, but ${JSON.stringify(FORMAT)} was expected, which shrink --out and run --out write`,
    );
  }
  if (file["version"] !== VERSION) {
    throw new SyntaxError(`its version is ${JSON.stringify(file["version"])}, but ${VERSION} was expected`);
  }
  const { setup, expected, faults, operations, origin } = file;
  const misshapen = firstMisshapen("setup", setup, LIKE);
  if (misshapen !== null) throw new SyntaxError(misshapen);
  if (typeof (expected as RunFile["expected"] | undefined)?.history_sha256 !== "string") {
    throw new SyntaxError("the expected result of the run is missing");
  }
  return runFile({
    origin: String(origin),
    setup: setup as RunSetup,
    schedule: {
      faults: timed("faults", faults, checkFault),
      operations: timed("operations", operations, checkOperation),
    },
    expected: expected as RunFile["expected"],
  });
}

/** Lets a target parse its own part of a file's setup. */
export function checkSystem(file: RunFile, target: Target): RunFile {
  const { system } = file.setup;
  return { ...file, setup: { ...file.setup, system: target.parseSetup?.(system) ?? system } };
}

/** Parses a list of items that each have a time. */
function timed<T extends { readonly at: number }>(
  name: string,
  list: unknown,
  check: (item: T) => void,
): readonly T[] {
  if (!Array.isArray(list)) throw new SyntaxError(`${name} is not a list`);
  list.forEach((item: T | null, i) => {
    if (!Number.isSafeInteger(item?.at)) {
      throw new SyntaxError(`${name}[${i}] has no time: a whole number "at" was expected`);
    }
    try {
      check(item!);
    } catch (error) {
      throw new SyntaxError(`${name}[${i}]: ${(error as Error).message}`);
    }
  });
  return list;
}

function checkFault({ fault, lasts }: ScheduledFault): void {
  parseFault(fault);
  if (lasts !== null && !Number.isSafeInteger(lasts)) throw new SyntaxError('"lasts" is a whole number or null');
}

function checkOperation({ client, node, operation }: ScheduledOperation): void {
  for (const [field, value] of [["client", client], ["node", node]] as const) {
    if (!Number.isSafeInteger(value)) throw new SyntaxError(`"${field}" is a whole number`);
  }
  if (typeof operation?.f !== "string") throw new SyntaxError('"operation" has the name of what is asked, "f"');
}

/** A setup that serves as an example for the types of its fields. The target parses its own part. */
const LIKE: Omit<RunSetup, "system"> = {
  target: "sim",
  seed: 0,
  nodes: 3,
  concurrency: 1,
  timeLimit: 1,
  workload: "kv",
  workloadOptions: { keys: 1, skew: 1, readShare: 0.5 },
  rate: 1,
  bursts: false,
  kinds: [],
  interval: 1,
  severity: SEVERITY,
  finalReads: true,
};

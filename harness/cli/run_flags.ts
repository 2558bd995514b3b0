/**
 * The flags that say what a run is, for every command that makes runs.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { FAULT_KINDS, FAULTS, isFaultKind } from "../nemesis/faults.ts";
import { type NemesisSpec, nemesisText, parseNemesis } from "../nemesis/spec.ts";
import { DEFAULT_NODES, DEFAULT_OPTIONS, type RunOptions } from "../run/options.ts";
import { READ_MODES, type ReadMode } from "../../server/replica/client.ts";
import { ALL_WORKLOADS, WORKLOAD_NAMES } from "../workloads/workloads.ts";
import { nearest, UsageError } from "./flags.ts";

interface NumberFlag<Type extends "integer" | "number"> {
  readonly type: Type;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly about: string;
}
interface TextFlag {
  readonly type: "string";
  readonly default: string;
  readonly oneOf?: readonly string[];
  readonly value?: string;
  readonly about: string;
}

/** A drawn seed is below this: short enough to be typed again. */
const SEEDS = 1_000_000;

/** The type of `RUN_FLAGS`. */
export interface RunFlagSpec {
  readonly seed: { readonly type: "integer"; readonly min: number; readonly max: number; readonly about: string };
  readonly nemesis: TextFlag;
  readonly "nemesis-interval": NumberFlag<"number">;
  readonly workload: TextFlag;
  readonly nodes: Omit<NumberFlag<"integer">, "default">;
  readonly concurrency: NumberFlag<"integer">;
  readonly rate: NumberFlag<"number">;
  readonly keys: NumberFlag<"integer">;
  readonly "read-share": Omit<NumberFlag<"number">, "default">;
  readonly "time-limit": NumberFlag<"number">;
  readonly reads: { readonly type: "string"; readonly oneOf: readonly string[]; readonly about: string };
}

const { nemesis, nemesisInterval, workload, concurrency, rate, keys, timeLimit } = DEFAULT_OPTIONS;

/** The flags of a run, as `parseFlags` takes them. */
export const RUN_FLAGS: RunFlagSpec = {
  seed: {
    type: "integer",
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    about: "what everything random follows from; drawn and printed if left out",
  },
  nemesis: {
    type: "string",
    default: nemesis,
    value: "FAULTS",
    about: "faults with commas between them, as in partition:ring,kill; or none; or all, of which each seed draws",
  },
  "nemesis-interval": {
    type: "number",
    default: nemesisInterval,
    min: 0.1,
    max: 86_400,
    about: "seconds from one fault to the next",
  },
  workload: {
    type: "string",
    default: workload,
    oneOf: [...WORKLOAD_NAMES, ALL_WORKLOADS],
    about: "what clients do; with all, what the seed draws",
  },
  nodes: {
    type: "integer",
    min: 1,
    max: 99,
    about: `how many nodes there are at first: ${DEFAULT_NODES}, or with the nemesis all what the seed draws`,
  },
  concurrency: { type: "integer", default: concurrency, min: 1, max: 10_000, about: "how many clients there are" },
  rate: {
    type: "number",
    default: rate,
    min: 0.01,
    max: 1_000_000,
    about: "operations a second, of all clients together, as far as they are free to ask",
  },
  keys: { type: "integer", default: keys, min: 1, max: 1_000_000, about: "how many keys there are" },
  "read-share": {
    type: "number",
    min: 0,
    max: 1,
    about: "the share of operations that change nothing: a half, or with the nemesis all what the seed draws",
  },
  "time-limit": {
    type: "number",
    default: timeLimit,
    min: 0.001,
    max: 86_400,
    about: "seconds for which clients and nemesis are at work; virtual ones in the simulator",
  },
  reads: {
    type: "string",
    oneOf: READ_MODES,
    about: "how reads are done: index if left out; local shows stale reads, and how they are caught",
  },
};

/** What `parseFlags` makes of `RUN_FLAGS`. */
export type RunFlagValues = {
  readonly [Name in keyof RunFlagSpec]: RunFlagSpec[Name] extends { type: "string"; default: string } ? string
    : RunFlagSpec[Name] extends { type: "string" } ? string | undefined
    : RunFlagSpec[Name] extends { default: number } ? number
    : number | undefined;
};

/** The options that flags ask for; the seed is drawn where none is given. */
export function optionsOf(flags: RunFlagValues): RunOptions {
  return {
    seed: flags.seed ?? randomInt(SEEDS),
    // As it is written best: without spaces, so that the command that runs it again can be typed as it is told.
    nemesis: nemesisText(nemesisOf(flags.nemesis)),
    nemesisInterval: flags["nemesis-interval"],
    workload: flags.workload,
    nodes: flags.nodes ?? null,
    concurrency: flags.concurrency,
    rate: flags.rate,
    keys: flags.keys,
    readShare: flags["read-share"] ?? null,
    timeLimit: flags["time-limit"],
    reads: (flags.reads ?? null) as ReadMode | null,
  };
}

function nemesisOf(text: string): NemesisSpec {
  try {
    return parseNemesis(text);
  } catch (error) {
    throw new UsageError(`--nemesis: ${(error as Error).message}${nearestFault(text)}`);
  }
}

/** What was probably meant by the first fault, or shape of one, that there is not. */
function nearestFault(text: string): string {
  for (const word of text.split(",")) {
    const [kind = "", shape = ""] = word.trim().split(":");
    if (!isFaultKind(kind)) return nearest(kind, [...FAULT_KINDS, "none", "all"]);
    const { shapes } = FAULTS[kind];
    if (shape !== "" && !shapes.includes(shape)) return nearest(shape, shapes, `${kind}:`);
  }
  return "";
}

/**
 * The flags that say what a run is, for every command that makes runs.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { parseNemesis } from "../nemesis/spec.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "../options.ts";
import { READ_MODES, type ReadMode } from "../server/client.ts";
import { WORKLOAD_NAMES } from "../workloads/workloads.ts";
import { UsageError } from "./flags.ts";

interface Integer {
  readonly type: "integer";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
interface Decimal {
  readonly type: "number";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
interface Text {
  readonly type: "string";
  readonly default: string;
  readonly oneOf?: readonly string[];
}

/** The type of `RUN_FLAGS`. */
export interface RunFlagSpec {
  readonly seed: { readonly type: "integer"; readonly min: number };
  readonly nemesis: Text;
  readonly "nemesis-interval": Decimal;
  readonly workload: Text;
  readonly nodes: Integer;
  readonly concurrency: Integer;
  readonly rate: Decimal;
  readonly keys: Integer;
  readonly "time-limit": Decimal;
  readonly reads: Text;
}

/** The flags of a run, as `parseFlags` takes them. */
export const RUN_FLAGS: RunFlagSpec = {
  seed: { type: "integer", min: 0 },
  nemesis: { type: "string", default: DEFAULT_OPTIONS.nemesis },
  "nemesis-interval": { type: "number", default: DEFAULT_OPTIONS.nemesisInterval, min: 0.1, max: 86_400 },
  workload: { type: "string", default: DEFAULT_OPTIONS.workload, oneOf: WORKLOAD_NAMES },
  nodes: { type: "integer", default: DEFAULT_OPTIONS.nodes, min: 1, max: 99 },
  concurrency: { type: "integer", default: DEFAULT_OPTIONS.concurrency, min: 1, max: 10_000 },
  rate: { type: "number", default: DEFAULT_OPTIONS.rate, min: 0.01, max: 1_000_000 },
  keys: { type: "integer", default: DEFAULT_OPTIONS.keys, min: 1, max: 1_000_000 },
  "time-limit": { type: "number", default: DEFAULT_OPTIONS.timeLimit, min: 0.001, max: 86_400 },
  reads: { type: "string", default: DEFAULT_OPTIONS.reads, oneOf: READ_MODES },
};

/** What `parseFlags` makes of `RUN_FLAGS`. */
export type RunFlagValues = {
  readonly [Name in keyof RunFlagSpec]: RunFlagSpec[Name] extends Text ? string
    : RunFlagSpec[Name] extends Integer | Decimal ? number
    : number | undefined;
};

/** The options that flags ask for; the seed is drawn where none is given. */
export function optionsOf(flags: RunFlagValues): RunOptions {
  try {
    parseNemesis(flags.nemesis);
  } catch (error) {
    throw new UsageError(`--nemesis: ${(error as Error).message}`);
  }
  return {
    seed: flags.seed ?? randomInt(2 ** 31),
    nemesis: flags.nemesis,
    nemesisInterval: flags["nemesis-interval"],
    workload: flags.workload,
    nodes: flags.nodes,
    concurrency: flags.concurrency,
    rate: flags.rate,
    keys: flags.keys,
    timeLimit: flags["time-limit"],
    reads: flags.reads as ReadMode,
  };
}

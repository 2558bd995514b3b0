/**
 * The flags of a run, for every command that makes runs.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { FAULT_KINDS, FAULTS, isFaultKind } from "../nemesis/faults.ts";
import { type NemesisSpec, nemesisText, parseNemesis } from "../nemesis/spec.ts";
import { ALL_WORKLOADS, DEFAULT_NODES, DEFAULT_OPTIONS, type RunOptions } from "../run/options.ts";
import type { FlagSpec, FlagValues } from "../run/flag.ts";
import { type RunSetup, setupOf } from "../run/setup.ts";
import type { Target } from "../run/target.ts";
import { TargetError } from "../run/target_error.ts";
import { loadTarget, TARGET_NAMES, targetsWithFlag } from "../targets/targets.ts";
import { thisCommand } from "./command.ts";
import { nearest, type ParsedFlags, parseFlags, UsageError } from "./flags.ts";

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

/** A random seed is below this, so it is short enough to type. */
const SEEDS = 1_000_000;

/** The type of `RUN_FLAGS`. */
interface RunFlagSpec {
  readonly seed: { readonly type: "integer"; readonly min: number; readonly max: number; readonly about: string };
  readonly nemesis: TextFlag;
  readonly "nemesis-interval": NumberFlag<"number">;
  readonly target: TextFlag;
  readonly workload: Omit<TextFlag, "default"> & { readonly short: "w" };
  readonly nodes: Omit<NumberFlag<"integer">, "default">;
  readonly concurrency: NumberFlag<"integer">;
  readonly rate: NumberFlag<"number">;
  readonly keys: NumberFlag<"integer">;
  readonly "read-share": Omit<NumberFlag<"number">, "default">;
  readonly "time-limit": NumberFlag<"number">;
}

const { target, nemesis, nemesisInterval, concurrency, rate, keys, timeLimit } = DEFAULT_OPTIONS;

/** The flags of a run, for `parseFlags`. */
export const RUN_FLAGS: RunFlagSpec = {
  seed: {
    type: "integer",
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    about: "the seed of everything random; drawn and printed if left out",
  },
  nemesis: {
    type: "string",
    default: nemesis,
    value: "FAULTS",
    about: "faults separated by commas, as in partition:ring,kill; or none; or all: each seed draws its faults",
  },
  "nemesis-interval": {
    type: "number",
    default: nemesisInterval,
    min: 0.1,
    max: 86_400,
    about: "seconds from one fault to the next",
  },
  target: {
    type: "string",
    default: target,
    value: "NAME",
    about: `the system under test: ${TARGET_NAMES.join(", ")}, or the path of your own module`,
  },
  workload: {
    type: "string",
    short: "w",
    about: "what clients do; with all, each seed draws a workload",
  },
  nodes: {
    type: "integer",
    min: 1,
    max: 99,
    about: `the initial number of nodes; ${DEFAULT_NODES} if left out, or drawn by the seed under --nemesis all`,
  },
  concurrency: { type: "integer", default: concurrency, min: 1, max: 10_000, about: "number of clients" },
  rate: {
    type: "number",
    default: rate,
    min: 0.01,
    max: 1_000_000,
    about: "operations per second of all clients together, unless all of them wait for answers",
  },
  keys: { type: "integer", default: keys, min: 1, max: 1_000_000, about: "number of keys" },
  "read-share": {
    type: "number",
    min: 0,
    max: 1,
    about: "the share of reads among the operations; 0.5 if left out, or drawn by the seed under --nemesis all",
  },
  "time-limit": {
    type: "number",
    default: timeLimit,
    min: 0.001,
    max: 86_400,
    about: "seconds during which clients and nemesis work; virtual seconds in the simulator",
  },
};

/** The values that `parseFlags` returns for `RUN_FLAGS`. */
type RunFlagValues = {
  readonly [Name in keyof RunFlagSpec]: RunFlagSpec[Name] extends { type: "string"; default: string } ? string
    : RunFlagSpec[Name] extends { type: "string" } ? string | undefined
    : RunFlagSpec[Name] extends { default: number } ? number
    : number | undefined;
};

/** The parsed arguments of a command that makes runs. */
interface RunArguments<Spec extends FlagSpec> extends ParsedFlags<Spec> {
  readonly target: Target;
  readonly options: RunOptions;
}

/**
 * Parses the arguments of a command that makes runs: its own flags, and those of the target named by `--target`.
 *
 * @throws {UsageError} If a flag is wrong, the target cannot be loaded, or the target does not support something that
 * was asked for.
 */
export async function parseRunArguments<const Spec extends FlagSpec & RunFlagSpec>(
  args: readonly string[],
  spec: Spec,
): Promise<RunArguments<Spec>> {
  const at = args.indexOf("--");
  const [given, rest] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at + 1)];
  const target = await targetOf(flagIn(given, "target", DEFAULT_OPTIONS.target), flagIn(given, "app", ""));
  const own = target.respell?.(given) ?? given;
  const workloads = Object.keys(target.workloads);
  const workload = { ...spec.workload, default: workloads[0]!, oneOf: [...workloads, ALL_WORKLOADS] };
  const nemesis = spec.nemesis.default === DEFAULT_OPTIONS.nemesis && target.usualNemesis !== undefined
    ? { ...spec.nemesis, default: target.usualNemesis }
    : spec.nemesis;
  const all = { ...spec, workload, nemesis, ...target.flags } as unknown as Spec;
  await refuseForeignFlags(own, all, target);
  refuseWords(rest, target);
  const { flags, words } = parseFlags(own, all);
  const values = flags as unknown as RunFlagValues;
  const options = optionsOf(values, target, targetFlags(target, flags, rest));
  try {
    setupOf(target, options);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
  return { flags, words, target, options };
}

/**
 * Gives a clear error for a flag of another target.
 *
 * @throws {UsageError} If there is such a flag.
 */
async function refuseForeignFlags(args: readonly string[], spec: FlagSpec, target: Target): Promise<void> {
  for (const arg of args) {
    const flag = /^--([^=]+)/.exec(arg)?.[1];
    if (flag === undefined || Object.hasOwn(spec, flag) || flag === "help") continue;
    const owners = await targetsWithFlag(flag);
    if (owners.length === 0) continue;
    const own = `a flag of the target${owners.length > 1 ? "s" : ""} ${owners.join(" and ")}`;
    const why = flag === "clock" ? `, whose nodes ${timeInWords(target)}` : "";
    throw new UsageError(`--${flag} is ${own}, not of ${target.name}${why}`);
  }
}

/**
 * Gives a clear error for words after a lone `--` that the target would ignore: a flag there would have no effect.
 *
 * @throws {UsageError} If there are any.
 */
function refuseWords([first]: readonly string[], target: Target): void {
  if (first === undefined || target.takesWords === true) return;
  const name = /^--([^=]+)/.exec(first)?.[1];
  const hint = name !== undefined && Object.hasOwn(target.flags, name) ? `: write --${name} before the --` : "";
  throw new UsageError(`The target ${target.name} takes no words after --, but ${first} was given${hint}`);
}

/** The kind of time of a target that cannot choose it: it does not depend on the setup. */
function timeInWords(target: Target): string {
  return target.time({}) === "real" ? "run in real time" : "are on the virtual clock as it is";
}

/** The command line for a run. Targets other than the simulator need more permissions on Deno. */
export function commandOf({ target }: RunOptions): string {
  return thisCommand(target === "sim" ? undefined : "-A");
}

/** Loads the target with this name, and suggests another name if it was mistyped. */
async function targetOf(name: string, app: string): Promise<Target> {
  try {
    return await loadTarget(name, app === "" ? undefined : app);
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    // The error may concern the app, or a target that exists.
    const hint = app === "" && !TARGET_NAMES.includes(name) ? nearest(name, TARGET_NAMES) : "";
    throw new UsageError(`${error.message}${hint}`);
  }
}

/** Loads the target of a recorded run. */
export function targetOfRecorded({ target, system }: RunSetup): Promise<Target> {
  const { app } = (system ?? {}) as { readonly app?: string | null };
  return targetOf(target, app ?? "");
}

/** The value of a flag that decides which other flags exist. Those are parsed later. */
function flagIn(args: readonly string[], flag: string, usual: string): string {
  const at = args.findIndex((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
  if (at < 0) return usual;
  const [, inline] = args[at]!.split(/=(.*)/s);
  const value = inline ?? args[at + 1];
  if (value === undefined || value === "" || (inline === undefined && value.startsWith("-"))) {
    throw new UsageError(`--${flag} needs a value`);
  }
  return value;
}

/** The values of a target's own flags, without those that equal their default. */
function targetFlags(target: Target, flags: Readonly<Record<string, unknown>>, rest: readonly string[]): FlagValues {
  const given: Record<string, FlagValues[string]> = {};
  for (const [name, flag] of Object.entries(target.flags)) {
    const value = flags[name] as FlagValues[string];
    const isUsual = value === undefined || value === false || ("default" in flag && value === flag.default);
    if (!isUsual && !(Array.isArray(value) && value.length === 0)) given[name] = value;
  }
  if (rest.length > 0) given["--"] = rest;
  return given;
}

/** The options of a run from the flags. Picks a seed if none is given. */
function optionsOf(values: RunFlagValues, target: Target, flags: FlagValues): RunOptions {
  const { workload } = values;
  return {
    seed: values.seed ?? randomInt(SEEDS),
    target: values.target,
    // In its shortest form, without spaces, so the command that repeats the run can be typed as printed.
    nemesis: nemesisText(nemesisOf(values.nemesis, target)),
    nemesisInterval: values["nemesis-interval"],
    workload: workload === Object.keys(target.workloads)[0] ? null : workload ?? null,
    nodes: values.nodes ?? null,
    concurrency: values.concurrency,
    rate: values.rate,
    keys: values.keys,
    readShare: values["read-share"] ?? null,
    timeLimit: values["time-limit"],
    flags,
  };
}

function nemesisOf(text: string, { name, faults }: Target): NemesisSpec {
  let spec: NemesisSpec;
  try {
    spec = parseNemesis(text);
  } catch (error) {
    throw new UsageError(`--nemesis: ${(error as Error).message}${nearestFault(text)}`);
  }
  const foreign = spec === "swarm" ? undefined : spec.find(({ kind }) => !faults.includes(kind));
  if (foreign === undefined) return spec;
  const suffered = faults.length === 0 ? "no faults" : faults.join(", ");
  throw new UsageError(`--nemesis ${foreign.kind}: the target ${name} supports ${suffered}`);
}

/** Suggests the fault, or shape, that was probably meant by the first unknown one. */
function nearestFault(text: string): string {
  for (const word of text.split(",")) {
    const [kind = "", shape = ""] = word.trim().split(":");
    if (!isFaultKind(kind)) return nearest(kind, [...FAULT_KINDS, "none", "all"]);
    const { shapes } = FAULTS[kind];
    if (shape !== "" && !shapes.includes(shape)) return nearest(shape, shapes, `${kind}:`);
  }
  return "";
}

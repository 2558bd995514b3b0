/**
 * The complete setup of a run. What its options leave open gets its usual value, or, in a swarm, one drawn from the
 * seed.
 *
 * A swarm (Groce and others, "Swarm Testing", 2012) finds more than runs with all faults at once, because without some
 * faults the others get further.
 *
 * @module
 */
import { createRandom, type Random } from "../../raft/mod.ts";
import type { FaultKind } from "../nemesis/faults.ts";
import { SEVERITY, type Severity } from "../nemesis/kind.ts";
import { type FaultSpec, parseNemesis } from "../nemesis/spec.ts";
import type { Workload, WorkloadOptions } from "../workloads/workload.ts";
import { ALL_WORKLOADS, DEFAULT_NODES, type RunOptions } from "./options.ts";
import type { FlagValues } from "./flag.ts";
import type { Target } from "./target.ts";

/** The complete setup of a run. It can be written as JSON. */
export interface RunSetup {
  /** The system under test, as given by `--target`. */
  readonly target: string;
  /** The target's own setup. */
  readonly system: unknown;
  /** The seed of what is drawn during the run. */
  readonly seed: number;
  /** How many nodes there are at first. */
  readonly nodes: number;
  /** How many clients there are. */
  readonly concurrency: number;
  /** For how many seconds clients and nemesis work. */
  readonly timeLimit: number;
  /** The workload's name. */
  readonly workload: string;
  /** The options of the workload. */
  readonly workloadOptions: WorkloadOptions;
  /** Operations a second, of all clients together. */
  readonly rate: number;
  /** Whether operations come in waves. */
  readonly bursts: boolean;
  /** The kinds of faults that the nemesis draws from. */
  readonly kinds: readonly FaultSpec[];
  /** Seconds from one fault to the next. */
  readonly interval: number;
  /** How hard the faults strike. */
  readonly severity: Severity;
  /** Whether there are last reads; without them a run is shorter, and proves less. */
  readonly finalReads: boolean;
}

/** The part that a swarm draws for every target. */
type Drawn = Pick<
  RunSetup,
  "timeLimit" | "nodes" | "workloadOptions" | "rate" | "bursts" | "kinds" | "interval" | "severity"
>;

/**
 * The setup for the given options.
 *
 * @throws {RangeError} If the target does not have the workload, does not suffer a fault, or has no such value for one
 * of its flags.
 */
export function setupOf(target: Target, options: RunOptions): RunSetup {
  const { seed, concurrency, timeLimit } = options;
  const spec = parseNemesis(options.nemesis);
  const random = createRandom(seed).split("setup");
  const workload = workloadName(target, options.workload, random);
  const known = { target: options.target, seed, concurrency, timeLimit, workload, finalReads: true };
  if (spec === "swarm") return { ...known, ...drawSwarm(target, random, options, workload) };
  for (const { kind } of spec) refuseUnsuffered(target, kind);
  const system = target.setup({ flags: withDefaults(target, options.flags), workload, swarm: null });
  return {
    ...known,
    system,
    nodes: options.nodes ?? DEFAULT_NODES,
    workloadOptions: { keys: options.keys, skew: 1, readShare: options.readShare ?? 0.5 },
    rate: options.rate,
    bursts: false,
    kinds: spec,
    interval: options.nemesisInterval,
    severity: target.severity?.(system) ?? SEVERITY,
  };
}

/** Makes the workload of a run. */
export function workloadOf(target: Target, setup: RunSetup): Workload {
  return makerOf(target, setup.workload)(setup.workloadOptions, setup.system);
}

function withDefaults(target: Target, flags: FlagValues): FlagValues {
  const defaults: Record<string, FlagValues[string]> = {};
  for (const [name, flag] of Object.entries(target.flags)) {
    if ("default" in flag) defaults[name] = flag.default;
  }
  return { ...defaults, ...flags };
}

function workloadName(target: Target, asked: string | null, random: Random): string {
  const names = Object.keys(target.workloads);
  if (asked === ALL_WORKLOADS) return pick(random, names);
  const name = asked ?? names[0]!;
  makerOf(target, name);
  return name;
}

function makerOf(target: Target, name: string): Target["workloads"][string] {
  const names = Object.keys(target.workloads);
  if (!names.includes(name)) {
    throw new RangeError(
      `Unknown workload ${JSON.stringify(name)}: the target ${target.name} has ${names.join(", ")}`,
    );
  }
  return target.workloads[name]!;
}

function refuseUnsuffered(target: Target, kind: FaultKind): void {
  if (target.faults.includes(kind)) return;
  const suffered = target.faults.length === 0 ? "no faults" : target.faults.join(", ");
  throw new RangeError(`The target ${target.name} does not support the fault ${kind}: it supports ${suffered}`);
}

/** The target draws from a separate stream, so its draws and the others do not affect each other. */
function drawSwarm(
  target: Target,
  random: Random,
  options: RunOptions,
  workload: string,
): Drawn & { readonly system: unknown } {
  const flags = withDefaults(target, options.flags);
  const system = target.setup({ flags, workload, swarm: random.split("system") });
  const severity = target.severity?.(system) ?? SEVERITY;
  return { system, ...drawRun(random.split("run"), options, severity, target.draws?.(system) ?? target.faults) };
}

/**
 * The durations of runs, as shares of the time limit. Under a given setup, a bug shows in the first seconds or never.
 * So many short runs find more than a few long ones.
 */
const TIME_SHARES = [1 / 12, 1 / 12, 1 / 12, 1 / 12, 1 / 12, 1 / 12, 1 / 6, 1 / 6, 1 / 6, 1 / 3, 1 / 3, 1];
/** A run has about this many faults, however short it is. */
const FAULTS_MIN = 10;
/** Small clusters lose their quorum soonest. Large ones are rare, because each message costs time. */
const NODES = [1, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 6, 7, 8, 9];

/**
 * The values that a swarm may choose for an option: often the usual one, sometimes one so small, or so large, that its
 * limit is reached constantly. The options are drawn independently of each other.
 */
function drawRun(
  random: Random,
  options: RunOptions,
  severity: Severity,
  kinds: readonly FaultKind[],
): Drawn {
  const timeLimit = Math.ceil(100 * options.timeLimit * pick(random, TIME_SHARES)) / 100;
  return {
    timeLimit,
    nodes: options.nodes ?? pick(random, NODES),
    workloadOptions: {
      keys: pick(random, [options.keys, options.keys, 1]),
      skew: 1 + random.below(3),
      readShare: options.readShare ?? pick(random, [0.2, 0.5, 0.8, 0.97]),
    },
    rate: options.rate * pick(random, [0.25, 0.5, 1, 1, 1.5]),
    bursts: random.below(4) === 0,
    kinds: drawKinds(random, kinds),
    interval: Math.min(options.nemesisInterval * pick(random, [0.1, 0.25, 0.5, 1, 1, 2]), timeLimit / FAULTS_MIN),
    severity: { ...severity, loss: pick(random, [0.05, 0.3, 0.6]) },
  };
}

/** Chooses each kind with an even chance, and at least one that always finds a victim. */
function drawKinds(random: Random, kinds: readonly FaultKind[]): FaultSpec[] {
  if (kinds.length === 0) return [];
  const always = (["partition", "kill", "packets", "clock"] as const).filter((kind) => kinds.includes(kind));
  const sure = pick(random, always.length > 0 ? always : kinds);
  return kinds.filter((kind) => random.below(2) === 0 || kind === sure).map((kind) => ({ kind, shape: null }));
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

/**
 * The setup of the target `maelstrom` for one run, and its flags.
 *
 * @module
 */
import { CONSISTENCY_MODEL_ALIASES, CONSISTENCY_MODELS } from "../../../checker/mod.ts";
import type { FlagSpec, FlagValues } from "../../run/flag.ts";
import type { SetupRequest } from "../../run/target.ts";
import { LATENCY_DISTRIBUTIONS, type LatencyDistribution } from "./latency.ts";
import { findProgram } from "./program.ts";
import { TOPOLOGIES, type TopologyName } from "./topology.ts";

/** The nodes, network and goals of a run. It is plain JSON. */
export interface MaelstromSetup {
  /** The program's absolute path and its arguments: one process for each node. */
  readonly argv: readonly [string, ...string[]];
  /** `real`: nodes run in real time. `lockstep`: nodes that use a helper file run on the virtual clock. */
  readonly clock: "real" | "lockstep";
  /** The workload's name, which decides what clients send to nodes. */
  readonly workload: string;
  /**
   * The mean latency between nodes, in milliseconds; `null` for the usual one: none in real time, about 0.5 ms in
   * lockstep.
   */
  readonly latency: number | null;
  /** The distribution of latencies around the mean. */
  readonly latencyDist: LatencyDistribution;
  /** The neighbours of each node, for the workload `broadcast`. */
  readonly topology: TopologyName;
  /** The share of operations that must succeed, from 0 to 1; `null` if there is no such goal. */
  readonly availability: number | null;
  /** The consistency models that transactions are checked for. */
  readonly consistencyModels: readonly string[];
  /** How many keys there are; `null` for the run's number. */
  readonly keyCount: number | null;
  /** The maximum number of steps in a transaction. */
  readonly maxTxnLength: number;
  /** After how many writes a key is no longer used. */
  readonly maxWritesPerKey: number;
  /** How many seconds a client waits for an answer. */
  readonly requestTimeout: number;
  /** How many seconds a node has to answer `init`. */
  readonly startTimeout: number;
  /** Whether the nodes' standard error is shown. */
  readonly logStderr: boolean;
}

const CLOCKS = ["real", "lockstep"] as const;
/** In real time, compilers and virtual machines need time to start. */
const START_TIMEOUT_REAL = 30;
/** In lockstep, a node that never says that it is idle must be distinguished from a slow start. */
const START_TIMEOUT_LOCKSTEP = 4;

/** The flags of `--target maelstrom`. */
export const MAELSTROM_FLAGS: FlagSpec = {
  bin: { type: "string", value: "NODE", about: "a node's program; the words after -- are its arguments" },
  clock: {
    type: "string",
    default: "real",
    oneOf: CLOCKS,
    about: "lockstep: nodes with a helper file run on the virtual clock",
  },
  latency: { type: "number", min: 0, max: 60_000, about: "mean latency between nodes, in ms" },
  "latency-dist": {
    type: "string",
    default: "constant",
    oneOf: LATENCY_DISTRIBUTIONS,
    about: "the distribution of latencies",
  },
  topology: {
    type: "string",
    default: TOPOLOGIES[0]!,
    oneOf: TOPOLOGIES,
    about: "the neighbours of each node in broadcast",
  },
  availability: { type: "string", value: "SHARE", about: "the share of operations that must succeed, or total" },
  "consistency-models": {
    type: "string",
    value: "NAMES",
    about: "the consistency models of transactions, separated by commas",
  },
  "key-count": { type: "integer", min: 1, max: 1_000_000, about: "as --keys" },
  "max-txn-length": {
    type: "integer",
    default: 4,
    min: 1,
    max: 100,
    about: "maximum number of steps in a transaction",
  },
  "max-writes-per-key": {
    type: "integer",
    default: 16,
    min: 1,
    max: 1_000_000,
    about: "maximum number of writes per key; then a new key is used",
  },
  "request-timeout": {
    type: "number",
    default: 2,
    min: 0.01,
    max: 3600,
    about: "seconds that a client waits for an answer",
  },
  "start-timeout": { type: "number", min: 0.1, max: 3600, about: "seconds within which a node must answer init" },
  "log-stderr": { type: "boolean", about: "print the nodes' standard error" },
};

/**
 * Makes the setup from the flags.
 *
 * @throws {RangeError} If a value is impossible; the message names the flag.
 */
export function maelstromSetup({ flags, workload }: SetupRequest): MaelstromSetup {
  const bin = flags["bin"];
  if (typeof bin !== "string") throw new RangeError("--target maelstrom needs --bin, the program of a node");
  const clock = flags["clock"] as MaelstromSetup["clock"];
  const startTimeout = clock === "lockstep" ? START_TIMEOUT_LOCKSTEP : START_TIMEOUT_REAL;
  return {
    argv: [findProgram(bin), ...wordsOf(flags)],
    clock,
    workload,
    latency: numberOr(flags["latency"], null),
    latencyDist: flags["latency-dist"] as LatencyDistribution,
    topology: flags["topology"] as TopologyName,
    availability: availabilityOf(flags["availability"]),
    consistencyModels: modelsOf(flags["consistency-models"]),
    keyCount: numberOr(flags["key-count"], null),
    maxTxnLength: flags["max-txn-length"] as number,
    maxWritesPerKey: flags["max-writes-per-key"] as number,
    requestTimeout: flags["request-timeout"] as number,
    startTimeout: numberOr(flags["start-timeout"], startTimeout),
    logStderr: flags["log-stderr"] === true,
  };
}

function wordsOf(flags: FlagValues): readonly string[] {
  return (flags["--"] ?? []) as readonly string[];
}

function numberOr<Other>(value: unknown, other: Other): number | Other {
  return typeof value === "number" ? value : other;
}

function availabilityOf(value: unknown): number | null {
  if (value === undefined) return null;
  if (value === "total") return 1;
  const share = /^(0|1|0?\.\d+|1\.0+)$/.test(String(value)) ? Number(value) : NaN;
  if (share >= 0 && share <= 1) return share;
  throw new RangeError(`--availability takes total, or a share from 0 to 1, but was given ${JSON.stringify(value)}`);
}

function modelsOf(value: unknown): readonly string[] {
  if (value === undefined) return ["strict-serializable"];
  const known = [...CONSISTENCY_MODELS, ...Object.keys(CONSISTENCY_MODEL_ALIASES)];
  const names = String(value).split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = names.find((name) => !known.includes(name));
  if (names.length > 0 && unknown === undefined) return names;
  throw new RangeError(
    `--consistency-models takes names with commas between them, such as read-committed, but was given ${
      JSON.stringify(unknown ?? value)
    }`,
  );
}

/**
 * Parses a setup from a run file.
 *
 * @throws {SyntaxError} If it is not a setup.
 */
export function parseMaelstromSetup(value: unknown): MaelstromSetup {
  const wrong = (field: string, expected: string): SyntaxError =>
    new SyntaxError(`its setup.system.${field} is wrong: ${expected} was expected`);
  if (typeof value !== "object" || value === null) throw new SyntaxError("its setup.system is missing");
  const setup = value as Record<keyof MaelstromSetup, unknown>;
  const isTexts = (list: unknown): boolean => Array.isArray(list) && list.every((each) => typeof each === "string");
  if (!isTexts(setup.argv) || (setup.argv as string[]).length === 0) throw wrong("argv", "a program and its arguments");
  if (!isTexts(setup.consistencyModels)) throw wrong("consistencyModels", "a list of names");
  const isOneOf = (names: readonly unknown[], name: unknown): boolean => names.includes(name);
  if (!isOneOf(CLOCKS, setup.clock)) throw wrong("clock", CLOCKS.join(" or "));
  if (!isOneOf(TOPOLOGIES, setup.topology)) throw wrong("topology", TOPOLOGIES.join(", "));
  if (!isOneOf(LATENCY_DISTRIBUTIONS, setup.latencyDist)) throw wrong("latencyDist", LATENCY_DISTRIBUTIONS.join(", "));
  for (const field of ["maxTxnLength", "maxWritesPerKey", "requestTimeout", "startTimeout"] as const) {
    if (typeof setup[field] !== "number") throw wrong(field, "a number");
  }
  for (const field of ["latency", "availability", "keyCount"] as const) {
    if (setup[field] !== null && typeof setup[field] !== "number") throw wrong(field, "a number, or null");
  }
  if (typeof setup.workload !== "string") throw wrong("workload", "a name");
  return value as MaelstromSetup;
}

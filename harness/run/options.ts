/**
 * The options of a run, the same for every target. Together with the target's code, they determine a run in virtual
 * time completely.
 *
 * @module
 */
import type { FlagValues } from "./flag.ts";

/** The options of a run, each a flag of the command line. */
export interface RunOptions {
  /** The seed of everything random. */
  readonly seed: number;
  /** The system under test, as given by `--target`. */
  readonly target: string;
  /** The nemesis, as given by `--nemesis`. */
  readonly nemesis: string;
  /** Seconds from one fault to the next. */
  readonly nemesisInterval: number;
  /** The workload's name; `all` lets each seed choose one; `null` for the target's first workload. */
  readonly workload: string | null;
  /** How many nodes there are at first; `null` for five, or under `all` for the choice of each seed. */
  readonly nodes: number | null;
  /** How many clients there are. */
  readonly concurrency: number;
  /** Operations a second, of all clients together. */
  readonly rate: number;
  /** How many keys there are. */
  readonly keys: number;
  /** For how many seconds clients and nemesis work. */
  readonly timeLimit: number;
  /**
   * The share of operations that change nothing, from 0 to 1; `null` for a half, or under `all` for the choice of each
   * seed.
   */
  readonly readShare: number | null;
  /** The target's own flags. */
  readonly flags: FlagValues;
}

/** How many nodes there are at first, if neither a flag nor the seed decides. */
export const DEFAULT_NODES = 5;

/** The default options. */
export const DEFAULT_OPTIONS: Omit<RunOptions, "seed"> = {
  target: "sim",
  nemesis: "partition",
  nemesisInterval: 3,
  workload: null,
  nodes: null,
  concurrency: 10,
  rate: 100,
  keys: 5,
  timeLimit: 60,
  readShare: null,
  flags: {},
};

/** The name with which each seed chooses a workload. */
export const ALL_WORKLOADS = "all";

/** The number of nodes at first, as text. */
export function nodesInWords({ nodes, nemesis }: RunOptions): string {
  if (nodes === null && nemesis === "all") return "1 to 9 nodes";
  const count = nodes ?? DEFAULT_NODES;
  return `${count} ${count === 1 ? "node" : "nodes"}`;
}

/** The flags that reproduce a run: target, seed, and all that differ from the default. */
export function flagsOf(options: RunOptions): string {
  const { target, seed, nemesis, flags, ...others } = options;
  // The nemesis is always named, because readers look for it first.
  const words = [...flag("target", target, "sim"), `--seed ${seed}`, `--nemesis ${nemesis}`];
  for (const [name, value] of Object.entries(others)) {
    words.push(...flag(name, value, DEFAULT_OPTIONS[name as keyof typeof others]));
  }
  const { "--": rest, ...own } = flags;
  for (const [name, value] of Object.entries(own)) words.push(...flag(name, value, undefined));
  if (Array.isArray(rest) && rest.length > 0) words.push("--", ...rest.map(quoted));
  return words.join(" ");
}

/** A flag as it is typed; empty if the value is the usual one. */
function flag(name: string, value: unknown, usual: unknown): string[] {
  if (value === usual || value === undefined || value === false) return [];
  const dashed = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (value === true) return [dashed];
  return (Array.isArray(value) ? value : [value]).map((one) => `${dashed} ${quoted(one)}`);
}

/** A word, quoted for a shell if necessary. */
function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * What a run is told: the same for every target. With the target's code, it is all that a run in virtual time depends
 * on.
 *
 * @module
 */
import type { FlagValues } from "./flag.ts";

/** The options of a run, each a flag of the command line. */
export interface RunOptions {
  /** What everything random follows from. */
  readonly seed: number;
  /** The system under test, as `--target` takes it. */
  readonly target: string;
  /** What the nemesis does, as `--nemesis` takes it. */
  readonly nemesis: string;
  /** Seconds from one fault to the next. */
  readonly nemesisInterval: number;
  /** What clients do, by name; `all` for what each seed draws; `null` for the target's first workload. */
  readonly workload: string | null;
  /** How many nodes there are at first; `null` for five, or under `all` for what each seed draws. */
  readonly nodes: number | null;
  /** How many clients there are. */
  readonly concurrency: number;
  /** Operations a second, of all clients together. */
  readonly rate: number;
  /** How many keys there are. */
  readonly keys: number;
  /** Seconds for which clients and nemesis are at work. */
  readonly timeLimit: number;
  /**
   * The share of operations that change nothing, from 0 to 1; `null` for a half, or under `all` for what each seed
   * draws.
   */
  readonly readShare: number | null;
  /** The target's own flags. */
  readonly flags: FlagValues;
}

/** How many nodes there are at first, where neither a flag nor the seed says. */
export const DEFAULT_NODES = 5;

/** What a run is told if it is told nothing. */
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

/** The workload by which each seed draws one. */
export const ALL_WORKLOADS = "all";

/** How many nodes there are at first, in words. */
export function nodesInWords({ nodes, nemesis }: RunOptions): string {
  if (nodes === null && nemesis === "all") return "1 to 9 nodes";
  const count = nodes ?? DEFAULT_NODES;
  return `${count} ${count === 1 ? "node" : "nodes"}`;
}

/** The flags that make a run what it is: the target, the seed, and whatever is not the default. */
export function flagsOf(options: RunOptions): string {
  const { target, seed, nemesis, flags, ...others } = options;
  // The nemesis is always named: it is what one looks for first.
  const words = [...flag("target", target, "sim"), `--seed ${seed}`, `--nemesis ${nemesis}`];
  for (const [name, value] of Object.entries(others)) {
    words.push(...flag(name, value, DEFAULT_OPTIONS[name as keyof typeof others]));
  }
  const { "--": rest, ...own } = flags;
  for (const [name, value] of Object.entries(own)) words.push(...flag(name, value, undefined));
  if (Array.isArray(rest) && rest.length > 0) words.push("--", ...rest.map(quoted));
  return words.join(" ");
}

/** A flag as it is typed; nothing for one that is not given. */
function flag(name: string, value: unknown, usual: unknown): string[] {
  if (value === usual || value === undefined || value === false) return [];
  const dashed = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (value === true) return [dashed];
  return (Array.isArray(value) ? value : [value]).map((one) => `${dashed} ${quoted(one)}`);
}

/** A word as a shell reads it. */
function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * What a run is told: the same for every kind of cluster, and all that a simulated run depends on.
 *
 * @module
 */
import type { ReadMode } from "../../server/replica/client.ts";

/** The options of a run, each a flag of the command line. */
export interface RunOptions {
  /** What everything random follows from. */
  readonly seed: number;
  /** What the nemesis does, as `--nemesis` takes it. */
  readonly nemesis: string;
  /** Seconds from one fault to the next. */
  readonly nemesisInterval: number;
  /** What clients do, by name; `all` for what each seed draws. */
  readonly workload: string;
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
  /** The share of operations that change nothing, from 0 to 1; `null` for a half, or under `all` for what each seed draws. */
  readonly readShare: number | null;
  /** How reads are done; `null` for read index, or under `all` for what each seed draws. */
  readonly reads: ReadMode | null;
}

/** How many nodes there are at first, where neither a flag nor the seed says. */
export const DEFAULT_NODES = 5;

/** What a run is told if it is told nothing. */
export const DEFAULT_OPTIONS: Omit<RunOptions, "seed"> = {
  nemesis: "partition",
  nemesisInterval: 3,
  workload: "kv",
  nodes: null,
  concurrency: 10,
  rate: 100,
  keys: 5,
  timeLimit: 60,
  readShare: null,
  reads: null,
};

/** How many nodes there are at first, in words. */
export function nodesInWords({ nodes, nemesis }: RunOptions): string {
  if (nodes === null && nemesis === "all") return "3 to 6 nodes";
  const count = nodes ?? DEFAULT_NODES;
  return `${count} ${count === 1 ? "node" : "nodes"}`;
}

/** The flags that make a run what it is: the seed, and whatever is not the default. */
export function flagsOf(options: RunOptions): string {
  const words = [`--seed ${options.seed}`];
  for (const [name, value] of Object.entries(options)) {
    if (name === "seed" || value === DEFAULT_OPTIONS[name as keyof typeof DEFAULT_OPTIONS]) continue;
    words.push(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`);
  }
  // The nemesis is always named: it is what one looks for first.
  if (options.nemesis === DEFAULT_OPTIONS.nemesis) words.splice(1, 0, `--nemesis ${options.nemesis}`);
  return words.join(" ");
}

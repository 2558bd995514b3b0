/**
 * The interface of a workload: what clients do, and how their history is judged.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";

/** The beginning of an operation in the history: what a client asks. */
export interface Invocation {
  /** The operation's name. */
  readonly f: string;
  /** The key, if the operation has one: a text in our workloads. */
  readonly key?: unknown;
  /** The argument. */
  readonly value?: unknown;
  /** Whether it is one of the last reads, for checks of eventual consistency. */
  readonly final?: boolean | undefined;
}

/** The end of an operation in the history. */
export interface Completion {
  /** `ok`: it happened. `fail`: it certainly did not. `info`: it may have. */
  readonly type: "ok" | "fail" | "info";
  /** The value of the request or of the answer. */
  readonly value?: unknown;
  /** Why it is not `ok`. */
  readonly error?: unknown;
  /** The value that a failed compare found. */
  readonly actual?: unknown;
  /**
   * Whether the node serves, but answered that it does not know such operations at all. The operation did not happen.
   */
  readonly isUnsupported?: boolean;
}

/** A read at the end of a run. */
export interface FinalRead {
  /** The operation. */
  readonly operation: Invocation;
  /** The node to ask. Default: any node, and another one if it does not answer. */
  readonly node?: number;
}

/** How a workload waits for a system that needs time after everything is healed. */
export interface Settling {
  /** The time limit, in nanoseconds. */
  readonly atMost: number;
  /** The questions of a round; they are not recorded. */
  asks(nodes: readonly number[]): readonly FinalRead[];
  /** Whether the answers of a round, in the order of its questions, show that the system has settled. */
  isSettled(ends: readonly Completion[]): boolean;
}

/** The options of a workload. */
export interface WorkloadOptions {
  /** How many keys there are, at least 1. */
  readonly keys: number;
  /** How unevenly keys are drawn: 1 is even; each step above makes the lower half of the keys more likely. */
  readonly skew: number;
  /** The share of operations that change nothing, from 0 to 1. */
  readonly readShare: number;
}

/**
 * A kind of clients: their operations, in terms of the history and of no protocol, and the judge of their history. It
 * remembers what its clients saw, so that they ask reasonable operations. An instance serves one run.
 */
export interface Workload {
  /** The name for `--workload`. */
  readonly name: string;
  /** The model for `check --model` that judges its histories. */
  readonly model: string;
  /** The next operation. */
  next(random: Random): Invocation;
  /** Notes how an operation ended. */
  ended?(operation: Invocation, completion: Completion): void;
  /**
   * An operation by which a healed node proves that it serves: the node can answer it with `ok` in any state. It is
   * recorded and judged like all others. What it writes depends on the events so far, so it is the same when the run is
   * repeated.
   */
  proof(kind: "read" | "write", events: readonly HistoryEvent[]): Invocation;
  /**
   * The last reads, after all is healed, of everything that the events so far involved: acknowledged data must be
   * there. `nodes` can be asked.
   */
  finalReads(events: readonly HistoryEvent[], nodes: readonly number[]): readonly FinalRead[];
  /** For systems that converge: the unrecorded questions before the last reads, asked until the system has settled. */
  readonly settling?: Settling;
  /** The checks of a history, by name. */
  judge(events: readonly HistoryEvent[]): Readonly<Record<string, Verdict>>;
}

/** The keys that clients have used, in the order of first use. */
export function keysAsked(events: readonly HistoryEvent[]): string[] {
  const keys = new Set<string>();
  for (const { type, process, key } of events) {
    if (type === "invoke" && process !== "nemesis" && typeof key === "string") keys.add(key);
  }
  return [...keys];
}

/**
 * A number that no client has written yet: one more than the highest, using a function that gives the number an
 * invocation writes.
 */
export function freshNumber(
  events: readonly HistoryEvent[],
  written: (event: HistoryEvent) => number | undefined,
): number {
  let highest = 0;
  for (const event of events) {
    if (event.type !== "invoke") continue;
    const value = written(event);
    if (value !== undefined && value > highest) highest = value;
  }
  return highest + 1;
}

/** The first of the keys that `drawKey` draws. */
export const FIRST_KEY = "k0";

/** Draws one of `keys` keys. The least of `skew` draws counts, so low keys are used more. */
export function drawKey(random: Random, options: WorkloadOptions): string {
  let least = random.below(options.keys);
  for (let i = 1; i < options.skew; i++) {
    const drawn = random.below(options.keys);
    if (drawn < least) least = drawn;
  }
  return `k${least}`;
}

/** Whether an event with the probability `share`, from 0 to 1, happens. */
export function happens(random: Random, share: number): boolean {
  return random.next() < share * 4294967296;
}

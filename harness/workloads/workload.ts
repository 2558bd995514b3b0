/**
 * What clients do and what it is judged by: one interface for every workload.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";

/** How the history has the beginning of an operation: what a client asks. */
export interface Invocation {
  /** The operation's name. */
  readonly f: string;
  /** The key, where it is about one: a text for our workloads. */
  readonly key?: unknown;
  /** The argument. */
  readonly value?: unknown;
  /** Whether it is one of the last reads, for judges of what holds in the end. */
  readonly final?: boolean | undefined;
}

/** How the history has the end of an operation. */
export interface Completion {
  /** `ok` happened; `fail` surely did not; `info` may have. */
  readonly type: "ok" | "fail" | "info";
  /** What was asked or answered. */
  readonly value?: unknown;
  /** Why it is not `ok`. */
  readonly error?: unknown;
  /** What a failed compare found. */
  readonly actual?: unknown;
  /** The node serves, and has answered that it does not know such operations at all. It did not happen. */
  readonly isUnsupported?: boolean;
}

/** A read at the end of a run. */
export interface FinalRead {
  /** What is asked. */
  readonly operation: Invocation;
  /** Whom; left out: any node, and another one if that does not answer. */
  readonly node?: number;
}

/** How a workload waits for a system that needs time after everything is healed. */
export interface Settling {
  /** It has so long, in nanoseconds. */
  readonly atMost: number;
  /** What is asked in each round; nothing of it is recorded. */
  asks(nodes: readonly number[]): readonly FinalRead[];
  /** Whether the answers of a round, in the order of what was asked, show that nothing is to come any more. */
  isSettled(ends: readonly Completion[]): boolean;
}

/** How a workload draws its operations. */
export interface WorkloadOptions {
  /** How many keys there are, at least 1. */
  readonly keys: number;
  /** How unevenly keys are drawn: 1 is even; each step above makes the lower half of the keys likelier. */
  readonly skew: number;
  /** The share of operations that change nothing, from 0 to 1. */
  readonly readShare: number;
}

/**
 * A kind of clients: what they ask, in the terms of the history and of no protocol, and what their history is judged
 * by. It remembers what its clients saw, to ask sensible things; an instance serves one run.
 */
export interface Workload {
  /** The name of `--workload`. */
  readonly name: string;
  /** The model of `check --model` that judges its histories. */
  readonly model: string;
  /** The next operation. */
  next(random: Random): Invocation;
  /** Hears how an operation ended. */
  ended?(operation: Invocation, completion: Completion): void;
  /**
   * An operation by which a healed node proves that it serves: one that it can answer with `ok` whatever was done
   * before. It is recorded, and judged like all others. What it writes follows from the events so far, so that it is
   * the same when the run is repeated.
   */
  proof(kind: "read" | "write", events: readonly HistoryEvent[]): Invocation;
  /**
   * What is asked at the end, when all is healed, of everything that the events so far were about: what was
   * acknowledged must be there. `nodes` are those that can be asked.
   */
  finalReads(events: readonly HistoryEvent[], nodes: readonly number[]): readonly FinalRead[];
  /** For systems that converge: what is asked, unrecorded, before the last reads, until it has settled. */
  readonly settling?: Settling;
  /** The checks of a history, by name. */
  judge(events: readonly HistoryEvent[]): Readonly<Record<string, Verdict>>;
}

/** The keys that clients have asked about, in the order in which they first did. */
export function keysAsked(events: readonly HistoryEvent[]): string[] {
  const keys = new Set<string>();
  for (const { type, process, key } of events) {
    if (type === "invoke" && process !== "nemesis" && typeof key === "string") keys.add(key);
  }
  return [...keys];
}

/** A number that no client has written yet: one more than the highest, by what an invocation is said to write. */
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

/** Draws one of `keys` keys; of `skew` draws the least counts, so that low keys are hot. */
export function drawKey(random: Random, options: WorkloadOptions): string {
  let least = random.below(options.keys);
  for (let i = 1; i < options.skew; i++) {
    const drawn = random.below(options.keys);
    if (drawn < least) least = drawn;
  }
  return `k${least}`;
}

/** Whether an event of the share `share`, from 0 to 1, happens. */
export function happens(random: Random, share: number): boolean {
  return random.next() < share * 4294967296;
}

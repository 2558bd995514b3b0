/**
 * `broadcast`, `g-set`, `g-counter` and `pn-counter`, for systems that converge: what is added on one node must be on
 * all nodes in the end.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import { SECOND } from "../../server/mod.ts";
import { judgeTransactions } from "./judge.ts";
import {
  type Completion,
  type FinalRead,
  freshNumber,
  happens,
  type Invocation,
  type Workload,
  type WorkloadOptions,
} from "./workload.ts";

/** How long nodes may take to converge after all is healed, as in Maelstrom. */
const SETTLES_WITHIN = 10 * SECOND;

/** The elements that clients added. */
interface Added {
  readonly acknowledged: number[];
  /** Those with an unknown outcome. */
  readonly unsure: number[];
}

/** The differences between these workloads. */
interface Kind {
  readonly name: string;
  /** The operation that adds. */
  readonly add: string;
  /** Draws the next element to add. */
  readonly draw: (random: Random, count: number) => number;
  /** Whether a node's value contains all acknowledged elements, and otherwise only uncertain ones. */
  readonly isWhole: (value: unknown, added: Added) => boolean;
}

/** Whether a node has all acknowledged elements. A value of another form is left to the judge. */
const hasAll = (value: unknown, { acknowledged }: Added): boolean => {
  const present = new Set(Array.isArray(value) ? value : []);
  return acknowledged.every((each) => present.has(each));
};
const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, each) => sum + each, 0);
const mayBeSum = (value: unknown, { acknowledged, unsure }: Added): boolean => {
  const rest = value as number - sumOf(acknowledged);
  return rest >= sumOf(unsure.filter((each) => each < 0)) && rest <= sumOf(unsure.filter((each) => each > 0));
};

/** The workloads by name. `read` answers with a list of all elements, or with the sum. */
export const CONVERGING: Readonly<
  Record<"broadcast" | "g-set" | "g-counter" | "pn-counter", (options: WorkloadOptions) => Workload>
> = {
  broadcast: converging({ name: "broadcast", add: "broadcast", draw: (_, count) => count, isWhole: hasAll }),
  "g-set": converging({ name: "g-set", add: "add", draw: (_, count) => count, isWhole: hasAll }),
  "g-counter": converging({ name: "g-counter", add: "add", draw: (random) => random.below(5), isWhole: mayBeSum }),
  "pn-counter": converging({
    name: "pn-counter",
    add: "add",
    draw: (random) => random.below(11) - 5,
    isWhole: mayBeSum,
  }),
};

function converging(kind: Kind): (options: WorkloadOptions) => Workload {
  const { name, add } = kind;
  return (options) => {
    const added: Added = { acknowledged: [], unsure: [] };
    const addedBy = ({ f, value }: HistoryEvent): number | undefined => f === add ? value as number : undefined;
    let count = 0;
    const readAt = (node: number): FinalRead => ({ operation: { f: "read", final: true }, node });
    return {
      name,
      model: name,
      next: (random): Invocation =>
        happens(random, options.readShare) ? { f: "read" } : { f: add, value: kind.draw(random, count++) },
      ended({ f, value }: Invocation, { type }: Completion) {
        if (f === add && type !== "fail") added[type === "ok" ? "acknowledged" : "unsure"].push(value as number);
      },
      proof: (kindOfProof, events) =>
        kindOfProof === "read" ? { f: "read" } : { f: add, value: freshNumber(events, addedBy) },
      settling: {
        atMost: SETTLES_WITHIN,
        asks: (nodes) => nodes.map(readAt),
        isSettled: (ends) =>
          ends.every(({ type, value }) => type === "ok" && kind.isWhole(value, added)) &&
          ends.every(({ value }) => isAlike(value, ends[0]!.value)),
      },
      finalReads: (_, nodes) => nodes.map(readAt),
      judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
        [name]: withNotes(judgeTransactions(events, name)),
      }),
    };
  };
}

/** Adds a note to a set's verdict, even a valid one: how long elements took to be everywhere. */
function withNotes(verdict: Verdict): Verdict {
  const { found } = verdict as { found?: { stableLatencies?: Readonly<Record<string, number>> | null } };
  const latencies = found?.stableLatencies;
  if (latencies === undefined || latencies === null) return verdict;
  const told = ["0", "0.5", "0.95", "0.99", "1"].map((quantile) => `${quantile}: ${latencies[quantile]}`);
  return { ...verdict, notes: [`ms until every later read had it, by quantile: ${told.join(", ")}`] } as Verdict;
}

/**
 * Whether two nodes have the same value. For sets only the sizes are compared, because each contains all acknowledged
 * elements.
 */
function isAlike(a: unknown, b: unknown): boolean {
  return Array.isArray(a) && Array.isArray(b) ? a.length === b.length : a === b;
}

/**
 * `broadcast`, `g-set`, `g-counter` and `pn-counter`: what is added on one node must be on all nodes in the end.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../../../checker/mod.ts";
import type { Random } from "../../../../raft/mod.ts";
import { SECOND } from "../../../../server/mod.ts";
import { judgeTransactions } from "../../../workloads/judge.ts";
import { type Completion, type FinalRead, freshNumber, happens, type Invocation } from "../../../workloads/workload.ts";
import { forHistory } from "../json.ts";
import type { Body } from "../protocol.ts";
import { topologyOf } from "../topology.ts";
import { type MaelstromWorkload, request } from "./speech.ts";

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
  /** The operation that adds, and the request for it. */
  readonly add: string;
  readonly addRequest: (value: unknown) => Body;
  /** Draws the next element to add. */
  readonly draw: (random: Random, count: number) => number;
  /** The value in a node's answer to `read`; `undefined` if it has none. */
  readonly read: (answer: Body) => unknown;
  /** The expected form of the answer, for people. */
  readonly expected: string;
  /** Whether a node's value contains all acknowledged elements, and otherwise only uncertain ones. */
  readonly isWhole: (value: unknown, added: Added) => boolean;
}

const setOf = (value: unknown): unknown => Array.isArray(value) ? forHistory(value) : undefined;
const numberOf = (value: unknown): unknown => typeof value === "number" ? value : undefined;
const hasAll = (value: unknown, { acknowledged }: Added): boolean => {
  const present = new Set(value as unknown[]);
  return acknowledged.every((each) => present.has(each));
};
const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, each) => sum + each, 0);
const mayBeSum = (value: unknown, { acknowledged, unsure }: Added): boolean => {
  const rest = value as number - sumOf(acknowledged);
  return rest >= sumOf(unsure.filter((each) => each < 0)) && rest <= sumOf(unsure.filter((each) => each > 0));
};

const COUNTER = {
  add: "add",
  addRequest: (delta: unknown): Body => ({ type: "add", delta }),
  read: ({ value }: Body) => numberOf(value),
  expected: "a value that is a number",
  isWhole: mayBeSum,
};

/** Messages that each node passes on to its neighbours. */
export const broadcast: MaelstromWorkload = eventual({
  name: "broadcast",
  add: "broadcast",
  addRequest: (message) => ({ type: "broadcast", message }),
  draw: (_, count) => count,
  read: ({ messages }) => setOf(messages),
  expected: "messages that are a list",
  isWhole: hasAll,
});

/** A set that only grows. */
export const gSet: MaelstromWorkload = eventual({
  name: "g-set",
  add: "add",
  addRequest: (element) => ({ type: "add", element }),
  draw: (_, count) => count,
  read: ({ value }) => setOf(value),
  expected: "a value that is a list",
  isWhole: hasAll,
});

/** A counter that only grows. */
export const gCounter: MaelstromWorkload = eventual({
  ...COUNTER,
  name: "g-counter",
  draw: (random) => random.below(5),
});

/** A counter that goes up and down. */
export const pnCounter: MaelstromWorkload = eventual({
  ...COUNTER,
  name: "pn-counter",
  draw: (random) => random.below(11) - 5,
});

function eventual(kind: Kind): MaelstromWorkload {
  const { name, add } = kind;
  return {
    make(options) {
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
    },
    clients: ({ topology }) => ({
      ...(name === "broadcast"
        ? { greetings: (names: readonly string[]) => [{ type: "topology", topology: topologyOf(topology, names) }] }
        : {}),
      invoke(speaking) {
        const { operation: { f, value }, end, malformed } = speaking;
        if (f !== "read") {
          return request(speaking, kind.addRequest(value), false, () => end({ type: "ok", value }));
        }
        const body = { type: "read" };
        request(speaking, body, true, (answer) => {
          const result = kind.read(answer);
          if (result === undefined) return malformed(body, answer, kind.expected);
          end({ type: "ok", value: result });
        });
      },
    }),
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

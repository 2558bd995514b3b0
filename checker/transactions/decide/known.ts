/**
 * What is known of a history when it comes to deciding, and what was decided.
 *
 * @module
 */
import type { Validity } from "../../verdict.ts";
import type { EdgeList } from "../graph/graph.ts";
import type { ListAnalysis } from "../order/list_append.ts";
import type { RegisterAnalysis } from "../order/rw_register.ts";
import type { Findings } from "../read/findings.ts";
import type { Transactions } from "../read/transactions.ts";
import type { KnownOrder } from "../tell/explain.ts";
import type { OrderConstraint } from "./serial_order.ts";

/** The facts about a history before its graph is searched. */
export interface Analysed {
  readonly history: Transactions;
  readonly analysis: ListAnalysis | RegisterAnalysis;
  readonly order: KnownOrder;
  /** The kinds of edges other than those from data. */
  readonly constraint: OrderConstraint;
  readonly findings: Findings;
  readonly indexOf: (event: number) => number;
  /** Called now and then; `true` ends a search. */
  readonly stop: () => boolean;
}

/** All facts about a history that are needed to decide. */
export interface Known extends Analysed {
  /** All edges: from data, and from sessions and real time, if the model considers them. */
  readonly edges: EdgeList;
  /** Whether the graph of all those edges has a cycle. */
  readonly hasCycle: boolean;
}

/** The decision, or the reason why it is left open. */
export interface Decision {
  readonly valid: Validity;
  readonly reason?: string;
  /** A serial order that proves it: the transactions' indexes. */
  readonly witness?: readonly number[];
}

/**
 * Models that an unknown order of writes cannot violate: if the reads alone form no cycle, a suitable order can be
 * chosen.
 */
export const decidedByReads: ReadonlySet<string> = new Set([
  "read-uncommitted",
  "read-committed",
  "strong-session-read-uncommitted",
  "strong-session-read-committed",
  "strong-read-uncommitted",
  "strong-read-committed",
]);

/** The serializable model for each constraint. */
export const strongest: Readonly<Record<OrderConstraint, string>> = {
  none: "serializable",
  process: "strong-session-serializable",
  realtime: "strong-serializable",
};

/** The models of snapshots, and which edges beside data each has. */
export const snapshotModels: Readonly<Record<string, OrderConstraint>> = {
  "snapshot-isolation": "none",
  "strong-session-snapshot-isolation": "process",
  "strong-snapshot-isolation": "realtime",
};

/** The serializable models, and which edges beside data each has. */
export const serializableModels: Readonly<Record<string, OrderConstraint>> = {
  "serializable": "none",
  "strong-session-serializable": "process",
  "strong-serializable": "realtime",
};

/** Whether the history is one of registers. */
export function isRegisters(analysis: ListAnalysis | RegisterAnalysis): analysis is RegisterAnalysis {
  return "touches" in analysis;
}

/** Whether an anomaly was found that no serial order allows. */
export function isBroken(findings: Findings): boolean {
  return findings.names().some((name) => !name.endsWith("-cycle-exists") && name !== "empty-transaction-graph");
}

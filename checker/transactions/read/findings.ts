/**
 * The findings in a history of transactions. Each case has the transactions, the operations and an explanation.
 *
 * @module
 */
import { addTo } from "../../entries.ts";
import { jsonOf } from "../../json_of.ts";
import { fail, info, initialVersion, type Transactions, unknownVersion } from "./transactions.ts";

/** Why one transaction of a cycle comes before the next. */
export type DependencyType = "ww" | "wr" | "rw" | "process" | "realtime";

/** One edge of a cycle. */
export interface CycleStep {
  /** The type of the edge; `"inferred"` if it does not follow from two transactions alone. */
  readonly type: DependencyType | "inferred";
  /** The earlier transaction: its number in the case's `transactions`. */
  readonly from: number;
  /** The later transaction. */
  readonly to: number;
  /** The key of both operations, for an edge from data. */
  readonly key?: unknown;
  /**
   * For ww the earlier value, for wr the value that was written and read, for rw the value that was read; `null` for
   * the initial state.
   */
  readonly value?: unknown;
  /** For ww and rw, the value that overwrote it. */
  readonly next?: unknown;
  /** For ww and rw edges of registers, the rule by which the version order was inferred. */
  readonly source?: string;
  /** For ww, `true` if the later transaction's outcome is unknown, and only another of its writes was seen. */
  readonly unsure?: boolean;
  /** For an inferred edge, the reason as text. */
  readonly because?: string;
}

/** A transaction in the form that reports show. */
export interface ReportedTransaction {
  /**
   * The index in the history of its completion, or of its invocation if it has none; for sessions, its number in the
   * file.
   */
  readonly index: number;
  /** The process or session that ran it. */
  readonly process: unknown;
  /** How it ended. */
  readonly type: "ok" | "info" | "fail";
  /** Its micro-operations. */
  readonly value: readonly unknown[];
}

/** One case of an anomaly. */
export interface AnomalyCase {
  /** The transactions of the case; for a cycle, in its order. */
  readonly transactions: readonly ReportedTransaction[];
  /** A cycle's edges: the last leads back to the first transaction. */
  readonly steps?: readonly CycleStep[];
  /** `false` if a shorter cycle of this kind might exist, because the component is too large to search completely. */
  readonly shortest?: boolean;
  /** The key of the case. */
  readonly key?: unknown;
  /** The faulty operation, of the first transaction. */
  readonly operation?: unknown;
  /** The value or values of the case. */
  readonly values?: readonly unknown[];
  /** The value that should have been there. */
  readonly expected?: unknown;
  /** Why this is an anomaly, step by step, for a person. */
  readonly explanation: string;
}

/** The cases found, by anomaly. Each anomaly keeps a limited number; `counts` has the full numbers. */
export class Findings {
  readonly cases: Map<string, AnomalyCase[]> = new Map();
  readonly counts: Map<string, number> = new Map();
  readonly #limit: number;

  /** @param limit How many cases of each anomaly are kept, except for cycles. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a case. It is made only if it is kept. */
  add(name: string, make: () => AnomalyCase, always = false): void {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    if (count > this.#limit && !always) return;
    addTo(this.cases, name, make());
  }

  has(name: string): boolean {
    return this.cases.has(name);
  }

  /** The names of the anomalies found, sorted. */
  names(): string[] {
    return [...this.cases.keys()].sort();
  }
}

/** The micro-operation at `at`, as it is in the history. */
export function operationAt(history: Transactions, at: number): readonly unknown[] {
  const key = history.keys[history.opKey[at]!];
  const version = history.opVersion[at]!;
  const list = history.lists[at];
  if (history.isWrite[at]) {
    return [history.workload === "list-append" ? "append" : "w", key, history.versions.valueOf(version)];
  }
  if (list !== undefined) return ["r", key, list];
  return [
    "r",
    key,
    version === initialVersion || version === unknownVersion ? null : history.versions.valueOf(version),
  ];
}

/** A transaction in the form that reports show. */
export function reported(history: Transactions, t: number, indexOf: (event: number) => number): ReportedTransaction {
  const value: (readonly unknown[])[] = [];
  for (let at = history.opStart[t]!; at < history.opStart[t + 1]!; at++) value.push(operationAt(history, at));
  const status = history.status[t]!;
  return {
    index: indexOf(history.event[t]!),
    process: history.sessionNames[history.session[t]!],
    type: status === fail ? "fail" : status === info ? "info" : "ok",
    value,
  };
}

/** A value for a report: JSON, with the middle left out if it is long. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (Array.isArray(value) && value.length > 12) {
    const head = value.slice(0, 5).map((item) => shown(item));
    const tail = value.slice(-5).map((item) => shown(item));
    return `[${[...head, `... ${value.length - 10} more ...`, ...tail].join(" ")}]`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => shown(item)).join(" ")}]`;
  return jsonOf(value);
}

/** A transaction in one line: `p3 #17 ok: append 9 2, r 9 [2]`. */
export function shownTransaction(transaction: ReportedTransaction): string {
  const operations = (transaction.value as readonly (readonly unknown[])[]).map(([f, key, value]) =>
    `${f} ${shown(key)} ${shown(value)}`
  );
  const text = operations.length > 24
    ? [...operations.slice(0, 20), `... ${operations.length - 20} more operations`].join(", ")
    : operations.join(", ");
  return `#${transaction.index} (process ${shown(transaction.process)}, ${transaction.type}): ${text}`;
}

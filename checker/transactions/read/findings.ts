/**
 * What was found in a history of transactions, each case with the transactions, the operations and the words that show
 * it.
 *
 * @module
 */
import { jsonOf } from "../../json_of.ts";
import { fail, info, initialVersion, type Transactions, unknownVersion } from "./transactions.ts";

/** Why one transaction of a cycle comes before the next. */
export type DependencyType = "ww" | "wr" | "rw" | "process" | "realtime";

/** One edge of a cycle. */
export interface CycleStep {
  /** What the edge is; `"inferred"` where it does not show in two transactions alone. */
  readonly type: DependencyType | "inferred";
  /** The transaction that comes first: its number in the case's `transactions`. */
  readonly from: number;
  /** The transaction that comes later. */
  readonly to: number;
  /** The key that both touched, for an edge of data. */
  readonly key?: unknown;
  /**
   * For ww the value written first, for wr the value written and read, for rw the value read; `null` for the initial
   * state.
   */
  readonly value?: unknown;
  /** For ww and rw, the value that overwrote it. */
  readonly next?: unknown;
  /** The rule by which a register's version order was inferred, for ww and rw edges of registers. */
  readonly source?: string;
  /** For ww, `true` where the later transaction has no known outcome, and only another of its writes was seen. */
  readonly unsure?: boolean;
  /** For an inferred edge, what it follows from, in words. */
  readonly because?: string;
}

/** A transaction as a report shows it. */
export interface ReportedTransaction {
  /**
   * The index of its completion in the history, or of its invocation where there is none; for sessions its number in
   * the file.
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
  /** The transactions that take part; a cycle's in its order. */
  readonly transactions: readonly ReportedTransaction[];
  /** A cycle's edges: the last leads back to the first transaction. */
  readonly steps?: readonly CycleStep[];
  /** `false` where a shorter cycle of the kind might exist in a component too large to search through. */
  readonly shortest?: boolean;
  /** The key that the case is about. */
  readonly key?: unknown;
  /** The operation that went wrong, of the first transaction. */
  readonly operation?: unknown;
  /** The value or values that the case is about. */
  readonly values?: readonly unknown[];
  /** What should have been there in place of what was. */
  readonly expected?: unknown;
  /** Why this cannot be, step by step, as a person would tell it. */
  readonly explanation: string;
}

/** The cases found, by the anomaly's name. No name has more than the limit given; `counts` has how many there were. */
export class Findings {
  readonly cases: Map<string, AnomalyCase[]> = new Map();
  readonly counts: Map<string, number> = new Map();
  readonly #limit: number;

  /** @param limit How many cases of one name are kept, beside cycles. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a case; it is only made where it is kept. */
  add(name: string, make: () => AnomalyCase, always = false): void {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    if (count > this.#limit && !always) return;
    const cases = this.cases.get(name);
    if (cases === undefined) this.cases.set(name, [make()]);
    else cases.push(make());
  }

  has(name: string): boolean {
    return this.cases.has(name);
  }

  /** The names found, sorted. */
  names(): string[] {
    return [...this.cases.keys()].sort();
  }
}

/** The micro-operation at `at`, as the history has it. */
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

/** A transaction as a report shows it. */
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

/** A value in the words of a report: JSON, cut in the middle where it is long. */
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

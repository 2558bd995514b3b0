/**
 * Judges which isolation the transactions of a history had.
 *
 * @module
 */
import { defined } from "../record.ts";
import type { HistoryEvent } from "../history.ts";
import type { Verdict } from "../verdict.ts";
import {
  anomaliesForbiddenBy,
  anomaliesImplying,
  type Boundary,
  boundary,
  canonicalModel,
  modelsBelow,
  orderOf,
} from "./levels/consistency_models.ts";
import { type Cycle, cyclesOf, type Order } from "./graph/cycles.ts";
import { ambiguity, decide, weakly } from "./decide/decide.ts";
import { type Analysed, type Decision, isRegisters, type Known } from "./decide/known.ts";
import { proveByOrder } from "./decide/prove_order.ts";
import { dotOf } from "./tell/dot.ts";
import { caseOfCycle } from "./tell/explain.ts";
import { type AnomalyCase, Findings } from "./read/findings.ts";
import { edgesByConstraint, possibleModels } from "./decide/possible.ts";
import type { OrderConstraint } from "./decide/serial_order.ts";
import { componentGraphs, type EdgeList, graphOf, type Part } from "./graph/graph.ts";
import { analyseLists } from "./order/list_append.ts";
import { addRealTime, addSessionOrder } from "./order/order_edges.ts";
import { analyseRegisters } from "./order/rw_register.ts";
import { findSessionViolations, SESSION_MODELS } from "./decide/session_guarantees.ts";
import type { SessionHistory } from "./read/session_history.ts";
import type { SessionTable } from "./read/session_table.ts";
import {
  fail,
  info,
  ok,
  type Transactions,
  transactionsOfEvents,
  transactionsOfSessions,
  type TransactionWorkload,
} from "./read/transactions.ts";
import type { VersionOrderSource } from "./order/version_order.ts";
import type { WeakLevel } from "./decide/weak_isolation.ts";

/** The options of the check. */
export interface TransactionOptions {
  /** The kind of transactions. Default: inferred from their operations. */
  readonly workload?: TransactionWorkload;
  /**
   * The consistency model to check. Default: strict-serializable, or strong-session-serializable if the history has no
   * times.
   */
  readonly consistencyModel?: string;
  /** Anomalies that must not occur, in place of a model. */
  readonly anomalies?: readonly string[];
  /** The initial value of every register, as a read returns it. Default: null. */
  readonly initial?: unknown;
  /**
   * What to assume about the order of a register's versions, besides that the initial state comes first. Default:
   * nothing.
   */
  readonly versionOrder?: readonly VersionOrderSource[];
  /**
   * For the version order `transaction-order`: the position of each transaction, by its number in the order of
   * invocation.
   */
  readonly transactionOrder?: readonly number[];
  /**
   * Whether a busy process may be invoked again, which leaves a transaction of unknown outcome. Default: that is an
   * error.
   */
  readonly mayReinvoke?: boolean;
  /** How many cases of an anomaly are reported, except for cycles. Default 20. */
  readonly maxCases?: number;
  /**
   * Called now and then while the checker searches for an order of the writes. `true` ends the search; the verdict is
   * then `"unknown"`, unless it was certain without the search.
   */
  readonly stop?: () => boolean;
}

/** The verdict; JSON can represent it. */
export interface TransactionVerdict extends Verdict {
  /** The workload. */
  readonly model: string;
  /** The consistency model that was asked for, by the name that was given. */
  readonly consistencyModel: string;
  /** The names of the anomalies found, sorted, including those that the model allows. */
  readonly anomalyTypes: readonly string[];
  /**
   * The cases found, by anomaly. A cycle is reported once for each component with a cycle of its kind, and is the
   * shortest one there.
   */
  readonly anomalies: Readonly<Record<string, readonly AnomalyCase[]>>;
  /** How many cases of each anomaly there were, including those that are not reported. */
  readonly counts: Readonly<Record<string, number>>;
  /** The weakest models that the anomalies rule out. */
  readonly not: readonly string[];
  /** The stronger models, which are ruled out as well. */
  readonly alsoNot: readonly string[];
  /** The strongest models that certainly hold. A model that is undecided is in no list. */
  readonly remaining: readonly string[];
  /** How many transactions ended in each way. */
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
  /**
   * A serial order that proves `true`: the indexes of the transactions' completions. Only for registers, and up to
   * 10,000 transactions.
   */
  readonly witness?: readonly number[];
  /** The smallest component with a violation, in Graphviz's language. */
  readonly dot?: string;
}

/** The workload, inferred from the first micro-operation that belongs to only one. */
function workloadOf(events: readonly HistoryEvent[]): TransactionWorkload {
  for (const { value } of events) {
    if (!Array.isArray(value)) continue;
    for (const operation of value as readonly unknown[]) {
      if (!Array.isArray(operation)) continue;
      if (operation[0] === "append" || (operation[0] === "r" && Array.isArray(operation[2]))) return "list-append";
      if (operation[0] === "w" || (operation[0] === "r" && operation[2] !== null && operation[2] !== undefined)) {
        return "rw-register";
      }
    }
  }
  return "list-append";
}

/**
 * Judges a history of transactions on lists or registers.
 *
 * @param history Jepsen's events; the value of each is a list of micro-operations: `["append", key, value]`, `["w",
 * key, value]`, `["r", key, result]`.
 * @returns Whether the model holds, all anomalies, and the models that they rule out. The time is near-linear if the
 * model holds.
 * @throws {RangeError} If there is no such consistency model.
 * @throws {TypeError} If a value is not a list of micro-operations, or a busy process is invoked.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkTransactions } from "@kayadb/raft/checker";
 *
 * const event = (process: number, type: "invoke" | "ok", value: unknown) => ({ process, type, f: "txn", value });
 * const verdict = checkTransactions([
 *   event(0, "invoke", [["append", "x", 1], ["r", "y", null]]),
 *   event(1, "invoke", [["append", "y", 1], ["r", "x", null]]),
 *   event(0, "ok", [["append", "x", 1], ["r", "y", []]]),
 *   event(1, "ok", [["append", "y", 1], ["r", "x", []]]),
 * ], { consistencyModel: "serializable" });
 * assert.equal(verdict.valid, false);
 * assert.equal(verdict.anomalyTypes[0], "G2-item");
 * ```
 */
export function checkTransactions(
  history: readonly HistoryEvent[],
  options: TransactionOptions = {},
): TransactionVerdict {
  const transactions = transactionsOfEvents(
    options.workload ?? workloadOf(history),
    history,
    options.mayReinvoke,
    options.initial ?? null,
  );
  return judge(transactions, options, (event) => history[event]?.index ?? event);
}

/**
 * Judges register transactions in sessions, without times.
 *
 * Here `read-committed`, `read-atomic`, `causal` and `snapshot-isolation` have the meaning of the papers that define
 * such files, session order included.
 */
export function checkSessions(
  history: SessionHistory | SessionTable,
  options: TransactionOptions = {},
): TransactionVerdict {
  return judge(transactionsOfSessions(history), options, (event) => event);
}

/** The meaning of these names in the papers that define files of sessions. */
const inSessions: Readonly<Record<string, { model: string; weak?: WeakLevel }>> = {
  "read-committed": { model: "read-committed", weak: "read-committed" },
  "read-atomic": { model: "read-atomic", weak: "read-atomic" },
  "causal": { model: "causal", weak: "causal" },
  "snapshot-isolation": { model: "strong-session-snapshot-isolation" },
};

/** The question about a history. */
interface Question {
  /** The model's name as it was given, or the anomalies that must not occur. */
  readonly asked: string;
  readonly model: string;
  /** The level by its own definition, if the papers on sessions mean that. */
  readonly weak: WeakLevel | undefined;
  /** Whether anomalies were given in place of a model. */
  readonly isOfAnomalies: boolean;
  readonly forbidden: ReadonlySet<string>;
  /** Why some values are ambiguous; undefined if none are. */
  readonly unclear: string | undefined;
}

function judge(
  history: Transactions,
  options: TransactionOptions,
  indexOf: (event: number) => number,
): TransactionVerdict {
  const question = questionOf(history, options);
  const analysed = analysedBy(question, history, options, indexOf);
  const isWeak = holdsWeakly(question, analysed);
  const proven = isWeak
    ? { valid: true as const }
    : isOpen(question)
    ? proveByOrder(question.model, analysed)
    : undefined;
  // What is proven needs no edges. The search for cycles adds others to those from data.
  const edgesOf = proven === undefined ? edgesByConstraint(analysed) : undefined;
  const hasDependencies = hasReads(analysed) || analysed.analysis.edges.count > 0;
  const { decision, drawing } = proven === undefined
    ? decideByGraph(question, analysed)
    : { decision: proven, drawing: undefined };
  if (!hasDependencies && history.count > 0 && !isOrdered(history, analysed.analysis.takesPart, analysed.constraint)) {
    const explanation = "No transaction saw or overwrote what another did.";
    analysed.findings.add("empty-transaction-graph", () => ({ transactions: [], explanation }));
  }
  const held = heldModels(question, analysed, decision, () => edgesOf ?? edgesByConstraint(analysed));
  return verdictOf(question, analysed, decision, held, drawing);
}

function questionOf(history: Transactions, options: TransactionOptions): Question {
  const name = options.consistencyModel ?? (history.hasTime ? "strict-serializable" : "strong-session-serializable");
  const canonical = canonicalModel(name);
  const meant = history.hasTime ? undefined : inSessions[canonical];
  const model = meant?.model ?? canonical;
  return {
    asked: options.anomalies?.join(", ") ?? name,
    model,
    weak: meant?.weak,
    isOfAnomalies: options.anomalies !== undefined,
    forbidden: options.anomalies === undefined
      ? anomaliesForbiddenBy(model)
      : anomaliesImplying([...options.anomalies, "thin-air-read"]),
    unclear: ambiguity(history),
  };
}

/** Whether a serial order would answer the question. */
function isOpen({ isOfAnomalies, unclear, weak }: Question): boolean {
  return !isOfAnomalies && unclear === undefined && weak === undefined;
}

/** Finds the order of versions, the edges from data, and every anomaly that shows without a cycle. */
function analysedBy(
  question: Question,
  history: Transactions,
  options: TransactionOptions,
  indexOf: (event: number) => number,
): Analysed {
  const demanded = orderOf(question.forbidden);
  const findings = new Findings(options.maxCases ?? 20);
  const known = {
    history,
    constraint: demanded === "realtime" && !history.hasTime ? "process" as const : demanded,
    findings,
    indexOf,
    stop: options.stop ?? (() => false),
  };
  if (history.workload === "list-append") {
    const analysis = analyseLists(history, findings, indexOf);
    return { ...known, analysis, order: { workload: "list-append", order: analysis.order } };
  }
  const { versionOrder, transactionOrder } = options;
  const analysis = analyseRegisters(history, findings, versionOrder ?? [], transactionOrder, indexOf);
  return { ...known, analysis, order: { workload: "rw-register", order: analysis.order } };
}

/** Searches for cycles and decides. The drawing shows the smallest component with a violation. */
function decideByGraph(question: Question, analysed: Analysed): { decision: Decision; drawing: string | undefined } {
  const { history, analysis, order, constraint, findings, indexOf } = analysed;
  const { model, forbidden, unclear } = question;
  const { edges } = analysis;
  if (constraint !== "none") addSessionOrder(edges, history, analysis.takesPart);
  if (constraint === "realtime") addRealTime(edges, history, analysis.takesPart);
  const parts = componentGraphs(graphOf(edges, history.count));
  let smallest: { part: Part; cycle: Cycle } | undefined;
  for (const part of parts) {
    for (const cycle of cyclesOf(part, constraint)) {
      findings.add(cycle.name, () => caseOfCycle(history, order, cycle, indexOf), true);
      if (forbidden.has(cycle.name) && (smallest === undefined || part.nodes < smallest.part.nodes)) {
        smallest = { part, cycle };
      }
    }
  }
  const drawing = smallest && dotOf(history, order, smallest.part, smallest.cycle.transactions, indexOf);
  if (SESSION_MODELS.has(model) || model === "causal") {
    findSessionViolations(history, analysis.takesPart, order, findings, indexOf);
  }
  const decided = (): Decision => {
    if (findings.names().some((name) => forbidden.has(name))) return { valid: false };
    if (unclear !== undefined) return { valid: "unknown", reason: unclear };
    if (question.isOfAnomalies) return { valid: true };
    const known: Known = { ...analysed, edges, hasCycle: parts.length > 0 };
    return question.weak !== undefined ? weakly(model, question.weak, true, known) : decide(model, known);
  };
  return { decision: decided(), drawing };
}

/**
 * Whether the question is of a weak level, and it holds where reads are the only edges. Then nothing else can be found:
 * the graph by which such a level is judged has all reads and sessions, and no cycle.
 */
function holdsWeakly({ model, weak, forbidden, unclear, isOfAnomalies }: Question, analysed: Analysed): boolean {
  const { analysis, findings } = analysed;
  if (weak === undefined || isOfAnomalies || unclear !== undefined) return false;
  if (!isRegisters(analysis) || !analysis.hasOnlyReads) return false;
  if (findings.names().some((name) => forbidden.has(name))) return false;
  return weakly(model, weak, true, { ...analysed, findings: new Findings(1) }).valid === true;
}

/** Whether a transaction read what another one wrote, as far as that shows without edges. */
function hasReads({ analysis }: Analysed): boolean {
  return isRegisters(analysis) && analysis.hasReads;
}

/** The models that certainly hold. */
function heldModels(
  { model, isOfAnomalies, unclear }: Question,
  analysed: Analysed,
  { valid }: Decision,
  edges: () => (constraint: OrderConstraint) => EdgeList,
): ReadonlySet<string> {
  const asked = valid === true && !isOfAnomalies ? modelsBelow([model]) : new Set<string>();
  if (unclear !== undefined || (asked.size > 0 && analysed.findings.names().length === 0)) return asked;
  return new Set([...asked, ...possibleModels(analysed, edges())]);
}

/** Whether sessions or real time, as far as they count, order some pair of transactions. */
function isOrdered(history: Transactions, takesPart: Uint8Array, order: Order): boolean {
  if (order === "none") return false;
  const { count, session, invoked, completed } = history;
  const sessions = new Set<number>();
  let earliestEnd = Infinity;
  let latestBegin = -1;
  for (let t = 0; t < count; t++) {
    if (!takesPart[t]) continue;
    if (sessions.has(session[t]!)) return true;
    sessions.add(session[t]!);
    earliestEnd = Math.min(earliestEnd, completed[t]!);
    latestBegin = Math.max(latestBegin, invoked[t]!);
  }
  return order === "realtime" && earliestEnd < latestBegin;
}

function verdictOf(
  { asked, forbidden }: Question,
  { history, findings }: Analysed,
  decision: Decision,
  held: ReadonlySet<string>,
  drawing: string | undefined,
): TransactionVerdict {
  const anomalies: Record<string, readonly AnomalyCase[]> = {};
  const counts: Record<string, number> = {};
  for (const name of findings.names()) {
    anomalies[name] = findings.cases.get(name)!;
    counts[name] = findings.counts.get(name)!;
  }
  const limits: Boundary = boundary(findings.names(), held);
  const against = findings.names().filter((name) => forbidden.has(name));
  const reason = decision.reason ?? (decision.valid === false ? `not ${asked}: ${against.join(", ")}` : undefined);
  const ends = { ok: 0, fail: 0, info: 0 };
  for (let t = 0; t < history.count; t++) {
    if (history.status[t] === ok) ends.ok++;
    else if (history.status[t] === info) ends.info++;
    else if (history.status[t] === fail) ends.fail++;
  }
  return defined({
    valid: decision.valid,
    reason,
    model: history.workload,
    consistencyModel: asked,
    anomalyTypes: findings.names(),
    anomalies,
    counts,
    not: limits.not,
    alsoNot: limits.alsoNot,
    remaining: limits.remaining,
    operations: ends,
    witness: decision.witness,
    dot: drawing,
  });
}

/**
 * Decides whether a history without a forbidden anomaly has the consistency model, or leaves it undecided.
 *
 * Lists show the order of their versions, so the absence of a cycle decides. Registers do not: the checker must find an
 * order of all transactions, or of all writes, and only such a proof counts as `true`.
 *
 * @module
 */
import { modelsBelow } from "../levels/consistency_models.ts";
import { caseOfCycle, storyOf } from "../tell/explain.ts";
import { type AnomalyCase, Findings, operationAt, reported, shown } from "../read/findings.ts";
import { ww } from "../graph/graph.ts";
import type { ListAnalysis } from "../order/list_append.ts";
import { prefixCycle } from "../graph/prefix.ts";
import type { RegisterAnalysis } from "../order/rw_register.ts";
import { SESSION_MODELS } from "./session_guarantees.ts";
import { integers } from "../read/memory.ts";
import { ok, type Transactions } from "../read/transactions.ts";
import { byInference } from "./infer_order.ts";
import {
  type Analysed,
  decidedByReads,
  type Decision,
  isBroken,
  isRegisters,
  type Known,
  serializableModels,
  snapshotModels,
  strongest,
} from "./known.ts";
import { checkWeakIsolation, type WeakLevel } from "./weak_isolation.ts";
import { isAmbiguous, isLikeInitial, isShared } from "../read/versions.ts";

/** Models that cycles decide if the order of versions is known. */
const decidedByCycles: ReadonlySet<string> = new Set([
  ...decidedByReads,
  "cursor-stability",
  "monotonic-view",
  "monotonic-snapshot-read",
  "consistent-view",
  "forward-consistent-view",
  "update-serializable",
  "repeatable-read",
  "parallel-snapshot-isolation",
  "serializable",
  "strong-session-serializable",
  "strong-serializable",
]);

const weakLevels: Readonly<Record<string, { level: WeakLevel; hasSessions: boolean }>> = {
  "read-atomic": { level: "read-atomic", hasSessions: false },
  "causal-cerone": { level: "causal", hasSessions: false },
  "causal": { level: "causal", hasSessions: true },
};

/** Whether the search for cycles decides the model. */
export function isDecidedByGraph(model: string, analysis: ListAnalysis | RegisterAnalysis): boolean {
  return (isRegisters(analysis) ? decidedByReads : decidedByCycles).has(model);
}

/**
 * Decides on `model` if no anomaly contradicts it and no serial order was found. May add an anomaly that its own search
 * finds.
 */
export function decide(model: string, known: Known): Decision {
  const { history, analysis } = known;
  if (
    !isRegisters(analysis) && !known.hasCycle && !isBroken(known.findings) &&
    modelsBelow([strongest[known.constraint]]).has(model)
  ) return { valid: true };
  const weak = weakLevels[model];
  if (weak !== undefined) return weakly(model, weak.level, weak.hasSessions, known);
  if (model === "prefix") return byPrefix(known);
  // Update atomic is read atomic without lost updates, and those were searched for.
  if (model === "update-atomic") return weakly("read-atomic", "read-atomic", false, known);
  if (model === "monotonic-atomic-view") {
    if (weakly("read-atomic", "read-atomic", false, { ...known, findings: new Findings(1) }).valid === true) {
      return { valid: true };
    }
  }
  if (SESSION_MODELS.has(model) || model === "sequential" || model === "linearizable") {
    // All existing violations were found. If there are none, that decides only if all versions are in order, or if a
    // stronger level holds.
    if (SESSION_MODELS.has(model) && !isRegisters(analysis)) return { valid: true };
    if (
      SESSION_MODELS.has(model) &&
      weakly("causal", "causal", true, { ...known, findings: new Findings(1) }).valid === true
    ) return { valid: true };
  }
  if (isDecidedByGraph(model, analysis)) return { valid: true };
  if (
    !isRegisters(analysis) && model in snapshotModels &&
    ![...analysis.order.unread.values()].some((late) => writersOf(history, late) > 1)
  ) {
    return { valid: true };
  }
  if (model in snapshotModels || model in serializableModels) return byInference(model, known);
  return {
    valid: "unknown",
    reason:
      `no violation of ${model} was found, but it is proven only by a stronger model, which the history does not ` +
      `have, or may not have`,
  };
}

/** Decides prefix consistency. Its graph decides if all versions are in order. */
function byPrefix({ history, analysis, edges, order, findings, indexOf }: Known): Decision {
  const cycle = prefixCycle(edges, history.count);
  if (cycle !== undefined) {
    findings.add(
      "prefix-cycle-exists",
      () => caseOfCycle(history, order, { name: "prefix-cycle-exists", shortest: true, ...cycle }, indexOf),
      true,
    );
    return { valid: false };
  }
  if (isRegisters(analysis) || [...analysis.order.unread.values()].some((late) => writersOf(history, late) > 1)) {
    return {
      valid: "unknown",
      reason: "no violation of prefix was found, but the order of all writes is not known",
    };
  }
  return { valid: true };
}

function writersOf(history: Transactions, versions: readonly number[]): number {
  return new Set(versions.map((version) => history.versions.writer[version]!)).size;
}

/** Decides a level by its own definition, from reads and sessions. */
export function weakly(model: string, level: WeakLevel, hasSessions: boolean, known: Analysed): Decision {
  const { history, analysis, findings, indexOf } = known;
  // If the history has no times, the definitions of the papers apply: even in read committed, a transaction sees its
  // own writes. This holds if there is no internal anomaly.
  const isConsistent = isRegisters(analysis) && !analysis.hasInternal;
  const missed = history.hasTime || isConsistent ? undefined : ownWriteMissed(known);
  if (missed !== undefined) {
    findings.add("own-write-missed", () => missed);
    return { valid: false };
  }
  const order: (readonly [number, number])[] = [];
  const hasOrder = !isRegisters(analysis) || !analysis.hasOnlyReads;
  for (let e = 0; hasOrder && e < analysis.edges.count; e++) {
    const [from, to] = [analysis.edges.from[e]!, analysis.edges.to[e]!];
    if (analysis.edges.kind[e] === ww && from < history.count && to < history.count) order.push([from, to]);
  }
  const answer = checkWeakIsolation(
    level,
    history,
    { takesPart: analysis.takesPart, hasSessions, known: order },
    indexOf,
  );
  if (answer.holds === "unknown") return { valid: "unknown", reason: answer.reason };
  if (answer.holds) return { valid: true };
  const { transactions, steps } = answer.cycle;
  findings.add(`${model}-cycle-exists`, () => ({
    transactions: transactions.map((t) =>
      t < 0 ? { index: -1, process: null, type: "ok", value: [] } : reported(history, t, indexOf)
    ),
    steps,
    explanation: storyOf(steps, history.workload) +
      (transactions.includes(-1) ? "\nHere the transaction without operations stands for the initial state." : ""),
  }), true);
  return { valid: false };
}

/** A read that does not return what its own transaction wrote last. */
function ownWriteMissed({ history, indexOf }: Analysed): AnomalyCase | undefined {
  const { opStart, isWrite, opKey, opVersion, status } = history;
  const lastWrite = integers(history.keys.length).fill(-1); // the last operation that wrote each key
  for (let t = 0; t < history.count; t++) {
    if (status[t] !== ok) continue;
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      const own = lastWrite[opKey[at]!]!;
      if (isWrite[at]) lastWrite[opKey[at]!] = at;
      else if (own >= opStart[t]! && opVersion[own] !== opVersion[at]) {
        const operation = operationAt(history, at);
        return {
          transactions: [reported(history, t, indexOf)],
          key: operation[1],
          operation,
          explanation: `T1 read ${shown(operation[2])} from key ${shown(operation[1])}, but it had itself written ` +
            `${shown(history.versions.valueOf(opVersion[own]!))} there before.`,
        };
      }
    }
  }
  return undefined;
}

/** Why some of the history is ambiguous; undefined if it is not. */
export function ambiguity(history: Transactions): string | undefined {
  const { versions } = history;
  for (let version = 0; version < versions.count; version++) {
    if (!(versions.flags[version]! & isAmbiguous)) continue;
    const [value, key] = [shown(versions.valueOf(version)), shown(history.keys[versions.key[version]!])];
    if (versions.flags[version]! & isLikeInitial) {
      return `${value} was written to key ${key}, but may also be its initial state, ` +
        `so it is unclear which of the two was read`;
    }
    const times = versions.flags[version]! & isShared ? "by more than one transaction" : "more than once";
    return `${value} was written to key ${key} ${times}, so it is unclear which write was read`;
  }
  return undefined;
}

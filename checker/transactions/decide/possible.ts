/**
 * The consistency models that a history with anomalies still has: only those that certainly hold.
 *
 * It is not enough that no anomaly contradicts a model: read atomicity, for example, can be refuted by reads alone,
 * without any of Adya's anomalies. So each model is judged separately, with the edges of sessions and real time that it
 * considers.
 *
 * @module
 */
import { addRealTime, addSessionOrder } from "../order/order_edges.ts";
import { componentGraphs, type EdgeList, graphOf } from "../graph/graph.ts";
import {
  anomaliesForbiddenBy,
  boundary,
  CONSISTENCY_MODELS,
  modelsAbove,
  modelsBelow,
  orderOf,
} from "../levels/consistency_models.ts";
import { Findings } from "../read/findings.ts";
import type { OrderConstraint } from "./serial_order.ts";
import { decide, isDecidedByGraph } from "./decide.ts";
import { type Analysed, isRegisters, type Known } from "./known.ts";
import { findSessionViolations, SESSION_MODELS } from "./session_guarantees.ts";

/** With more operations, only the models that cycles decide are judged: the others take seconds. */
const MAX_OPERATIONS = 5_000;
/** With more transactions, the order of a register's writes is not searched for. */
const MAX_SEARCHED = 200;

const reach: Readonly<Record<OrderConstraint, number>> = { none: 0, process: 1, realtime: 2 };

/**
 * Models that forbid more than the checker looks for, so they count as holding only if a stronger one holds. Adya's
 * G-monotonic and G-MSR order the reads within a transaction, and G-update ignores all but one of the read-only
 * transactions.
 */
const heldByStronger: ReadonlySet<string> = new Set([
  "monotonic-view",
  "monotonic-snapshot-read",
  "update-serializable",
]);

/** Models that hold if read atomic does. Nothing else decides these two. */
const heldByAtomicReads: ReadonlySet<string> = new Set(["monotonic-atomic-view", "update-atomic"]);

/** Weak levels first, because a refutation of one usually refutes most others; then from the strongest down. */
const judged: readonly string[] = [
  ...["read-atomic", "causal-cerone", "causal"],
  ...[...CONSISTENCY_MODELS].sort((a, b) => modelsBelow([b]).size - modelsBelow([a]).size),
];

/**
 * The models that certainly hold, including weaker ones.
 *
 * @param analysed The known facts; `constraint` says which cycles were searched for.
 * @param edgesOf The edges from data, with the requested ones of sessions and real time.
 */
export function possibleModels(
  analysed: Analysed,
  edgesOf: (constraint: OrderConstraint) => EdgeList,
): ReadonlySet<string> {
  const { history, analysis, findings, indexOf } = analysed;
  const isSmall = history.opStart[history.count]! <= MAX_OPERATIONS;
  const refuted = refutedBy(findings);
  if (isSmall) {
    const violations = new Findings(1);
    findSessionViolations(history, analysis.takesPart, analysed.order, violations, indexOf);
    for (const model of refutedBy(violations)) refuted.add(model);
  }
  const known = new Map<OrderConstraint, Known>();
  const knownWith = (constraint: OrderConstraint): Known => {
    let each = known.get(constraint);
    if (each === undefined) {
      const edges = edgesOf(constraint);
      const hasCycle = componentGraphs(graphOf(edges, history.count)).length > 0;
      known.set(constraint, each = { ...analysed, constraint, edges, hasCycle });
    }
    return each;
  };
  const held = new Set<string>();
  for (const model of judged) {
    if (held.has(model) || refuted.has(model) || heldByStronger.has(model)) continue;
    if (!isWithinReach(model, analysed, isSmall, held) || analysed.stop()) continue;
    const constraint = orderOf(anomaliesForbiddenBy(model));
    if (reach[constraint] > reach[analysed.constraint] && !SESSION_MODELS.has(model) && model !== "causal") continue;
    // Session guarantees are judged from the operations of sessions, not from edges.
    const own = knownWith(reach[constraint] > reach[analysed.constraint] ? "none" : constraint);
    const { valid } = decide(model, { ...own, findings: copyOf(findings) });
    if (valid === true) { for (const weaker of modelsBelow([model])) held.add(weaker); }
    if (valid === false) { for (const stronger of modelsAbove([model])) refuted.add(stronger); }
  }
  return held;
}

/** Whether judging the model takes little time, and may decide it. */
function isWithinReach(model: string, analysed: Analysed, isSmall: boolean, held: ReadonlySet<string>): boolean {
  const { history, analysis } = analysed;
  if (isDecidedByGraph(model, analysis)) return true;
  if (!isSmall) return false;
  if (heldByAtomicReads.has(model)) return held.has("read-atomic");
  if (SESSION_MODELS.has(model)) return !isRegisters(analysis);
  return !isRegisters(analysis) || model === "prefix" || history.count <= MAX_SEARCHED;
}

function refutedBy(findings: Findings): Set<string> {
  const { not, alsoNot } = boundary(findings.names());
  return new Set([...not, ...alsoNot]);
}

/** A copy of the cases, because cases that are found for another model do not belong to this verdict. */
function copyOf(findings: Findings): Findings {
  const copy = new Findings(1);
  for (const [name, [first]] of findings.cases) copy.add(name, () => first!);
  return copy;
}

/**
 * The edges from data, as they were before those of sessions and real time were added; and the requested ones of those.
 */
export function edgesByConstraint(
  { history, analysis }: Pick<Analysed, "history" | "analysis">,
): (constraint: OrderConstraint) => EdgeList {
  const { count, nodes } = analysis.edges;
  return (constraint) => {
    const edges = analysis.edges.head(count, nodes);
    if (constraint !== "none") addSessionOrder(edges, history, analysis.takesPart);
    if (constraint === "realtime") addRealTime(edges, history, analysis.takesPart);
    return edges;
  };
}

/**
 * A proof that a history of registers has a model: an order of its transactions, or of their starts and commits, that
 * explains all they read, found and replayed.
 *
 * @module
 */
import { defined } from "../../record.ts";
import { addRealTime, addSessionOrder } from "../order/order_edges.ts";
import type { EdgeList } from "../graph/graph.ts";
import { modelsBelow } from "../levels/consistency_models.ts";
import { chainsOf } from "../order/chains.ts";
import type { MomentModel } from "../order/moments.ts";
import { prune } from "../order/pruning.ts";
import { type RegisterAnalysis, registerEdges } from "../order/rw_register.ts";
import { type VersionGraph, versionGraph } from "../order/version_order.ts";
import { type AnomalyCase, Findings } from "../read/findings.ts";
import { type Analysed, decidedByReads, type Decision, isBroken, isRegisters, strongest } from "./known.ts";
import { orderInTime } from "./order_in_time.ts";
import { findSerialOrder, isSerialOrder, isSnapshotOrder, type OrderConstraint } from "./serial_order.ts";

/** The strongest model of snapshots for each constraint. */
const strongestOfSnapshots: Readonly<Record<OrderConstraint, string>> = {
  none: "snapshot-isolation",
  process: "strong-session-snapshot-isolation",
  realtime: "strong-snapshot-isolation",
};

/** The limits of a search for an order before more edges are inferred. */
const FEW = { maxBacktracks: 1000, maxTurned: 0 };
/** The limits of the last search, when no more edges can be inferred. */
const MANY = { maxBacktracks: 1_000_000, maxTurned: 100_000 };
/** The order that was found is reported up to this many transactions. */
const MAX_TOLD = 10_000;

/**
 * Whether an order of register transactions proves `model`. Such an order needs no look at the graph: there is no
 * forbidden cycle in it.
 */
export function proveByOrder(model: string, analysed: Analysed): Decision | undefined {
  const { history, analysis, constraint, findings } = analysed;
  if (!isRegisters(analysis) || isBroken(findings) || decidedByReads.has(model)) return undefined;
  const told = (order: Int32Array): Decision => ({
    valid: true,
    ...(order.length > MAX_TOLD ? {} : { witness: Array.from(order, (t) => analysed.indexOf(history.event[t]!)) }),
  });
  // A serial order that agrees with real time implies every order of versions but a given one.
  const isFree = history.hasTime && !analysis.asked.includes("transaction-order");
  if (isFree && modelsBelow([strongest.realtime]).has(model)) {
    const order = orderInTime(history, analysis.takesPart, analysis.touches, analysed.stop);
    if (order !== undefined && isSerialOrder(history, order, "realtime")) return told(order);
  }
  // A history with stronger guarantees shows its order more easily, so those are tried first.
  const attempts = new Set<OrderConstraint>([history.hasTime ? "realtime" : "process", constraint]);
  for (const attempt of attempts) {
    if (!modelsBelow([strongest[attempt]]).has(model)) continue;
    const order = provenOrder("serializable", attempt, analysed, analysis);
    if (order !== undefined && isSerialOrder(history, order, attempt)) return told(order);
  }
  for (const attempt of attempts) {
    if (!modelsBelow([strongestOfSnapshots[attempt]]).has(model)) continue;
    const moments = provenOrder("snapshot-isolation", attempt, analysed, analysis);
    if (moments !== undefined && isSnapshotOrder(history, moments, attempt)) return { valid: true };
  }
  return undefined;
}

/** An order of moments, if one is found; it has yet to be replayed. */
function provenOrder(
  model: MomentModel,
  attempt: OrderConstraint,
  analysed: Analysed,
  analysis: RegisterAnalysis,
): Int32Array | undefined {
  const { history, stop } = analysed;
  const { takesPart, touches } = analysis;
  const { edges, contradiction } = impliedEdges(attempt, analysed, analysis);
  if (contradiction !== undefined) return undefined;
  const search = (limits: typeof FEW) =>
    findSerialOrder({ history, takesPart, touches, edges, model }, { ...limits, stop });
  const order = search(FEW);
  if (order !== undefined) return order;
  // If many clients use few keys, the search finds an order only after some of it was inferred.
  const chains = chainsOf({ history, takesPart, edges }, attempt);
  const { outcome } = prune({ history, touches, chains, model, edges, stop });
  // If even the inference is too large, a search among all transactions that are ready at once would take minutes.
  return outcome === "cycle" || outcome === "too large" ? undefined : search(FEW) ?? search(MANY);
}

/**
 * All edges that serializability or snapshot isolation implies for registers, with sessions or real time if the model
 * has them.
 *
 * These levels imply orders that version_order.ts can only assume: a transaction overwrites the version that it read,
 * and later transactions of a session, or in real time, do not see earlier versions of a key.
 */
export function impliedEdges(
  constraint: OrderConstraint,
  { history, indexOf }: Analysed,
  analysis: RegisterAnalysis,
): { edges: EdgeList; order: VersionGraph; contradiction?: AnomalyCase } {
  const sources = new Set(analysis.asked).add("wfr-keys");
  if (constraint === "process") sources.add("sequential-keys");
  if (constraint === "realtime") sources.add("linearizable-keys");
  const found = new Findings(1);
  const assumed = { asked: [...sources], position: analysis.position };
  const implied = versionGraph(history, analysis.touches, assumed, found, indexOf);
  const contradiction = found.cases.get("cyclic-versions")?.[0];
  // If the versions cannot be put in order, pruning finds the cycle of transactions that they make.
  const order = contradiction === undefined ? implied : analysis.order;
  const edges = registerEdges(history, analysis.takesPart, analysis.touches, order);
  if (constraint !== "none") addSessionOrder(edges, history, analysis.takesPart);
  if (constraint === "realtime") addRealTime(edges, history, analysis.takesPart);
  return defined({ edges, order, contradiction });
}

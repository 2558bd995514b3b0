/**
 * Decides serializability and snapshot isolation if no order was found right away: infers the order of writes, and
 * shows a violation as a cycle.
 *
 * @module
 */
import { contradiction } from "../../contradiction.ts";
import { cyclesOf, shortCycle } from "../graph/cycles.ts";
import { componentGraphs, type EdgeList, graphOf, process, realtime, rw, wr, ww } from "../graph/graph.ts";
import { chainsOf } from "../order/chains.ts";
import {
  consequences,
  findOrder,
  type InferredEdge,
  listOf,
  type OrderAnswer,
  type Write,
} from "../order/inference.ts";
import { momentGraph, type MomentModel, topologicalOrder } from "../order/moments.ts";
import { prune, type Pruned } from "../order/pruning.ts";
import type { RegisterAnalysis } from "../order/rw_register.ts";
import { none, readersOf } from "../order/touches.ts";
import { contradictionInWindow } from "../order/windows.ts";
import { type AnomalyCase, type CycleStep, reported, shown } from "../read/findings.ts";
import { caseOfCycle, evidence, storyOf } from "../tell/explain.ts";
import { type Decision, isRegisters, type Known, serializableModels, snapshotModels } from "./known.ts";
import { impliedEdges } from "./prove_order.ts";
import { isSerialOrder } from "./serial_order.ts";

/** Decides a model of snapshots or a serializable one. May add the violation that it finds. */
export function byInference(model: string, known: Known): Decision {
  if (isRegisters(known.analysis)) return ofRegisters(model, known, known.analysis);
  const answer = answerOf(model, known, asInferred(known.edges), known.edges.nodes);
  return decisionOf(model, known, answer);
}

function momentsOf(model: string): MomentModel {
  return model in snapshotModels ? "snapshot-isolation" : "serializable";
}

function ofRegisters(model: string, known: Known, analysis: RegisterAnalysis): Decision {
  const { history, findings, indexOf, stop } = known;
  const name = `${model}-cycle-exists`;
  const constraint = snapshotModels[model] ?? serializableModels[model]!;
  const { edges, order, contradiction } = impliedEdges(constraint, known, analysis);
  const all: Known = { ...known, edges, order: { workload: "rw-register", order } };
  // A cycle of these edges alone is shown, however long it is.
  for (const part of componentGraphs(graphOf(edges, history.count))) {
    const cycle = cyclesOf(part, known.constraint).find((each) =>
      model in serializableModels || !each.name.startsWith("G2")
    );
    if (cycle === undefined) continue;
    findings.add(name, () => caseOfCycle(history, all.order, cycle, indexOf), true);
    return { valid: false };
  }
  const { takesPart, touches } = analysis;
  const chains = chainsOf({ history, takesPart, edges }, constraint);
  const { outcome, reasons } = prune({ history, touches, chains, model: momentsOf(model), edges, stop });
  const inferred = asInferred(edges, reasons);
  if (outcome === "cycle") return decisionOf(model, all, { found: "cycle", edges: inferred });
  if (contradiction !== undefined) {
    findings.add(name, () => contradiction, true);
    return { valid: false };
  }
  if (outcome === "too large") {
    const hasSessions = constraint !== "none";
    const found = contradictionInWindow({ history, takesPart, touches, model: momentsOf(model), hasSessions, stop });
    if (found !== undefined) return decisionOf(model, all, { found: "cycle", edges: found });
  }
  return decisionOf(model, all, answerOf(model, all, inferred, edges.nodes));
}

/** The edges with what they rest on. */
function asInferred(edges: EdgeList, reasons?: Pruned["reasons"]): InferredEdge[] {
  return Array.from({ length: edges.count }, (_, e) => ({
    from: edges.from[e]!,
    to: edges.to[e]!,
    kind: edges.kind[e]!,
    ...reasons?.of(e),
  }));
}

function answerOf(model: string, known: Known, edges: readonly InferredEdge[], nodes: number): OrderAnswer {
  const { history, stop } = known;
  return findOrder({
    nodes,
    transactions: history.count,
    edges,
    keys: openWrites(known),
    model: momentsOf(model),
    ...(history.hasTime ? { hint: history.completed } : {}),
    stop,
  });
}

function decisionOf(model: string, known: Known, answer: OrderAnswer): Decision {
  const { history, analysis, findings, indexOf } = known;
  if (answer.found === "nothing") return { valid: "unknown", reason: answer.reason };
  if (answer.found === "order") {
    if (model in snapshotModels || !isRegisters(analysis)) return { valid: true };
    const witness = witnessOf(known, analysis.takesPart, answer.edges);
    if (!isSerialOrder(history, witness, known.constraint)) {
      throw contradiction("a witness is wrong");
    }
    return {
      valid: true,
      ...(witness.length <= 10_000 ? { witness: witness.map((t) => indexOf(history.event[t]!)) } : {}),
    };
  }
  // Two writes can stand in neither order. With the edges of the one order, the graph has the cycle that rules it out.
  const edges = answer.found === "cycle"
    ? answer.edges
    : [...answer.edges, ...consequences(answer.first, answer.second)];
  findings.add(`${model}-cycle-exists`, () => caseOfEdges(model, known, edges), true);
  return { valid: false };
}

function witnessOf({ history }: Known, takesPart: Uint8Array, edges: readonly InferredEdge[]): number[] {
  const order = topologicalOrder(graphOf(listOf(edges, history.count), history.count));
  return [...order ?? []].filter((node) => node < history.count && takesPart[node]);
}

/** The writes whose order is unknown, by key. */
function openWrites({ history, analysis }: Known): Write[][] {
  const { versions } = history;
  if (!isRegisters(analysis)) {
    return [...analysis.order.unread.values()].map((late) => {
      const last = new Map(late.map((version) => [versions.writer[version]!, version]));
      return Array.from(last, ([writer, version]) => ({ writer, version, readers: [] }));
    });
  }
  const { transaction, write } = analysis.touches;
  const readers = readersOf(analysis.touches, versions.count + history.keys.length);
  return history.keys.map((_, key) => {
    const writes: Write[] = [];
    for (const at of analysis.touches.ofKey(key)) {
      const [version, writer] = [write[at]!, transaction[at]!];
      if (version === none || versions.writer[version] !== writer) continue;
      const group = readers.by.subarray(readers.start[version]!, readers.start[version + 1]!);
      writes.push({ writer, version, readers: [...group.filter((reader) => reader !== writer)] });
    }
    return writes;
  });
}

/** The short cycle of edges that the model forbids, as a case. */
function caseOfEdges(model: string, known: Known, edges: readonly InferredEdge[]): AnomalyCase {
  const { history, indexOf } = known;
  const { transactions, kinds } = forbiddenCycle(edges, history.count, momentsOf(model));
  const inCycle = new Set(transactions);
  const inferred = new Map<string, InferredEdge>();
  for (const edge of edges) {
    if (edge.earlier === undefined || !inCycle.has(edge.from) || !inCycle.has(edge.to)) continue;
    inferred.set(`${edge.from},${edge.to},${edge.kind}`, edge);
  }
  const steps = kinds.map((kind, i): CycleStep => {
    const to = (i + 1) % kinds.length;
    const ends = [transactions[i]!, transactions[to]!] as const;
    const edge = inferred.get(`${ends[0]},${ends[1]},${kind}`);
    return edge === undefined
      ? { type: typeOf[kind] ?? "inferred", from: i, to, ...evidence(history, known.order, ...ends, kind) }
      : { type: "inferred", from: i, to, ...whyInferred(known, edge) };
  });
  return {
    transactions: transactions.map((t) => reported(history, t, indexOf)),
    steps,
    explanation: storyOf(steps, history.workload),
  };
}

const typeOf: Readonly<Record<number, CycleStep["type"]>> = {
  [ww]: "ww",
  [wr]: "wr",
  [rw]: "rw",
  [process]: "process",
  [realtime]: "realtime",
};

function whyInferred({ history }: Known, { earlier, later }: InferredEdge): Partial<CycleStep> {
  const { versions, keys } = history;
  const key = keys[versions.key[earlier!]!];
  const [value, next] = [versions.valueOf(earlier!), versions.valueOf(later!)];
  const because = `${shown(value)} must have been written to key ${shown(key)} before ${shown(next)}, ` +
    `as the other way round would close a cycle`;
  return { key, value, next, because };
}

/**
 * A short cycle of moments, as the transactions that it passes and the kinds of the edges between them. Nodes that are
 * no transactions are skipped: the edge into one goes on to the next transaction.
 */
function forbiddenCycle(
  edges: readonly InferredEdge[],
  count: number,
  model: MomentModel,
): { transactions: number[]; kinds: number[] } {
  const parts = componentGraphs(momentGraph(listOf(edges, count), count, model));
  const part = parts.reduce((a, b) => b.nodes < a.nodes ? b : a);
  const shift = model === "serializable" ? 0 : 1;
  const cycle = shortCycle(part);
  const transactions: number[] = [], kinds: number[] = [];
  cycle.forEach((at, i) => {
    const from = part.nodeOf[part.target[cycle.at(i - 1)!]!]! >>> shift;
    const to = part.nodeOf[part.target[at]!]! >>> shift;
    if (from >= count || from === to) return;
    transactions.push(from);
    kinds.push(part.kind[at]!);
  });
  return { transactions, kinds };
}

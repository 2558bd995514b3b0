/**
 * Decides whether a history without a forbidden anomaly has the consistency model, or leaves it undecided.
 *
 * Lists show the order of their versions, so the absence of a cycle decides. Registers do not: the checker must find an
 * order of all transactions, or of all writes, and only such a proof counts as `true`.
 *
 * @module
 */
import type { Validity } from "../../verdict.ts";
import { modelsBelow } from "../levels/consistency_models.ts";
import { caseOfCycle, evidence, type KnownOrder, storyOf } from "../tell/explain.ts";
import { type AnomalyCase, type CycleStep, Findings, operationAt, reported, shown } from "../read/findings.ts";
import { componentGraphs, EdgeList, graphOf, process, realtime, rw, wr, ww } from "../graph/graph.ts";
import { findOrder, type InferredEdge, type OrderAnswer, type Write } from "../order/inference.ts";
import type { ListAnalysis } from "../order/list_append.ts";
import { addRealTime, addSessionOrder } from "../order/order_edges.ts";
import { prefixCycle } from "../graph/prefix.ts";
import { type RegisterAnalysis, registerEdges } from "../order/rw_register.ts";
import { saturate } from "../order/saturation.ts";
import { SESSION_MODELS } from "./session_guarantees.ts";
import { findSerialOrder, isSerialOrder, type OrderConstraint } from "./serial_order.ts";
import { integers } from "../read/memory.ts";
import { ok, type Transactions } from "../read/transactions.ts";
import { none, readersOf } from "../order/touches.ts";
import { type VersionGraph, versionGraph } from "../order/version_order.ts";
import { checkWeakIsolation, type WeakLevel } from "./weak_isolation.ts";
import { cyclesOf, shortCycle } from "../graph/cycles.ts";
import { isAmbiguous, isLikeInitial, isShared } from "../read/versions.ts";

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
const decidedByReads: ReadonlySet<string> = new Set([
  "read-uncommitted",
  "read-committed",
  "strong-session-read-uncommitted",
  "strong-session-read-committed",
  "strong-read-uncommitted",
  "strong-read-committed",
]);

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

const strongest: Readonly<Record<OrderConstraint, string>> = {
  none: "serializable",
  process: "strong-session-serializable",
  realtime: "strong-serializable",
};

const snapshotModels: Readonly<Record<string, OrderConstraint>> = {
  "snapshot-isolation": "none",
  "strong-session-snapshot-isolation": "process",
  "strong-snapshot-isolation": "realtime",
};

const serializableModels: Readonly<Record<string, OrderConstraint>> = {
  "serializable": "none",
  "strong-session-serializable": "process",
  "strong-serializable": "realtime",
};

const weakLevels: Readonly<Record<string, { level: WeakLevel; hasSessions: boolean }>> = {
  "read-atomic": { level: "read-atomic", hasSessions: false },
  "causal-cerone": { level: "causal", hasSessions: false },
  "causal": { level: "causal", hasSessions: true },
};

/** Whether the search for cycles decides the model. */
export function isDecidedByGraph(model: string, analysis: ListAnalysis | RegisterAnalysis): boolean {
  return (isRegisters(analysis) ? decidedByReads : decidedByCycles).has(model);
}

/** Whether the history is one of registers. */
export function isRegisters(analysis: ListAnalysis | RegisterAnalysis): analysis is RegisterAnalysis {
  return "touches" in analysis;
}

/**
 * Whether a serial order of register transactions proves `model`. With such an order, the graph has no cycle and need
 * not be searched.
 */
export function proveBySerialOrder(model: string, analysed: Analysed): Decision | undefined {
  const proven = provenOrder(analysed, model);
  if (!proven.models.has(model)) return undefined;
  return { valid: true, ...(proven.witness === undefined ? {} : { witness: proven.witness }) };
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

/** Whether an anomaly was found that no serial order allows. */
function isBroken(findings: Findings): boolean {
  return findings.names().some((name) => !name.endsWith("-cycle-exists") && name !== "empty-transaction-graph");
}

/** How many choices may be undone before more edges are inferred. */
const FEW_CHOICES = 1000;
/** How many choices may be undone after that. */
const MANY_CHOICES = 1_000_000;

/** The models that a serial order proves, if one is found. */
function provenOrder(known: Analysed, model: string): { models: Set<string>; witness?: number[] } {
  const { history, analysis, constraint } = known;
  if (!isRegisters(analysis) || isBroken(known.findings)) return { models: new Set() };
  if (decidedByReads.has(model)) return { models: new Set() };
  // A history with stronger guarantees shows its order more easily, so those are tried first.
  const attempts = new Set<OrderConstraint>([history.hasTime ? "realtime" : "process", constraint]);
  for (const attempt of attempts) {
    const { edges, contradiction } = impliedEdges(attempt, known, analysis);
    if (contradiction !== undefined) continue;
    const search = (choices: number) =>
      findSerialOrder(
        history,
        analysis.takesPart,
        analysis.touches,
        graphOf(edges, history.count),
        { maxBacktracks: choices, stop: known.stop },
      );
    let order = search(FEW_CHOICES);
    if (order === undefined) {
      // If many clients use few keys, the order must be partly inferred before it can be found.
      if (attempt === "realtime" && !saturate(edges, history, analysis.takesPart, analysis.touches)) continue;
      order = search(MANY_CHOICES);
    }
    if (order === undefined || !isSerialOrder(history, order, attempt)) continue;
    return {
      models: modelsBelow([strongest[attempt]]),
      ...(order.length <= 10_000 ? { witness: Array.from(order, (t) => known.indexOf(history.event[t]!)) } : {}),
    };
  }
  return { models: new Set() };
}

/**
 * All edges that serializability or snapshot isolation implies for registers, with sessions or real time if the model
 * has them.
 *
 * These levels imply orders that version_order.ts can only assume: a transaction overwrites the version that it read,
 * and later transactions of a session, or in real time, do not see earlier versions of a key.
 */
function impliedEdges(
  constraint: OrderConstraint,
  { history, indexOf }: Analysed,
  analysis: RegisterAnalysis,
): { edges: EdgeList; order: VersionGraph; contradiction?: AnomalyCase } {
  const sources = new Set(analysis.asked).add("wfr-keys");
  if (constraint === "process") sources.add("sequential-keys");
  if (constraint === "realtime") sources.add("linearizable-keys");
  const found = new Findings(1);
  const assumed = { asked: [...sources], position: analysis.position };
  const order = versionGraph(history, analysis.touches, assumed, found, indexOf);
  const edges = registerEdges(history, analysis.takesPart, analysis.touches, order);
  if (constraint !== "none") addSessionOrder(edges, history, analysis.takesPart);
  if (constraint === "realtime") addRealTime(edges, history, analysis.takesPart);
  const contradiction = found.cases.get("cyclic-versions")?.[0];
  return { edges, order, ...(contradiction === undefined ? {} : { contradiction }) };
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

/** Decides serializability or snapshot isolation by inference on the order of writes. */
function byInference(model: string, known: Known): Decision {
  const { history, analysis, findings, indexOf } = known;
  const name = `${model}-cycle-exists`;
  let { edges, order } = known;
  if (isRegisters(analysis)) {
    const implied = impliedEdges(snapshotModels[model] ?? serializableModels[model]!, known, analysis);
    if (implied.contradiction !== undefined) {
      const { contradiction } = implied;
      findings.add(name, () => contradiction, true);
      return { valid: false };
    }
    edges = implied.edges;
    order = { workload: "rw-register", order: implied.order };
    // A cycle of only these edges is reported as a cycle, whatever its size.
    for (const part of componentGraphs(graphOf(edges, history.count))) {
      const cycle = cyclesOf(part, known.constraint).find((each) =>
        model in serializableModels || !each.name.startsWith("G2")
      );
      if (cycle === undefined) continue;
      const versions = order;
      findings.add(name, () => caseOfCycle(history, versions, cycle, indexOf), true);
      return { valid: false };
    }
  }
  const inferred = (from: EdgeList): OrderAnswer =>
    findOrder({
      nodes: from.nodes,
      edges: Array.from(
        { length: from.count },
        (_, e) => ({ from: from.from[e]!, to: from.to[e]!, kind: from.kind[e]! }),
      ),
      keys: openWrites(known),
      model: model in snapshotModels ? "snapshot-isolation" : "serializable",
      ...(history.hasTime ? { hint: history.completed } : {}),
      stop: known.stop,
    });
  // A history with stronger guarantees shows its order more easily: in real time, most writes are ordered.
  if (isRegisters(analysis) && model in snapshotModels && history.hasTime && known.constraint !== "realtime") {
    const strong = impliedEdges("realtime", known, analysis);
    if (strong.contradiction === undefined && inferred(strong.edges).found === "order") return { valid: true };
  }
  const answer = inferred(edges);
  if (answer.found === "nothing") return { valid: "unknown", reason: answer.reason };
  if (answer.found === "order") {
    if (model in snapshotModels || !isRegisters(analysis)) return { valid: true };
    const witness = topological(history, analysis.takesPart, edges.nodes, answer.edges);
    if (!isSerialOrder(history, witness, known.constraint)) {
      throw new Error("The order that was inferred does not replay");
    }
    return {
      valid: true,
      ...(witness.length <= 10_000 ? { witness: witness.map((t) => indexOf(history.event[t]!)) } : {}),
    };
  }
  const all = { ...known, edges, order };
  findings.add(name, () => caseOfAnswer(answer, all), true);
  return { valid: false };
}

function topological(
  history: Transactions,
  takesPart: Uint8Array,
  nodes: number,
  edges: readonly InferredEdge[],
): number[] {
  const list = new EdgeList(nodes, edges.length + 1);
  for (const { from, to, kind } of edges) list.add(from, to, kind);
  const graph = graphOf(list, history.count);
  const incoming = new Int32Array(nodes);
  for (const target of graph.target) incoming[target]!++;
  const order: number[] = [];
  for (let node = 0; node < nodes; node++) if (incoming[node] === 0) order.push(node);
  for (const node of order) {
    for (let at = graph.start[node]!; at < graph.start[node + 1]!; at++) {
      if (--incoming[graph.target[at]!]! === 0) order.push(graph.target[at]!);
    }
  }
  return order.filter((node) => node < history.count && takesPart[node]);
}

/** The proof that no order of the writes exists, as a case. */
function caseOfAnswer(
  answer: Exclude<OrderAnswer, { found: "order" } | { found: "nothing" }>,
  known: Known,
): AnomalyCase {
  const { history, indexOf } = known;
  const { versions, keys } = history;
  if (answer.found === "contradiction") {
    const { first, second } = answer;
    const key = keys[versions.key[first.version]!];
    const readers = [...first.readers, ...second.readers].filter((t) => t !== first.writer && t !== second.writer)
      .slice(0, 8);
    return {
      transactions: [first.writer, second.writer, ...readers].map((t) => reported(history, t, indexOf)),
      key,
      values: [versions.valueOf(first.version), versions.valueOf(second.version)],
      explanation:
        `T1 wrote ${shown(versions.valueOf(first.version))} to key ${shown(key)}, and T2 wrote ${
          shown(versions.valueOf(second.version))
        }. ` +
        `If T1 wrote first, the transactions that read its value precede T2. If T2 wrote first, those that read ` +
        `its value precede T1. With the known order of the other transactions, both cases lead to a cycle.`,
    };
  }
  const list = new EdgeList(known.edges.nodes, answer.edges.length + 1);
  for (const { from, to, kind } of answer.edges) list.add(from, to, kind);
  const parts = componentGraphs(graphOf(list, history.count));
  const part = parts.reduce((a, b) => b.nodes < a.nodes ? b : a);
  const places = shortCycle(part);
  // Nodes that are not transactions are skipped: the edge into one is continued to the next transaction.
  const transactions: number[] = [], kinds: number[] = [];
  places.forEach((at, i) => {
    const from = part.nodeOf[part.target[places.at(i - 1)!]!]!;
    if (from >= history.count) return;
    transactions.push(from);
    kinds.push(part.kind[at]!);
  });
  const inferred = new Map<string, InferredEdge>();
  for (const edge of answer.edges) {
    if (edge.earlier !== undefined) inferred.set(`${edge.from},${edge.to},${edge.kind}`, edge);
  }
  const steps = kinds.map((kind, i): CycleStep => {
    const to = (i + 1) % kinds.length;
    const edge = inferred.get(`${transactions[i]},${transactions[to]},${kind}`);
    if (edge === undefined) {
      const type = kind === ww
        ? "ww"
        : kind === wr
        ? "wr"
        : kind === rw
        ? "rw"
        : kind === process
        ? "process"
        : "realtime";
      return {
        type,
        from: i,
        to,
        ...evidence(history, known.order, transactions[i]!, transactions[to]!, kind === realtime ? realtime : kind),
      };
    }
    const key = keys[versions.key[edge.earlier!]!];
    const [value, next] = [versions.valueOf(edge.earlier!), versions.valueOf(edge.later!)];
    return {
      type: "inferred",
      from: i,
      to,
      key,
      value,
      next,
      because: `${shown(value)} must have been written to key ${shown(key)} before ${
        shown(next)
      }, as the other way round would close a cycle`,
    };
  });
  return {
    transactions: transactions.map((t) => reported(history, t, indexOf)),
    steps,
    explanation: storyOf(steps, history.workload),
  };
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

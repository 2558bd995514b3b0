/**
 * Explains why one transaction of a cycle comes before the next, with the operations of both, and as text.
 *
 * @module
 */
import type { Cycle } from "../graph/cycles.ts";
import { type AnomalyCase, type CycleStep, type DependencyType, reported, shown } from "../read/findings.ts";
import { process, realtime, rw, wr, ww, wwUnsure } from "../graph/graph.ts";
import type { ListOrder } from "../order/list_append.ts";
import { fail, initialVersion, type Transactions, unknownVersion } from "../read/transactions.ts";
import type { VersionGraph } from "../order/version_order.ts";
import { isAmbiguous, isFinal, nobody, type Versions } from "../read/versions.ts";

/** What is known of the order of versions, for each workload. */
export type KnownOrder =
  | { readonly workload: "list-append"; readonly order: ListOrder }
  | { readonly workload: "rw-register"; readonly order: VersionGraph };

const typeOf: Readonly<Record<number, DependencyType>> = {
  [ww]: "ww",
  [wwUnsure]: "ww",
  [wr]: "wr",
  [rw]: "rw",
  [process]: "process",
  [realtime]: "realtime",
};

/** The part of a step that names the key and the values that make it an edge from data. */
type Evidence = Pick<CycleStep, "key" | "value" | "next" | "source">;

interface Reading {
  /** The number of the operation. */
  readonly at: number;
  readonly key: number;
  readonly version: number;
}

/**
 * The reads that show other transactions: for registers, the first of each key before its own write; for lists, all.
 */
function externalReads(history: Transactions, t: number): Reading[] {
  const touched = new Set<number>();
  const reads: Reading[] = [];
  const isList = history.workload === "list-append";
  for (let at = history.opStart[t]!; at < history.opStart[t + 1]!; at++) {
    const key = history.opKey[at]!;
    if (!isList && touched.has(key)) continue;
    touched.add(key);
    const version = history.opVersion[at]!;
    if (!history.isWrite[at] && version !== unknownVersion) reads.push({ at, key, version });
  }
  return reads;
}

function writes(history: Transactions, t: number): Reading[] {
  const all: Reading[] = [];
  for (let at = history.opStart[t]!; at < history.opStart[t + 1]!; at++) {
    if (history.isWrite[at]) all.push({ at, key: history.opKey[at]!, version: history.opVersion[at]! });
  }
  return all;
}

function valueOf(versions: Versions, version: number): unknown {
  return version < 0 || version >= versions.count ? null : versions.valueOf(version);
}

function evidenceOfRead(history: Transactions, from: number, to: number): Evidence | undefined {
  const { versions, keys } = history;
  for (const { key, version } of externalReads(history, to)) {
    if (version >= 0 && versions.writer[version] === from && !(versions.flags[version]! & isAmbiguous)) {
      return { key: keys[key], value: versions.valueOf(version) };
    }
  }
  return undefined;
}

/**
 * The committed version that directly precedes a version in the order of its key; the initial version if there is none.
 */
function predecessorInList(history: Transactions, order: ListOrder, version: number): number {
  const { versions } = history;
  const key = versions.key[version]!;
  const position = order.position[version]!;
  let at = position >= 0 ? order.start[key]! + position - 1 : order.start[key + 1]! - 1;
  for (; at >= order.start[key]!; at--) {
    const before = order.order[at]!;
    const writer = versions.writer[before]!;
    if (writer !== nobody && history.status[writer] !== fail && !(versions.flags[before]! & isAmbiguous)) return before;
  }
  return initialVersion;
}

function evidenceInList(
  history: Transactions,
  order: ListOrder,
  from: number,
  to: number,
  kind: number,
): Evidence | undefined {
  const { versions, keys } = history;
  const reads = kind === rw ? externalReads(history, from) : [];
  for (const { key, version } of writes(history, to)) {
    if (versions.flags[version]! & isAmbiguous) continue;
    const before = predecessorInList(history, order, version);
    if (kind === ww || kind === wwUnsure) {
      if (before >= 0 && versions.writer[before] === from) {
        return { key: keys[key], value: versions.valueOf(before), next: versions.valueOf(version) };
      }
      continue;
    }
    for (const read of reads) {
      if (read.key !== key) continue;
      // The read version may have been aborted; then it does not count as a predecessor.
      const stands = order.lastSeen(read.at);
      const beforeStands = before < 0 ? -1 : order.position[before]!;
      const versionStands = order.position[version]! >= 0 ? order.position[version]! : Infinity;
      if (stands < -1) continue;
      if (stands >= beforeStands && stands < versionStands) {
        return { key: keys[key], value: valueOf(versions, read.version), next: versions.valueOf(version) };
      }
    }
  }
  return undefined;
}

function evidenceInRegister(
  history: Transactions,
  order: VersionGraph,
  from: number,
  to: number,
  kind: number,
): Evidence | undefined {
  const { versions, keys } = history;
  const last = (t: number) =>
    writes(history, t).filter(({ version }) => (versions.flags[version]! & (isFinal | isAmbiguous)) === isFinal);
  const earlier = kind === ww ? last(from) : externalReads(history, from);
  const later = last(to);
  for (const { key, version } of earlier) {
    const node = version < 0 ? versions.count + key : version;
    for (const next of later) {
      if (next.key !== key) continue;
      const values = { key: keys[key], value: valueOf(versions, version), next: versions.valueOf(next.version) };
      if (node >= versions.count) return { ...values, source: order.sources[0]! };
      for (let at = order.start[node]!; at < order.start[node + 1]!; at++) {
        if (order.target[at] !== next.version) continue;
        return { ...values, source: order.sources[order.source[at]! - 1]! };
      }
    }
  }
  return undefined;
}

/**
 * The operations that make `to` follow `from`, for an edge of `kind`; nothing if no operation shows it. Then the text
 * does without.
 */
export function evidence(history: Transactions, known: KnownOrder, from: number, to: number, kind: number): Evidence {
  if (kind === process || kind === realtime) return {};
  return (kind === wr
    ? evidenceOfRead(history, from, to)
    : known.workload === "list-append"
    ? evidenceInList(history, known.order, from, to, kind)
    : evidenceInRegister(history, known.order, from, to, kind)) ?? {};
}

/** One step as text; transactions are named by their position in the cycle. */
function stepInWords(step: CycleStep, workload: Transactions["workload"]): string {
  const [a, b] = [`T${step.from + 1}`, `T${step.to + 1}`];
  const did = workload === "list-append" ? "appended" : "wrote";
  const key = shown(step.key);
  const because = step.source === undefined || step.source === "initial-state"
    ? ""
    : ` (the order of these values is known by ${step.source})`;
  if (step.key === undefined && (step.type === "ww" || step.type === "wr" || step.type === "rw")) {
    return `there is a ${step.type} dependency between them`;
  }
  switch (step.type) {
    case "ww":
      return workload === "list-append"
        ? `${b} appended ${shown(step.next)} to key ${key} after ${a} had appended ${shown(step.value)}` +
          (step.unsure ? ` (that ${b} committed shows in another of its writes, which was read)` : "")
        : `${b} wrote ${shown(step.next)} to key ${key} over the ${shown(step.value)} that ${a} had written${because}`;
    case "wr":
      return `${b} read from key ${key} the ${shown(step.value)} that ${a} ${did}`;
    case "rw":
      return step.value === null
        ? `${a} read key ${key} in its initial state, before ${b} ${did} ${shown(step.next)}`
        : `${a} read key ${key} as ${b} had not yet changed it: it saw ${shown(step.value)}, and not the ${
          shown(step.next)
        } that ${b} ${did}${because}`;
    case "process":
      return `the same process ran ${a} before ${b}`;
    case "realtime":
      return `${a} was answered before ${b} was asked for`;
    case "inferred":
      return step.because ?? "it cannot be the other way round";
  }
}

/** The steps of a cycle as text that ends in the contradiction. */
export function storyOf(steps: readonly CycleStep[], workload: Transactions["workload"]): string {
  return steps.map((step, i) => {
    const isLast = i === steps.length - 1;
    const opening = isLast ? "But" : i === 0 ? "First," : "Then";
    const claim = `T${step.from + 1} must come before T${step.to + 1}, since ${stepInWords(step, workload)}`;
    return `${opening} ${claim}${isLast ? ": a contradiction, as T" + (step.to + 1) + " came before it" : ""}.`;
  }).join("\n");
}

/** A cycle as a case: its transactions, its steps, and their explanation. */
export function caseOfCycle(
  history: Transactions,
  known: KnownOrder,
  cycle: Cycle,
  indexOf: (event: number) => number,
): AnomalyCase {
  const { transactions, kinds } = cycle;
  const steps = kinds.map((kind, i): CycleStep => {
    const to = (i + 1) % transactions.length;
    return {
      type: typeOf[kind]!,
      from: i,
      to,
      ...(kind === wwUnsure ? { unsure: true } : {}),
      ...evidence(history, known, transactions[i]!, transactions[to]!, kind),
    };
  });
  return {
    transactions: transactions.map((t) => reported(history, t, indexOf)),
    steps,
    ...(cycle.shortest ? {} : { shortest: false }),
    explanation: storyOf(steps, history.workload),
  };
}

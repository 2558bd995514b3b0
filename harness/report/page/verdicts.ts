/**
 * The explanations of verdicts, and cycles, for the page.
 *
 * @module
 */
import {
  type AnomalyCase,
  checkLinearizability,
  type HistoryEvent,
  type LinearizabilityVerdict,
  MODEL_NAMES,
  modelByName,
  type TransactionVerdict,
  type Verdict,
} from "../../../checker/mod.ts";
import type { FaultSpan } from "../faults.ts";
import { culpritOf, earlierTroubleOf, expectedOf, inWords, openAt, readsInWords, troubleOf } from "../why.ts";
import { micros, type OperationsOf, shownValue } from "./columns.ts";
import type { Change, Cycle, Why, Word } from "./data.ts";

/** The data that a page is made from, besides its verdicts. */
interface Told {
  readonly events: readonly HistoryEvent[];
  readonly operations: OperationsOf;
  readonly faults: readonly FaultSpan[];
  readonly changes: readonly Change[] | null;
  /** How nodes answered reads, where the target tells. */
  readonly reads?: string | undefined;
}

/** A validity as a word. */
export function wordOf(valid: Verdict["valid"]): Word {
  return valid === true ? "valid" : valid === false ? "invalid" : "unknown";
}

/** Why the first failed verdict failed. If all are valid, the order that explains them, if one was asked for. */
export function whyOf(checks: readonly Verdict[], told: Told): Why | null {
  const failed = checks.find(({ valid }) => valid === false);
  if (failed === undefined) return witnessOf(checks, told);
  const { counterexample } = failed as LinearizabilityVerdict;
  if (counterexample !== undefined) {
    return contradictionOf(counterexample, (failed as LinearizabilityVerdict).model, told);
  }
  const { reason } = failed;
  if (reason === undefined) return null;
  const places = operationsNamed(failed, told);
  return { ...NOTHING, sentences: [`${reason}.`], operations: places };
}

const NOTHING: Why = {
  sentences: [],
  told: [],
  trouble: "",
  operations: [],
  culprit: -1,
  expected: "",
  fineUntil: -1,
  order: [],
  faults: [],
};

type Contradiction = NonNullable<LinearizabilityVerdict["counterexample"]>;

/** A picture of more operations would be unreadable. */
const MOST_DRAWN = 40;

function contradictionOf(counterexample: Contradiction, model: string, told: Told): Why {
  const { events, operations: { placeOf, operations }, faults } = told;
  const shown = counterexample.operations;
  const culprit = culpritOf(shown);
  const places = shown.map(({ invoked }) => placeOf.get(invoked) ?? -1).filter((place) => place >= 0);
  const wrong = culprit === null ? -1 : placeOf.get(culprit.invoked) ?? -1;
  const should = shouldHaveSaid(counterexample);
  const node = operations.node[wrong] ?? 0;
  const time = culprit?.returned === null || culprit === null ? null : events[culprit.returned]?.time ?? null;
  const fine = events[Math.min(counterexample.finePrefix, events.length) - 1]?.time;
  const hasTimes = events.some(({ time }) => time !== undefined);
  const trouble = node > 0 && time !== null ? troubleOf(node, time, faults) : [];
  const since = events[Math.min(...shown.map(({ invoked }) => invoked))]?.time;
  const earlier = node > 0 && time !== null && since !== undefined
    ? earlierTroubleOf(node, { from: since, to: time }, faults)
    : [];
  const reasons = [
    ...(culprit?.f === "get" || culprit?.f === "read" ? readsInWords(told.reads) : []),
    ...earlier,
    ...trouble,
  ];
  return {
    sentences: [`${counterexample.sentence}.`],
    told: [
      ...answered(node, wrong, told),
      ...(should === ""
        ? []
        : [["What it said", `${shownValue(culprit?.result)}; it should have said ${should}`] as const]),
      ...(reasons.length === 0 ? [] : [["Why it could", reasons.join("; ")] as const]),
    ],
    trouble: trouble[0] ?? "",
    operations: places.slice(-MOST_DRAWN).sort((a, b) => operations.start[a]! - operations.start[b]!),
    culprit: wrong,
    expected: should,
    fineUntil: !hasTimes ? (counterexample.finePrefix - 1) * 1000 : fine === undefined ? -1 : micros(fine),
    order: wrong < 0 ? [] : triedOrder(shown, culprit!.invoked, model, told),
    faults: time === null || node === 0 ? [] : openAt(time, faults)
      .filter(({ nodes }) => nodes.length === 0 || nodes.includes(node)).map((fault) => faults.indexOf(fault)),
  };
}

/** What the culprit should have returned, in words; empty if that is not known. */
function shouldHaveSaid({ expected, operations }: Contradiction): string {
  if (expected === undefined) {
    const newest = expectedOf(operations);
    return newest === undefined ? "" : `${shownValue(newest)} or newer`;
  }
  return inWords(expected.map(shownValue), "or");
}

/**
 * An order of all operations except the culprit, followed by the culprit, for which there is no place. Empty if no such
 * order exists.
 */
function triedOrder(
  shown: Contradiction["operations"],
  culprit: number,
  model: string,
  { events, operations: { placeOf } }: Told,
): number[] {
  if (shown.length > MOST_DRAWN || !MODEL_NAMES.includes(model.split(":")[0]!)) return [];
  const places = shown.filter(({ invoked }) => invoked !== culprit)
    .flatMap(({ invoked, returned }) => returned === null ? [invoked] : [invoked, returned]).sort((a, b) => a - b);
  const others = places.map((place) => events[place]!).filter((event) => event !== undefined);
  try {
    // A few operations may allow an order that all operations together would not allow: this order explains only these
    // few.
    const verdict = checkLinearizability(others.map((event, index) => ({ ...event, index })), modelByName(model), {
      witness: true,
    });
    const order = verdict.witness?.flatMap(({ order }) => order) ?? [];
    return [...order.map((place) => placeOf.get(places[place]!) ?? -1), placeOf.get(culprit)!].filter((place) =>
      place >= 0
    );
  } catch {
    return [];
  }
}

/** Which node gave the wrong answer, and its role at that moment. */
function answered(
  node: number,
  wrong: number,
  { operations: { operations }, changes }: Told,
): (readonly [string, string])[] {
  if (node === 0 || wrong < 0) return [];
  const time = operations.end[wrong]!;
  const stateOf = (id: number): Pick<Change, "role" | "term"> => {
    const state: { role?: string; term?: number | null } = {};
    for (const change of changes ?? []) {
      if (change.time > time) break;
      if (change.node !== id) continue;
      if (change.role !== undefined) state.role = change.role;
      if (change.term !== undefined) state.term = change.term;
    }
    return state;
  };
  const own = stateOf(node);

  const nodes = [...new Set((changes ?? []).map((change) => change.node))];
  const leaders = nodes.map((id) => ({ id, ...stateOf(id) })).filter(({ role }) => role === "leader");
  const leader = leaders.sort((a, b) => (b.term ?? 0) - (a.term ?? 0))[0];
  const term = (leader?.term ?? null) === null ? "" : ` term ${leader!.term}`;
  const other = leader === undefined || leader.id === node ? "" : `, while node ${leader.id} led${term}`;
  const inTerm = (own.term ?? null) === null ? "" : ` in term ${own.term}`;
  const itself = (own.role ?? "") === "" ? "" : `, a ${own.role}${inTerm}`;
  return [["Who answered", `node ${node}${itself}${other}`]];
}

/** The operations that another kind of verdict names by their positions in the history. */
function operationsNamed(verdict: Verdict, { operations: { placeOfIndex } }: Told): number[] {
  const cases = Object.values((verdict as Partial<TransactionVerdict>).anomalies ?? {}).flat() as AnomalyCase[];
  const places = cases.slice(0, 1).flatMap(({ transactions }) =>
    transactions.map(({ index }) => placeOfIndex.get(index) ?? -1)
  );
  return [...new Set(places.filter((place) => place >= 0))];
}

function witnessOf(checks: readonly Verdict[], { operations: { placeOf } }: Told): Why | null {
  const witnessed = checks.find((verdict) => "witness" in verdict) as LinearizabilityVerdict | undefined;
  const first = witnessed?.witness?.[0];
  if (first === undefined || !Array.isArray((first as { order?: unknown }).order)) return null;
  const orders = witnessed!.witness!;
  const order = orders.flatMap(({ order }) => order.map((index) => placeOf.get(index) ?? -1)).filter((place) =>
    place >= 0
  );
  const keys = orders.length === 1 ? "" : `, key by key (${orders.length} keys)`;
  return {
    ...NOTHING,
    sentences: [
      `Everything can be explained by one order of the ${order.length} operations${keys}: the points in the timeline.`,
    ],
    order,
  };
}

/** The cycles of a verdict on transactions. */
export function cyclesOf(checks: readonly Verdict[]): Cycle[] {
  const verdicts = checks.filter((verdict) => "anomalies" in verdict) as TransactionVerdict[];
  return verdicts.flatMap(({ anomalies }) =>
    Object.entries(anomalies).flatMap(([name, cases]) =>
      cases.slice(0, 3).filter(({ steps }) => steps !== undefined).map((each) => cycleOf(name, each))
    )
  );
}

function cycleOf(name: string, { transactions, steps, explanation }: AnomalyCase): Cycle {
  // The explanation has the transactions' names first, and then a sentence for each edge.
  const sentences = explanation.split("\n").map((line) => line.trim()).filter((line) => line.includes(" before "));
  return {
    name,
    nodes: transactions.map(({ index, value, process, type }, i) => ({
      name: `T${i + 1}`,
      text: `event ${index}, process ${String(process)}, ${type}: ${shownValue(value)}`,
    })),
    edges: steps!.map(({ type, from, to, key, value, next, because }, i) => ({
      from,
      to,
      kind: type,
      says: (sentences.length === steps!.length ? sentences[i] : undefined) ??
        because ?? [type, key, value, next].filter((part) => part !== undefined).map(shownValue).join(" "),
    })),
  };
}

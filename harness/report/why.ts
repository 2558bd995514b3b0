/**
 * Facts about a wrong answer that the judge does not know: which node gave it, the faults on that node at that moment,
 * and the answer that it should have given. Only facts of the run are reported.
 *
 * @module
 */
import type { LinearizabilityVerdict } from "../../checker/mod.ts";
import type { JudgedRun } from "../run/result.ts";
import { type FaultSpan, faultSpans } from "./faults.ts";

/** An operation of a counterexample, in the form of verdicts. */
interface CounterexampleOperation {
  readonly process: number;
  readonly f: string;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly result?: unknown;
  readonly type: string;
  /** Places in the history. */
  readonly invoked: number;
  readonly returned: number | null;
}

/** The operation that has no place among the others: the one that ended last. */
export function culpritOf<Operation extends CounterexampleOperation>(
  operations: readonly Operation[],
): Operation | null {
  return operations.reduce<Operation | null>(
    (late, each) => late === null || (each.returned ?? -1) > (late.returned ?? -1) ? each : late,
    null,
  );
}

/**
 * The value that a wrong read should have returned: the one that the last operation before it showed.
 *
 * @returns `undefined` if the operations do not show it.
 */
export function expectedOf(operations: readonly CounterexampleOperation[]): unknown {
  const culprit = culpritOf(operations);
  if (culprit === null || culprit.type !== "ok" || culprit.result === undefined) return undefined;
  if (!READS.has(culprit.f)) return undefined;
  const before = operations.filter(({ type, returned, f }) =>
    type === "ok" && returned !== null && returned < culprit.invoked && (READS.has(f) || WRITES.has(f))
  );
  const last = culpritOf(before);
  const shown = last === null ? undefined : shownBy(last);
  return JSON.stringify(shown) === JSON.stringify(culprit.result) ? undefined : shown;
}

const READS: ReadonlySet<string> = new Set(["get", "read"]);
const WRITES: ReadonlySet<string> = new Set(["put", "write", "cas", "delete", "del"]);

function shownBy({ f, value, result }: CounterexampleOperation): unknown {
  if (READS.has(f)) return result;
  if (f === "cas") return Array.isArray(value) ? value[1] : undefined;
  return f === "put" || f === "write" ? value : null;
}

/**
 * Facts about the operation that cannot be explained: which node was asked, and the faults on that node at that moment.
 * One sentence each; none if the run does not tell.
 */
export function circumstances(
  { result, events, schedule }: Pick<JudgedRun, "result" | "events" | "schedule">,
): string[] {
  const failed = Object.values(result.checks).find(({ valid }) => valid === false) as
    | Partial<LinearizabilityVerdict>
    | undefined;
  const culprit = culpritOf(failed?.counterexample?.operations ?? []);
  const end = culprit === null || culprit.returned === null ? undefined : events[culprit.returned];
  if (end?.node === undefined || end.time === undefined) return [];
  const trouble = troubleOf(end.node, end.time, faultSpans(events, schedule.faults));
  const reads = culprit !== null && READS.has(culprit.f) ? readsInWords(result.reads) : [];
  return [
    `Node ${end.node} was asked.`,
    ...reads.map((each) => `${each[0]!.toUpperCase()}${each.slice(1)}.`),
    ...trouble.map((each) => `${each.replace(/^node \d+/, "It")}.`),
  ];
}

/** Explains a read mode in which nodes answer without asking others; empty for the other modes. */
export function readsInWords(reads: string | undefined): string[] {
  if (reads !== "local" && reads !== "serializable") return [];
  return [`a node answers reads from its own copy, without asking others (--reads ${reads})`];
}

/** One sentence for each fault that affected a node at a moment, and cut more than an earlier one had. */
export function troubleOf(node: number, time: number, faults: readonly FaultSpan[]): string[] {
  const open = openAt(time, faults).filter(({ nodes }) => nodes.includes(node));
  const isNew = (fault: FaultSpan, place: number): boolean =>
    fault.cut.length === 0 || !open.some((other, i) => i < place && cutsAll(node, fault.cut, other.cut));
  return open.filter(isNew).map((fault) => {
    const since = `${(fault.start / 1e9).toFixed(3)} s`;
    const apart = separated(node, fault.cut);
    if (apart !== null) return `node ${node} ${apart} since ${since} (${fault.name})`;
    return fault.cut.length > 0 ? null : `node ${node} suffered ${fault.name} since ${since}`;
  }).filter((sentence) => sentence !== null);
}

/** One sentence for each of the last faults of a node that ended after `from`, and not after `to`. */
export function earlierTroubleOf(
  node: number,
  { from, to }: { from: number; to: number },
  faults: readonly FaultSpan[],
): string[] {
  const over = faults.filter(({ nodes, end }) => nodes.includes(node) && end !== null && end > from && end <= to);
  const inSeconds = (time: number): string => `${(time / 1e9).toFixed(3)} s`;
  return over.slice(-MOST_EARLIER).map(({ name, start, end, cut }) => {
    const what = cut.length === 0 ? `suffered ${name}` : separated(node, cut);
    return what === null ? null : `node ${node} ${what} from ${inSeconds(start)} to ${inSeconds(end!)}`;
  }).filter((sentence) => sentence !== null);
}

/** More faults that are over would hide the one that matters. */
const MOST_EARLIER = 2;

/** The faults that were open at a moment. */
export function openAt(time: number, faults: readonly FaultSpan[]): FaultSpan[] {
  return faults.filter(({ start, end }) => start <= time && (end === null || end > time));
}

/** Whether `other` has all the cuts between a node and others that `cut` has. */
function cutsAll(node: number, cut: FaultSpan["cut"], other: FaultSpan["cut"]): boolean {
  return cut.filter((pair) => pair.includes(node))
    .every(([from, to]) => other.some((pair) => pair[0] === from && pair[1] === to));
}

/** The nodes that a node was cut off from. */
function separated(node: number, cut: FaultSpan["cut"]): string | null {
  const deaf = new Set(cut.filter(([, to]) => to === node).map(([from]) => from));
  const mute = new Set(cut.filter(([from]) => from === node).map(([, to]) => to));
  const both = [...deaf].filter((other) => mute.has(other));
  const hears = [...deaf].filter((other) => !mute.has(other));
  const reaches = [...mute].filter((other) => !deaf.has(other));
  const parts = [
    ...(both.length > 0 ? [`was cut off from ${listed(both)}`] : []),
    ...(hears.length > 0 ? [`could not hear ${listed(hears)}`] : []),
    ...(reaches.length > 0 ? [`could not reach ${listed(reaches)}`] : []),
  ];
  return parts.length === 0 ? null : parts.join(" and ");
}

function listed(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  return inWords(sorted.map((number) => number === 0 ? "its clients" : String(number)), "and");
}

/** `1`, `1 and 2`, `1, 2 and 3`. */
export function inWords(texts: readonly string[], word: "and" | "or"): string {
  return texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(", ")} ${word} ${texts.at(-1)}`;
}

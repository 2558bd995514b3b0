/**
 * Makes a report's page of a run or of a history.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../../checker/mod.ts";
import { VERSION } from "../../../server/mod.ts";
import type { Moment } from "../../moment.ts";
import type { RunResult } from "../../run/result.ts";
import type { Schedule } from "../../run/schedule.ts";
import { faultSpans } from "../faults.ts";
import { changesOf, messagesOf, micros, operationsOf } from "./columns.ts";
import type { FaultBand, Head, PageData } from "./data.ts";
import { cyclesOf, whyOf, wordOf } from "./verdicts.ts";

/** A run, with its recordings. */
export interface RecordedRun {
  readonly result: RunResult;
  readonly events: readonly HistoryEvent[];
  readonly schedule: Schedule | null;
  /** The events inside the nodes that the target reported; empty if none were recorded. */
  readonly moments: readonly Moment[];
}

/** How many errors fit one row. */
const ERRORS_TOLD = 3;

/** Makes the page of a run. */
export function runPage({ result, events, schedule, moments }: RecordedRun): PageData {
  const { checks, seed, nemesis, workload, history_sha256, replay } = result;
  const { target, reads } = result as { target?: string; reads?: string };
  const head: Head = {
    title: `seed ${seed}: ${workload} under ${nemesis === "" ? "no nemesis" : nemesis}`,
    word: wordOf(result.valid),
    says: saysOf(result),
    facts: [
      ["seed", String(seed)],
      ["target", target ?? "sim"],
      ["version", VERSION],
      ["nodes", String(result.nodes)],
      ...(reads === undefined ? [] : [["reads", reads] as const]),
      ["operations", `${result.operations.ok} ok, ${result.operations.fail} failed, ${result.operations.info} unknown`],
      ...errorsOf(result.errors),
      ["history", history_sha256.slice(0, 16)],
      ...marksOf(result.coverage),
    ],
    replay,
    checks: Object.entries(checks).map(([name, { valid, reason = "" }]) => ({
      name,
      word: wordOf(valid),
      says: reason,
    })),
    faults: Object.entries(result.faults),
    coverage: Object.entries(result.coverage),
  };
  const page = pageOf(head, events, Object.values(checks), { schedule, moments, reads });
  return {
    ...page,
    kind: "run",
    omitted: [
      ...(page.nodes.length === 0 ? ["the history does not say which node was asked"] : []),
      ...(page.messages === null ? ["messages (this target does not tell of them)"] : []),
      ...(page.changes === null ? ["the nodes' roles, logs and members (this target does not tell of them)"] : []),
    ],
  };
}

/** Makes the page of a history. */
export function historyPage(
  name: string,
  events: readonly HistoryEvent[],
  verdict: Verdict & { model?: string },
): PageData {
  const head: Head = {
    title: name,
    word: wordOf(verdict.valid),
    says: verdict.valid === "unknown" ? verdict.reason ?? "" : "",
    facts: [
      ["version", VERSION],
      ...(verdict.model === undefined ? [] : [["model", verdict.model] as const]),
      ["events", String(events.length)],
    ],
    replay: null,
    checks: [],
    faults: [],
    coverage: [],
  };
  const page = pageOf(head, events, [verdict], NO_RUN);
  return {
    ...page,
    kind: "history",
    omitted: page.unit === "event" && events.length > 0 ? ["rate and latency (the history has no times)"] : [],
  };
}

/** Makes a page that lists others. */
export function listPage(
  pages: readonly { readonly name: string; readonly page: PageData; readonly file: string }[],
): PageData {
  const words = pages.map(({ page }) => page.head.word);
  const word = words.includes("invalid") ? "invalid" : words.includes("unknown") ? "unknown" : "valid";
  const kinds = new Map<string, number>();
  for (const each of words) kinds.set(each, (kinds.get(each) ?? 0) + 1);
  const head: Head = {
    title: `${pages.length} reports`,
    word,
    says: "",
    facts: [["version", VERSION]],
    replay: null,
    checks: [],
    faults: [],
    coverage: [],
  };
  const findings = pages.map(({ name, page, file }) => ({
    name,
    says: page.why?.sentences[0] ?? page.head.says,
    word: page.head.word,
    replay: page.head.replay ?? "",
    page: file,
  }));
  const sweep = { findings, kinds: [...kinds], neverReached: [] };
  return { ...pageOf(head, [], [], NO_RUN), kind: "sweep", sweep };
}

/** What is known of a run besides its history. */
interface RunFacts {
  readonly schedule: Schedule | null;
  readonly moments: readonly Moment[];
  readonly reads?: string | undefined;
}

export const NO_RUN: RunFacts = { schedule: null, moments: [] };

export function pageOf(
  head: Head,
  events: readonly HistoryEvent[],
  checks: readonly Verdict[],
  { schedule, moments, reads }: RunFacts,
): PageData {
  const operations = operationsOf(events);
  const faults = faultSpans(events, schedule?.faults ?? null);
  const changes = changesOf(moments);
  const messages = messagesOf(moments);
  const { start, end, node } = operations.operations;
  const bands: FaultBand[] = faults.map((fault) => ({
    ...fault,
    start: micros(fault.start),
    end: fault.end === null ? -1 : micros(fault.end),
    cut: fault.cut.flat(),
  }));
  const nodes = new Set([...node, ...(changes ?? []).map((change) => change.node)]);
  nodes.delete(0);
  const last = [
    start[start.length - 1] ?? 0,
    most(end),
    ...bands.map((band) => Math.max(band.start, band.end)),
    changes?.at(-1)?.time ?? 0,
  ];
  return {
    kind: "history",
    head,
    why: whyOf(checks, { events, operations, faults, changes, reads }),
    end: most(last) + 1,
    unit: operations.unit,
    nodes: [...nodes].sort((a, b) => a - b),
    operations: operations.operations,
    faults: bands,
    messages,
    changes,
    cycles: cyclesOf(checks),
    sweep: null,
    omitted: [],
  };
}

/** The most frequent errors of operations, in one row; none if there were none. */
function errorsOf(errors: Readonly<Record<string, number>>): (readonly [string, string])[] {
  const told = Object.entries(errors).slice(0, ERRORS_TOLD).map(([error, times]) => `${times} × ${error}`);
  return told.length === 0 ? [] : [["errors", told.join(", ")]];
}

/** How many of the coverage marks the run did not reach, if it has any. */
function marksOf(coverage: Readonly<Record<string, number>>): (readonly [string, string])[] {
  const times = Object.values(coverage);
  const never = times.filter((each) => each === 0).length;
  return never === 0 ? [] : [["situations not reached", `${never} of ${times.length}`]];
}

function most(numbers: Iterable<number>): number {
  let most = 0;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}

function saysOf({ valid, checks }: RunResult): string {
  if (valid === true) return "Everything that the clients saw can be explained.";
  const [name, verdict] = Object.entries(checks).find(([, check]) => check.valid === valid) ?? ["", null];
  return valid === false || verdict === null ? "" : `Nothing can be said for certain: ${name}: ${verdict.reason ?? ""}`;
}

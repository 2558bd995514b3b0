/**
 * Tells a run in the order of its events: the actions of the nemesis and the clients, and the reactions of the nodes.
 *
 * @module
 */
import type { HistoryEvent, LinearizabilityVerdict, Verdict } from "../../checker/mod.ts";
import type { JudgedRun } from "../run/result.ts";
import type { Breach, SafetyVerdict } from "../sim/invariants/world.ts";
import type { Moment } from "../moment.ts";
import { tellsEvent, tellsMoment, type TraceFilter } from "./trace_filter.ts";
import { inWords } from "./why.ts";

/** A longer story is cut in its middle, to about this many lines. */
const MAX_LINES = 160;

interface Told {
  readonly time: number;
  readonly text: string;
}

/** All events of a run that a filter lets through, one line each. */
export function renderTrace(lines: readonly Moment[], run: JudgedRun, filter: TraceFilter): string {
  const inside = lines.filter((line) => isLine(line) && tellsMoment(filter, line)).map(tellNode);
  const told = merged(inside, tellEvents(run.events.filter((event) => tellsEvent(filter, event))));
  const strangers = [...filter.nodes ?? []].filter((node) => !lines.some((line) => line.node === node));
  if (strangers.length > 0) {
    return `${told.map(tell).join("")}No node ${inWords(strangers.map(String), "or")} took part.\n`;
  }
  if (told.length > 0 || filter.kinds === null) return told.map(tell).join("");
  const kinds = new Set(["client", "nemesis", ...lines.filter(isLine).map(({ kind }) => kind)]);
  return `Nothing of the kinds ${[...filter.kinds].join(", ")} to trace; there are ${[...kinds].sort().join(", ")}.\n`;
}

/**
 * Whether a moment belongs into a text. Three kinds do not: paths of messages are out of order, a change of the term
 * comes with a change of the role, and views repeat what faults and nodes report.
 */
function isLine({ kind }: Moment): boolean {
  return kind !== "way" && kind !== "term" && kind !== "view";
}

/**
 * Tells the events that matter: all actions of the nemesis and the clients; and from the nodes the elections, votes,
 * commits, truncations, snapshots, reads, and messages that carried commands. The story ends where an invariant broke,
 * or with the last event that a client saw. A successful proof of life is told only if something that happened during
 * it is wrong.
 */
export function renderStory(lines: readonly Moment[], run: JudgedRun): string {
  const breach = (run.result.checks["safety"] as Partial<SafetyVerdict> | undefined)?.breaches?.[0];
  const end = breach?.time ?? endOf(run);
  const told = [
    ...merged(
      lines.filter((line) => isLine(line) && line.matters && line.time <= end).map(tellNode),
      tellEvents(run.events.filter(({ time = 0 }) => time <= end)),
    ),
    ...(breach === undefined ? [] : [tellBreach(breach)]),
  ];
  if (told.length <= MAX_LINES) return told.map(tell).join("");
  const half = MAX_LINES / 2;
  const gap = `${" ".repeat(12)}... ${told.length - 2 * half} lines left out: --trace prints all ...\n`;
  return [...told.slice(0, half).map(tell), gap, ...told.slice(-half).map(tell)].join("");
}

/** The time of the last event that a reader wants to see. */
function endOf({ events, result: { checks } }: JudgedRun): number {
  if (checks["liveness"]?.valid === false) return Infinity;
  const isProof = proofs(events);
  const last = events.findLast((event) => event.process !== "nemesis" && !isProof.has(event.process));
  const found = Object.values(checks).filter(({ valid }) => valid === false).map((verdict) => wrongAt(verdict, events));
  return Math.max(last?.time ?? 0, ...found);
}

/** The processes of the proof of life: they ask between the healing of a majority and the healing of all nodes. */
function proofs(events: readonly HistoryEvent[]): Set<HistoryEvent["process"]> {
  const placeOf = (note: string): number => events.findIndex(({ process, f }) => process === "nemesis" && f === note);
  const from = placeOf("heal majority"), to = placeOf("heal all");
  if (from < 0) return new Set();
  const asked = events.slice(from, to < 0 ? undefined : to).filter(({ type }) => type === "invoke");
  return new Set(asked.map(({ process }) => process));
}

/** The moment at which a failed check went wrong; if the check does not tell, the end of the history. */
function wrongAt(verdict: Verdict, events: readonly HistoryEvent[]): number {
  const place = (verdict as Partial<LinearizabilityVerdict>).counterexample?.finePrefix ?? events.length - 1;
  return events[place]?.time ?? 0;
}

/** Merges both in the order of time. At the same instant nodes come first, because clients' events follow from them. */
function merged(nodes: readonly Told[], clients: readonly Told[]): Told[] {
  const all: Told[] = [];
  let i = 0;
  for (const client of clients) {
    while (i < nodes.length && nodes[i]!.time <= client.time) all.push(nodes[i++]!);
    all.push(client);
  }
  return [...all, ...nodes.slice(i)];
}

function tellNode({ time, node, kind, text }: Moment): Told {
  const how = kind === "message" ? "receives " : kind === "sent" ? "sends " : "";
  return { time, text: `node ${node}  ${how}${text}` };
}

function tellBreach({ time, what }: Breach): Told {
  return { time, text: `broken  ${what}` };
}

/** The events of clients and of the nemesis; for an operation also the node that was asked. */
function tellEvents(events: readonly HistoryEvent[]): Told[] {
  return events.map(({ time = 0, process, type, f, key, value, error, actual, node }) => {
    if (process === "nemesis") return { time, text: `nemesis  ${f}: ${String(value)}` };
    const what = [f, ...(key === undefined ? [] : [key]), ...(value === undefined ? [] : [JSON.stringify(value)])].join(
      " ",
    );
    if (type === "invoke") {
      return { time, text: `client ${process}  asks${node === undefined ? "" : ` node ${node}:`}  ${what}` };
    }
    const why = error === undefined ? "" : ` (${String(error)}${actual === undefined ? "" : `, found ${actual}`})`;
    return { time, text: `client ${process}  ${type}  ${what}${why}` };
  });
}

function tell({ time, text }: Told): string {
  return `${(time / 1e9).toFixed(6).padStart(11)}  ${text}\n`;
}

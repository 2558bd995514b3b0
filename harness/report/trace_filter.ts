/**
 * Narrows a trace by node, by kind and by time.
 *
 * @module
 */
import type { HistoryEvent } from "../../checker/mod.ts";
import type { Moment } from "../moment.ts";

/** The parts of a run that are traced. */
export interface TraceFilter {
  /** Only these nodes, and what clients asked of them; `null` for all. The nemesis is always included. */
  readonly nodes: ReadonlySet<number> | null;
  /** Only these kinds: `client`, `nemesis`, or a moment's; `null` for all. */
  readonly kinds: ReadonlySet<string> | null;
  /** From this time on, and up to that one, in nanoseconds. */
  readonly from: number;
  readonly to: number;
}

/** Everything. */
export const ALL: TraceFilter = { nodes: null, kinds: null, from: 0, to: Infinity };

/** Whether a trace tells of a moment. */
export function tellsMoment({ nodes, kinds, from, to }: TraceFilter, { node, kind, time }: Moment): boolean {
  return (nodes?.has(node) ?? true) && (kinds?.has(kind) ?? true) && time >= from && time <= to;
}

/** Whether a trace tells of an event of the history. */
export function tellsEvent({ nodes, kinds, from, to }: TraceFilter, event: HistoryEvent): boolean {
  const { process, node, time = 0 } = event;
  const isNemesis = process === "nemesis";
  const isAsked = isNemesis || node === undefined || (nodes?.has(node) ?? true);
  return isAsked && (kinds?.has(isNemesis ? "nemesis" : "client") ?? true) && time >= from && time <= to;
}

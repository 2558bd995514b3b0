/**
 * The faults of a run as time spans, from the nemesis's events and, if there is one, the schedule.
 *
 * @module
 */
import type { HistoryEvent } from "../../checker/mod.ts";
import type { ScheduledFault } from "../nemesis/nemesis.ts";

/** A fault, from its strike to its healing. */
export interface FaultSpan {
  /** Its name: `partition:halves`. */
  readonly name: string;
  /** A description. */
  readonly says: string;
  /** Nanoseconds since the run began. */
  readonly start: number;
  /** Nanoseconds since the run began; `null` if it was never healed. */
  readonly end: number | null;
  /** The affected nodes; empty if the history does not name them. */
  readonly nodes: readonly number[];
  /** The directions that delivered nothing. */
  readonly cut: readonly (readonly [from: number, to: number])[];
}

/** The faults that struck, in the order of their strikes. */
export function faultSpans(events: readonly HistoryEvent[], schedule: readonly ScheduledFault[] | null): FaultSpan[] {
  const planned = [...schedule ?? []].sort((a, b) => a.at - b.at);
  const spans: (FaultSpan & { readonly kind: string; end: number | null })[] = [];
  for (const { process, f, value, time = 0 } of events) {
    if (process !== "nemesis" && process !== NEMESIS) continue;
    const healed = healedBy(f);
    if (healed === null) spans.push({ kind: f, ...spanOf(f, value, time, take(planned, f, time)), end: null });
    else if (healed === "") { for (const span of spans) span.end ??= time; }
    else {
      const said = shape(value);
      const name = said === "" ? healed : `${healed}:${said}`;
      const open = spans.find((span) => span.end === null && span.name === name) ??
        spans.find((span) => span.end === null && span.kind === healed);
      if (open !== undefined) open.end = time;
    }
  }
  return spans.map(({ kind: _kind, ...span }) => span);
}

/** The process number that some recorders use for the nemesis. */
const NEMESIS = -1;

/** The planned fault that an event belongs to: the last of its kind that was due. */
function take(planned: ScheduledFault[], kind: string, time: number): ScheduledFault | null {
  const place = planned.findLastIndex(({ at, fault }) => fault.kind === kind && at <= time);
  return place === -1 ? null : planned.splice(place, 1)[0]!;
}

function spanOf(
  kind: string,
  value: unknown,
  start: number,
  planned: ScheduledFault | null,
): Omit<FaultSpan, "end"> {
  const says = typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
  const fault = (planned?.fault ?? {}) as {
    nodes?: readonly number[];
    node?: number;
    cut?: FaultSpan["cut"];
    links?: FaultSpan["cut"];
  };
  const nodes = fault.nodes ?? (fault.node === undefined ? linked(fault.cut ?? fault.links ?? []) : [fault.node]);
  const first = shape(says);
  const rest = first === "" ? says : says.slice(first.length).replace(/^:\s*/, "");
  return { name: first === "" ? kind : `${kind}:${first}`, says: rest, start, nodes, cut: fault.cut ?? [] };
}

/** The nodes at the ends of links. */
function linked(links: FaultSpan["cut"]): number[] {
  return [...new Set(links.flat())].filter((node) => node > 0).sort((a, b) => a - b);
}

/** The word before the first colon, which is a fault's shape. */
function shape(value: unknown): string {
  return /^([\w-]+)(?::|$)/.exec(String(value ?? ""))?.[1] ?? "";
}

/**
 * The kind of fault that an event heals: `""` for all, `null` for none. Jepsen's own nemeses use `start` and `stop`.
 */
function healedBy(f: string): string | null {
  if (/^heal (all|majority)$/.test(f) || f === "heal" || f === "stop") return "";
  const heal = /^(?:heal|stop)[ -](.+)$/.exec(f);
  return heal === null ? null : heal[1] === "partition" ? "partition" : heal[1]!;
}

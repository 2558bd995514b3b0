/**
 * Sorts the events of a file by time, if their order in the file is another.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { canonicalJson } from "../table/values.ts";
import { FormatError } from "./format_error.ts";
import type { ReadHistory } from "./read.ts";
import type { TimeGoesBack } from "./time.ts";

/** The first client event whose time is before that of the client event before it; undefined if there is none. */
export function whereTimeGoesBack({ events, lines }: ReadHistory): TimeGoesBack | undefined {
  let last = -1;
  for (let i = 0; i < events.length; i++) {
    const { process, time } = events[i]!;
    if (typeof process !== "number" || time === undefined) continue;
    if (last >= 0 && time < events[last]!.time!) return { line: lines[i]!, since: lines[last]! };
    last = i;
  }
  return undefined;
}

/** A history sorted by time. */
export interface SortedHistory {
  /** The history. */
  readonly history: ReadHistory;
  /** How many times are shared by events of different clients. Operations that share a time overlap. */
  readonly ties: number;
}

/**
 * Sorts a history by time. At equal times, invocations come before completions, except within one process, so the
 * operations overlap. An event without a time gets that of the event before it.
 *
 * @throws {FormatError} If time goes back within a process, or a value is read before it is written: then the times
 * come from different clocks.
 */
export function sortedByTime(history: ReadHistory): SortedHistory {
  const { events, lines } = history;
  if (events.length > 0 && events.every(({ time }) => time === undefined)) {
    throw new FormatError(lines[0]!, 1, "the events have no times by which they could be sorted");
  }
  const times = timesOf(events);
  assertProcessesGoOn(history, times);
  const order = Array.from(events, (_, i) => i).sort((i, j) => times[i]! - times[j]! || i - j);
  let ties = 0;
  const sorted: number[] = [];
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && times[order[to]!] === times[order[from]!]) to++;
    const group = order.slice(from, to);
    if (to - from > 1 && new Set(group.map((i) => events[i]!.process)).size > 1) ties++;
    sorted.push(...overlapping(events, group));
    from = to;
  }
  const inOrder: ReadHistory = {
    ...history,
    events: sorted.map((i) => events[i]!),
    lines: sorted.map((i) => lines[i]!),
  };
  assertReadsFollowWrites(inOrder);
  return { history: inOrder, ties };
}

function timesOf(events: readonly HistoryEvent[]): Float64Array {
  const times = new Float64Array(events.length);
  let before = events.find(({ time }) => time !== undefined)?.time ?? 0;
  for (let i = 0; i < events.length; i++) times[i] = before = events[i]!.time ?? before;
  return times;
}

/** The order of events at one time. The completions after which a process does nothing more at that time come last. */
function overlapping(events: readonly HistoryEvent[], group: readonly number[]): number[] {
  if (group.length === 1) return [...group];
  const lastOf = new Map(group.map((i) => [events[i]!.process, i]));
  const endsLast = (i: number): boolean => events[i]!.type !== "invoke" && lastOf.get(events[i]!.process) === i;
  return [...group.filter((i) => !endsLast(i)), ...group.filter(endsLast)];
}

function assertProcessesGoOn({ events, lines }: ReadHistory, times: Float64Array): void {
  const last = new Map<number, number>();
  for (let i = 0; i < events.length; i++) {
    const { process } = events[i]!;
    if (typeof process !== "number") continue;
    const before = last.get(process);
    if (before !== undefined && times[i]! < times[before]!) {
      const what = `time goes back within process ${process}, from ${times[before]} on line ${lines[before]} to ${
        times[i]
      }`;
      throw new FormatError(lines[i]!, 1, `${what}: these are two clients with one number, or two clocks`);
    }
    last.set(process, i);
  }
}

/** When an event was, if it tells. */
function at({ time }: HistoryEvent): string {
  return time === undefined ? "" : ` at ${time}`;
}

const WRITES: ReadonlySet<string> = new Set(["put", "write", "w"]);
const READS: ReadonlySet<string> = new Set(["get", "read", "r"]);

/**
 * Checks that no value is read before some client has asked to write it. Otherwise the times come from different
 * clocks.
 */
function assertReadsFollowWrites({ events, lines }: ReadHistory): void {
  const place = (event: HistoryEvent): string => `${canonicalJson(event.key)} ${canonicalJson(event.value)}`;
  const written = new Map<string, number>();
  for (let i = events.length - 1; i >= 0; i--) {
    if (events[i]!.type === "invoke" && WRITES.has(events[i]!.f)) written.set(place(events[i]!), i);
  }
  if (events.some(({ f }) => f === "cas")) return;
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    if (event.type !== "ok" || !READS.has(event.f) || event.value === null || event.value === undefined) continue;
    const write = written.get(place(event));
    if (write === undefined || write < i) continue;
    const what = `this read returned ${canonicalJson(event.value)}${at(event)}, and line ${lines[write]} writes it${
      at(events[write]!)
    }`;
    throw new FormatError(lines[i]!, 1, `${what}: the clocks cannot be the same`);
  }
}

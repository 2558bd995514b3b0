/**
 * Merges the files of one run.
 *
 * @module
 */
import { FormatError, type HistoryEvent, type ReadHistory } from "../../checker/mod.ts";

/** A file of a run. */
export interface NamedHistory {
  /** Its name. */
  readonly name: string;
  /** The history. */
  readonly history: ReadHistory;
  /** How many lines it has. */
  readonly lineCount: number;
}

/** The merged files of a run. */
interface MergedHistory {
  /** The events of all files, one file after another; the line numbers count through all files. */
  readonly history: ReadHistory;
  /** What a reader should know about the merge. */
  readonly notes: readonly string[];
}

/**
 * Concatenates files; their events must still be sorted by time.
 *
 * If several files use a process number, each file's is another client, unless a file continues where the one before it
 * ended.
 *
 * @throws {FormatError} If a file has events without a time, or times of another clock.
 */
export function merged(files: readonly NamedHistory[]): MergedHistory {
  assertOneClock(files);
  const notes: string[] = [];
  const events: HistoryEvent[] = [];
  const lines: number[] = [];
  const used = new Map<number, Span>();
  let fresh = 0;
  for (const { history } of files) {
    for (const { process } of history.events) if (typeof process === "number") fresh = Math.max(fresh, process + 1);
  }
  let before = 0;
  const zero = files[0]?.history.timeZero;
  for (const { name, history, lineCount } of files) {
    const offset = zero === undefined ? 0 : Number(history.timeZero! - zero);
    const spans = spansOf(history.events);
    const numbers = new Map<number, number>();
    for (const [process, span] of spans) {
      const other = used.get(process);
      const isOther = other !== undefined && !span.beginsOpen && span.from < other.to && other.from < span.to;
      if (isOther) {
        numbers.set(process, fresh);
        notes.push(
          `process ${process} of ${name} is another client than in the files before, and gets the number ${fresh}`,
        );
      }
      used.set(isOther ? fresh++ : process, span);
    }
    for (const [i, event] of history.events.entries()) {
      const number = typeof event.process === "number" ? numbers.get(event.process) : undefined;
      events.push({
        ...event,
        index: events.length,
        time: event.time! + offset,
        ...(number === undefined ? {} : { process: number }),
      });
      lines.push(before + history.lines[i]!);
    }
    if (before > 0) notes.push(`line 1 of ${name} counts as line ${before + 1}`);
    before += lineCount;
  }
  return { history: { ...files[0]!.history, events, lines }, notes };
}

/**
 * When a process of a file was active, and whether its first event completes an operation that began in another file.
 */
interface Span {
  readonly from: number;
  to: number;
  readonly beginsOpen: boolean;
}

function spansOf(events: readonly HistoryEvent[]): Map<number, Span> {
  const spans = new Map<number, Span>();
  for (const { process, type, time = 0 } of events) {
    if (typeof process !== "number") continue;
    const span = spans.get(process);
    if (span === undefined) spans.set(process, { from: time, to: time, beginsOpen: type !== "invoke" });
    else span.to = Math.max(span.to, time);
  }
  return spans;
}

function assertOneClock(files: readonly NamedHistory[]): void {
  let other: { name: string; from: number; to: number } | undefined;
  for (const { name, history } of files) {
    const without = history.events.findIndex(({ process, time }) => typeof process === "number" && time === undefined);
    if (without >= 0) {
      throw new FormatError(history.lines[without]!, 1, `${name} has an event without a time, so it cannot be merged`);
    }
    const times = history.events.flatMap(({ process, time }) => typeof process === "number" ? [time!] : []);
    if (times.length === 0) continue;
    const from = times.reduce((least, time) => Math.min(least, time));
    const to = times.reduce((most, time) => Math.max(most, time));
    // Runs last hours at most. If one file's times are a thousand times the other's, they have another unit or origin.
    const isEpoch = history.timeZero !== undefined;
    if (isEpoch !== (files[0]!.history.timeZero !== undefined)) {
      throw new FormatError(
        1,
        1,
        `the clocks of ${files[0]!.name} and ${name} cannot be the same: one counts from a run's beginning`,
      );
    }
    const isFar = other !== undefined && (from > 1000 * Math.max(1, other.to) || other.from > 1000 * Math.max(1, to));
    if (other !== undefined && isFar) {
      const spans = `${other.name} runs from ${other.from} to ${other.to}, ${name} from ${from} to ${to}`;
      throw new FormatError(1, 1, `the clocks cannot be the same: ${spans}`);
    }
    other ??= { name, from, to };
  }
}

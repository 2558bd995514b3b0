/**
 * Jepsen's full set: follows every added element through all reads.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { quantiles } from "./quantiles.ts";
import {
  assertHasAny,
  type ClientOperation,
  elementsOf,
  indexed,
  type IndexedEvent,
  member,
  operationsOf,
  type WorkloadVerdict,
  workloadVerdict,
} from "./workload.ts";

/** The options of the check. */
export interface SetFullOptions {
  /** Whether it is a violation if a read lacks an element that was known before it began. Default: false. */
  readonly linearizable?: boolean;
}

/** The names of the add and read operations in the history. */
interface SetVocabulary {
  /** The checker's name, for the verdict and for errors. */
  readonly model: string;
  /** The operation that adds an element. */
  readonly add: string;
}

/** The data of one element. Positions are those of events in the history; -1 if there is none. */
export interface Element {
  /** The element. */
  readonly value: unknown;
  /** When it was first known to exist: its add was acknowledged, or a read contained it. */
  known: number;
  /** The beginning of the latest read that contained it. */
  lastPresent: number;
  /** The beginning of the latest read that did not. */
  lastAbsent: number;
}

/** A successful read. */
interface SetRead {
  /** The position of its invocation. */
  readonly began: number;
  /** The position of its completion. */
  readonly ended: number;
  /** Whether it is one of the last reads. */
  readonly isFinal: boolean;
  /** The elements that it returned. */
  readonly value: readonly unknown[];
}

/** All adds and reads of a history. */
export interface SetRecord {
  /** The history. */
  readonly events: readonly IndexedEvent[];
  /** The history's operations. */
  readonly operations: readonly ClientOperation[];
  /** The added elements, by `member`. */
  readonly elements: ReadonlyMap<unknown, Element>;
  /** The reads, in the order of their beginnings. */
  readonly reads: readonly SetRead[];
  /** The elements that some read contained more than once, with the highest count. */
  readonly duplicated: ReadonlyMap<unknown, number>;
}

/**
 * Judges adds of single elements and reads of all elements.
 *
 * An element is stable if the latest read contained it. It is lost if no read that began after it was known contained
 * it. Otherwise it was never read. The verdict is `"unknown"` if no element is stable or lost. The time is linear in
 * the number of elements in all reads.
 *
 * @returns In `found`: `attemptCount`, `stableCount`, `lostCount`, `neverReadCount`, `staleCount`, `duplicatedCount`,
 * the first 20 `lost`, `neverRead`, `stale`, and `stableLatencies` and `lostLatencies`: quantiles of the milliseconds
 * from the moment at which an element was known to the last read that lacked it, or that contained it.
 * @throws {TypeError} If the history has neither adds nor reads, or a read is not a list.
 */
export function checkSetFull(history: readonly HistoryEvent[], options: SetFullOptions = {}): WorkloadVerdict {
  const record = recordOf(history, { model: "set-full", add: "add" });
  const fates = fatesOf(record);
  const { stable, lost, stale } = fates;
  const { operations, elements, duplicated } = record;
  const isStale = options.linearizable === true && stale.length > 0;
  const valid = lost.length > 0 || duplicated.size > 0 || isStale
    ? false
    : stable.length === 0 && operations.length > 0
    ? "unknown"
    : true;
  const reason = lost.length > 0
    ? `${lost.length} of ${elements.size} ${elements.size === 1 ? "element was" : "elements were"} lost`
    : duplicated.size > 0
    ? `${duplicated.size} elements were read more than once in one read`
    : isStale
    ? `${stale.length} elements were missed by a read that began after they were known`
    : valid === "unknown"
    ? "no element was read after it was added"
    : undefined;
  return workloadVerdict("set-full", operations, {
    valid,
    reason,
    found: foundOf(record, fates),
  });
}

/** Collects the adds and reads. */
export function recordOf(history: readonly HistoryEvent[], { model, add }: SetVocabulary): SetRecord {
  const events = indexed(history);
  const operations = operationsOf(events);
  assertHasAny(model, operations, [add, "read"]);
  const position = new Map(events.map((event, at) => [event, at]));
  const elements = new Map<unknown, Element>();
  const reads: SetRead[] = [];
  for (const { f, end, invocation, completion } of operations) {
    if (f === add) {
      const { value } = (invocation ?? completion)!;
      let element = elements.get(member(value));
      if (element === undefined) {
        elements.set(member(value), element = { value, known: -1, lastPresent: -1, lastAbsent: -1 });
      }
      if (end !== "ok") continue;
      const at = position.get(completion!)!;
      if (element.known < 0 || at < element.known) element.known = at;
    } else if (f === "read" && end === "ok") {
      const ended = position.get(completion!)!;
      reads.push({
        began: invocation === undefined ? ended : position.get(invocation)!,
        ended,
        isFinal: (completion!.final ?? invocation?.final) === true,
        value: elementsOf(model, completion!),
      });
    }
  }
  reads.sort((a, b) => a.began - b.began);
  return { events, operations, elements, reads, duplicated: follow(elements, reads) };
}

/**
 * Follows each element through the sorted reads. Returns the elements that some read contained more than once.
 *
 * What a read says of the missing elements depends only on when it began. So for each element, the latest read without
 * it is enough.
 */
function follow(elements: ReadonlyMap<unknown, Element>, reads: readonly SetRead[]): Map<unknown, number> {
  const duplicated = new Map<unknown, number>();
  const latestWith = new Map<Element, number>(); // the number of the latest read with it, among those sorted
  const missed = new Map<Element, number>();
  reads.forEach(({ began, ended, value }, number) => {
    const times = new Map<unknown, number>();
    for (const each of value) {
      const name = member(each);
      times.set(name, (times.get(name) ?? 0) + 1);
      const element = elements.get(name);
      if (element === undefined) continue;
      element.lastPresent = began;
      if (element.known < 0 || ended < element.known) element.known = ended;
      const before = latestWith.get(element) ?? -1;
      if (before < number - 1) missed.set(element, number - 1);
      latestWith.set(element, number);
    }
    for (const [name, count] of times) if (count > 1) duplicated.set(name, Math.max(count, duplicated.get(name) ?? 0));
  });
  for (const element of elements.values()) {
    const before = latestWith.get(element) ?? -1;
    const without = before < reads.length - 1 ? reads.length - 1 : missed.get(element) ?? -1;
    element.lastAbsent = without < 0 ? -1 : reads[without]!.began;
  }
  return duplicated;
}

/** The elements by their fate. */
interface Fates {
  /** The latest read contained it. */
  readonly stable: readonly Element[];
  /** It was known, and no later read contained it. */
  readonly lost: readonly Element[];
  /** Neither stable nor lost. */
  readonly neverRead: readonly Element[];
  /** The stable ones that some read lacked although it began after the element was known. */
  readonly stale: readonly Element[];
}

/** Sorts the elements by their fate. */
export function fatesOf({ elements }: SetRecord): Fates {
  const stable: Element[] = [], lost: Element[] = [], neverRead: Element[] = [], stale: Element[] = [];
  for (const element of elements.values()) {
    if (element.lastPresent >= 0 && element.lastAbsent < element.lastPresent) {
      stable.push(element);
      if (element.lastAbsent > element.known) stale.push(element);
    } else if (element.known >= 0 && element.lastAbsent > element.lastPresent && element.known < element.lastAbsent) {
      lost.push(element);
    } else neverRead.push(element);
  }
  return { stable, lost, neverRead, stale };
}

/** The findings of a verdict on a set: counts, the first elements of each kind, latencies. */
export function foundOf(record: SetRecord, { stable, lost, neverRead, stale }: Fates): Record<string, unknown> {
  const { elements, duplicated, events } = record;
  const values = (list: readonly Element[]) => list.slice(0, 20).map((element) => element.value);
  /**
   * Milliseconds from the moment at which the element was known to a position, at least 0; NaN if the history has no
   * times.
   */
  const latency = (element: Element, until: number): number => {
    if (until < 0) return 0;
    return Math.max(0, Math.floor((events[until]!.time! - events[element.known]!.time!) / 1e6));
  };
  const isTimed = events.every(({ time }) => time !== undefined);
  const latencies = (list: readonly Element[], until: (element: Element) => number) =>
    isTimed ? quantiles(list.map((element) => latency(element, until(element)))) : null;
  return {
    attemptCount: elements.size,
    stableCount: stable.length,
    lostCount: lost.length,
    neverReadCount: neverRead.length,
    staleCount: stale.length,
    duplicatedCount: duplicated.size,
    lost: values(lost),
    neverRead: values(neverRead),
    stale: values(stale),
    stableLatencies: latencies(stable, ({ lastAbsent }) => lastAbsent),
    lostLatencies: latencies(lost, ({ lastPresent }) => lastPresent),
  };
}

/**
 * Jepsen's full set: what became of every element that was added, over all reads.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import {
  assertHasAny,
  elementsOf,
  indexed,
  member,
  operationsOf,
  type WorkloadVerdict,
  workloadVerdict,
} from "./workload.ts";

/** What the checker may be told. */
export interface SetFullOptions {
  /** Whether a read that misses an element that was known before it began is a violation; it is not if left out. */
  readonly linearizable?: boolean;
}

/** What is known of one element. Positions are those of events in the history; -1 where there is none. */
interface Element {
  readonly value: unknown;
  /** Where it was first known to be there: its add was answered, or a read had it. */
  known: number;
  /** The beginning of the latest read that had it. */
  lastPresent: number;
  /** The beginning of the latest read that did not. */
  lastAbsent: number;
}

/**
 * Judges adds of single elements and reads of all.
 *
 * An element is stable if the latest read had it, lost if reads that began after it was known all lack it, and otherwise was never read. A history with no stable
 * element and no lost one is unknown. Linear in the elements of all reads.
 *
 * @returns Found: `attemptCount`, `stableCount`, `lostCount`, `neverReadCount`, `staleCount`, `duplicatedCount`, and the first 20 `lost`, `neverRead`, `stale`.
 * @throws {TypeError} The history has neither adds nor reads, or a read is not of a list.
 */
export function checkSetFull(history: readonly HistoryEvent[], options: SetFullOptions = {}): WorkloadVerdict {
  const events = indexed(history);
  const operations = operationsOf(events);
  assertHasAny("set-full", operations, ["add", "read"]);
  const position = new Map(events.map((event, at) => [event, at]));
  const elements = new Map<unknown, Element>();
  const elementOf = (value: unknown): Element => {
    let element = elements.get(member(value));
    if (element === undefined) {
      elements.set(member(value), element = { value, known: -1, lastPresent: -1, lastAbsent: -1 });
    }
    return element;
  };
  const reads: { began: number; ended: number; value: readonly unknown[] }[] = [];
  for (const { f, end, invocation, completion } of operations) {
    if (f === "add") {
      const element = elementOf((invocation ?? completion)!.value);
      if (end !== "ok") continue;
      const at = position.get(completion!)!;
      if (element.known < 0 || at < element.known) element.known = at;
    } else if (f === "read" && end === "ok") {
      const ended = position.get(completion!)!;
      reads.push({
        began: invocation === undefined ? ended : position.get(invocation)!,
        ended,
        value: elementsOf("set-full", completion!),
      });
    }
  }
  // A read says of an element that it lacks nothing that its beginning does not; so for each element the latest read without it is enough.
  reads.sort((a, b) => a.began - b.began);
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
  const stable: Element[] = [], lost: Element[] = [], neverRead: Element[] = [], stale: Element[] = [];
  for (const element of elements.values()) {
    const before = latestWith.get(element) ?? -1;
    const without = before < reads.length - 1 ? reads.length - 1 : missed.get(element) ?? -1;
    element.lastAbsent = without < 0 ? -1 : reads[without]!.began;
    if (element.lastPresent >= 0 && element.lastAbsent < element.lastPresent) {
      stable.push(element);
      if (element.lastAbsent > element.known) stale.push(element);
    } else if (element.known >= 0 && element.lastAbsent > element.lastPresent && element.known < element.lastAbsent) {
      lost.push(element);
    } else neverRead.push(element);
  }
  const values = (list: readonly Element[]) => list.slice(0, 20).map((element) => element.value);
  const valid = lost.length > 0 || duplicated.size > 0 || (options.linearizable === true && stale.length > 0)
    ? false
    : stable.length === 0 && operations.length > 0
    ? "unknown"
    : true;
  const reason = lost.length > 0
    ? `${lost.length} of ${elements.size} elements were lost`
    : duplicated.size > 0
    ? `${duplicated.size} elements were read more than once in one read`
    : valid === false
    ? `${stale.length} elements were missed by a read that began after they were known`
    : valid === "unknown"
    ? "no element was read after it was added"
    : undefined;
  return workloadVerdict("set-full", operations, {
    valid,
    ...(reason === undefined ? {} : { reason }),
    found: {
      attemptCount: elements.size,
      stableCount: stable.length,
      lostCount: lost.length,
      neverReadCount: neverRead.length,
      staleCount: stale.length,
      duplicatedCount: duplicated.size,
      lost: values(lost),
      neverRead: values(neverRead),
      stale: values(stale),
    },
  });
}

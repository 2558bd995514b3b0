/**
 * Jepsen's total queue: everything that goes in must come out, if the history ends with drains.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import {
  assertHasAny,
  type ClientOperation,
  elementsOf,
  indexed,
  member,
  operationsOf,
  type WorkloadVerdict,
  workloadVerdict,
} from "./workload.ts";

/** The count of each value, by its key in the map. */
type Counts = Map<unknown, { readonly value: unknown; count: number }>;

/**
 * Judges enqueues, dequeues and drains. Every acknowledged enqueue must come out, and nothing may come out that nobody
 * tried to enqueue. An element that comes out twice is counted, but is no violation.
 *
 * @returns In `found`: `attemptCount`, `acknowledgedCount`, `okCount`, `unexpectedCount`, `duplicatedCount`,
 * `lostCount`, `recoveredCount`, and the first 20 `lost`, `unexpected`, `duplicated`, `recovered`.
 * @throws {TypeError} If the history has none of these operations, or a drain's result is not a list.
 */
export function checkTotalQueue(history: readonly HistoryEvent[]): WorkloadVerdict {
  const operations = operationsOf(indexed(history));
  assertHasAny("total-queue", operations, ["enqueue", "dequeue", "drain"]);
  const { attempts, enqueues, dequeues } = countAll(operations);
  const lost = minus(enqueues, dequeues);
  const unexpected = only(dequeues, (name) => !attempts.has(name));
  const duplicated = minus(only(dequeues, (name) => attempts.has(name)), attempts);
  const recovered = minus(only(minus(dequeues, duplicated), (name) => attempts.has(name)), enqueues);
  const okCount = total(dequeues) - total(unexpected) - total(duplicated);
  const valid = lost.size > 0 || unexpected.size > 0 ? false : total(attempts) === 0 ? "unknown" : true;
  const reason = valid === false
    ? `${total(lost)} acknowledged elements never came out, and ${total(unexpected)} came out that nobody enqueued`
    : valid === "unknown"
    ? "nothing was enqueued"
    : undefined;
  return workloadVerdict("total-queue", operations, {
    valid,
    reason,
    found: {
      attemptCount: total(attempts),
      acknowledgedCount: total(enqueues),
      okCount,
      unexpectedCount: total(unexpected),
      duplicatedCount: total(duplicated),
      lostCount: total(lost),
      recoveredCount: total(recovered),
      lost: first(lost),
      unexpected: first(unexpected),
      duplicated: first(duplicated),
      recovered: first(recovered),
    },
  });
}

function countAll(operations: readonly ClientOperation[]): { attempts: Counts; enqueues: Counts; dequeues: Counts } {
  const attempts: Counts = new Map();
  const enqueues: Counts = new Map();
  const dequeues: Counts = new Map();
  for (const { f, end, invocation, completion } of operations) {
    if (f === "enqueue") {
      const { value } = (invocation ?? completion)!;
      if (end !== "fail") add(attempts, value);
      if (end === "ok") add(enqueues, value);
    } else if (end === "ok" && f === "dequeue" && (completion!.value ?? null) !== null) {
      add(dequeues, completion!.value);
    } else if (end === "ok" && f === "drain") {
      for (const value of elementsOf("total-queue", completion!)) add(dequeues, value);
    }
  }
  return { attempts, enqueues, dequeues };
}

function add(counts: Counts, value: unknown): void {
  const known = counts.get(member(value));
  if (known === undefined) counts.set(member(value), { value, count: 1 });
  else known.count++;
}

/** The counts of `one` minus those of `other`. */
function minus(one: Counts, other: Counts): Counts {
  const left: Counts = new Map();
  for (const [name, { value, count }] of one) {
    const rest = count - (other.get(name)?.count ?? 0);
    if (rest > 0) left.set(name, { value, count: rest });
  }
  return left;
}

function only(counts: Counts, isWanted: (name: unknown) => boolean): Counts {
  return new Map([...counts].filter(([name]) => isWanted(name)));
}

function total(counts: Counts): number {
  let sum = 0;
  for (const { count } of counts.values()) sum += count;
  return sum;
}

function first(counts: Counts): unknown[] {
  return Array.from(counts.values(), ({ value }) => value).slice(0, 20);
}

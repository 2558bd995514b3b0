/**
 * Jepsen's set: the last read must have every element that was added, and no other.
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import type { HistoryEvent } from "../history.ts";
import {
  assertHasAny,
  elementsOf,
  indexed,
  member,
  neverRead,
  operationsOf,
  type WorkloadVerdict,
  workloadVerdict,
} from "./workload.ts";

/**
 * Judges the last successful read.
 *
 * @returns In `found`: `attemptCount`, `acknowledgedCount`, `okCount`, `lostCount`, `unexpectedCount`,
 * `recoveredCount`, and the first 20 `lost` and `unexpected`.
 * @throws {TypeError} If the history has neither adds nor reads, or a read is not a list.
 */
export function checkSet(history: readonly HistoryEvent[]): WorkloadVerdict {
  const events = indexed(history);
  const operations = operationsOf(events);
  assertHasAny("set", operations, ["add", "read"]);
  const attempts = new Map<unknown, unknown>();
  const adds = new Map<unknown, unknown>();
  for (const { f, end, invocation, completion } of operations) {
    if (f !== "add") continue;
    const value = (invocation ?? completion)!.value;
    attempts.set(member(value), value);
    if (end === "ok") adds.set(member(value), value);
  }
  const finalRead = events.findLast(({ process, type, f, value }) =>
    typeof process !== "string" && type === "ok" && f === "read" && value !== null && value !== undefined
  );
  if (finalRead === undefined) {
    return workloadVerdict("set", operations, {
      ...neverRead(operations, "the set"),
      found: { attemptCount: attempts.size, acknowledgedCount: adds.size },
    });
  }
  const read = new Map(elementsOf("set", finalRead).map((element) => [member(element), element]));
  const lost = [...adds].filter(([name]) => !read.has(name)).map(([, element]) => element);
  const unexpected = [...read].filter(([name]) => !attempts.has(name)).map(([, element]) => element);
  const okCount = read.size - unexpected.length;
  const recoveredCount = [...read.keys()].filter((name) => attempts.has(name) && !adds.has(name)).length;
  const valid = lost.length === 0 && unexpected.length === 0;
  return workloadVerdict("set", operations, {
    valid,
    reason: `the last read ${differences(lost, unexpected).join(" and ")}`,
    found: {
      attemptCount: attempts.size,
      acknowledgedCount: adds.size,
      okCount,
      lostCount: lost.length,
      unexpectedCount: unexpected.length,
      recoveredCount,
      lost: lost.slice(0, 20),
      unexpected: unexpected.slice(0, 20),
    },
  });
}

function differences(lost: readonly unknown[], unexpected: readonly unknown[]): string[] {
  const some = (elements: readonly unknown[]): string =>
    elements.length === 1 ? `${jsonOf(elements[0])}, which` : `${elements.length} elements that`;
  const were = lost.length === 1 ? "was" : "were";
  return [
    ...(lost.length === 0 ? [] : [`lacks ${some(lost)} ${were} added`]),
    ...(unexpected.length === 0 ? [] : [`has ${some(unexpected)} nobody added`]),
  ];
}

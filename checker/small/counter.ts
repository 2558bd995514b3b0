/**
 * Jepsen's counter: it starts at zero, and every read must lie between the sum of the certain additions and that of the
 * possible ones.
 *
 * @module
 */
import { isExactlySummed } from "../exact.ts";
import type { HistoryEvent } from "../history.ts";
import {
  assertHasAny,
  indexed,
  type IndexedEvent,
  misfit,
  operationsOf,
  type WorkloadVerdict,
  workloadVerdict,
} from "./workload.ts";

/** The names of additions; those that begin with `dec` subtract. */
const ADDS: readonly string[] = ["add", "inc", "increment", "dec", "decrement"];

/**
 * Judges adds (also of negative amounts), increments, decrements and reads. A failed add did not happen; one of unknown
 * outcome may have happened at any time since.
 *
 * @returns In `found`: `readCount`, and under `errors` the reads out of bounds as `[lower, read, upper]`, at most 20.
 * @throws {TypeError} If the history has neither adds nor reads, or a value is not a number.
 */
export function checkCounter(history: readonly HistoryEvent[]): WorkloadVerdict {
  const events = indexed(history);
  const operations = operationsOf(events);
  if (!operations.some(({ f }) => ADDS.includes(f))) assertHasAny("counter", operations, ["add", "read"]);
  const strange = events.find(({ process, f }) => typeof process === "number" && f !== "read" && !ADDS.includes(f));
  if (strange !== undefined) throw misfit("counter", strange, "add, increment, decrement or read", strange.f);
  const endOf = new Map(
    operations.flatMap(({ invocation, end }) => invocation === undefined ? [] : [[invocation, end] as const]),
  );
  const openReads = new Map<unknown, number>();
  const openAdds = new Map<unknown, number>();
  const errors: [number, number, number][] = [];
  let lower = 0, upper = 0, readCount = 0, errorCount = 0;
  for (const event of events) {
    if (typeof event.process === "string") continue;
    const { type, f, process, value } = event;
    const isAdd = ADDS.includes(f);
    if (isAdd && type === "invoke" && endOf.get(event) !== "fail") {
      const amount = amountOf(value, event);
      if (amount > 0) upper += amount;
      else lower += amount;
      openAdds.set(process, amount);
    } else if (isAdd && type === "ok") {
      const amount = openAdds.get(process) ?? amountOf(value, event);
      // An add without an invocation in the history counts in both bounds.
      if (!openAdds.has(process)) amount > 0 ? upper += amount : lower += amount;
      openAdds.delete(process);
      if (amount > 0) lower += amount;
      else upper += amount;
    } else if (f === "read" && type === "invoke") openReads.set(process, lower);
    else if (f === "read" && type === "ok" && value !== null && value !== undefined) {
      if (typeof value !== "number") throw misfit("counter", event, "a read of a number", value);
      const from = openReads.get(process) ?? lower;
      openReads.delete(process);
      readCount++;
      if (from <= value && value <= upper) continue;
      errorCount++;
      if (errors.length < 20) errors.push([from, value, upper]);
    }
  }
  return workloadVerdict("counter", operations, {
    valid: errorCount === 0,
    reason: errors[0] && `${errorCount} of ${readCount} reads ${errorCount === 1 ? "is" : "are"} out of bounds, ` +
        `the first ${errors[0][1]}, not from ${errors[0][0]} to ${errors[0][2]}`,
    found: { readCount, errorCount, errors },
  });
}

function amountOf(value: unknown, event: IndexedEvent): number {
  const isStep = event.f !== "add" && (value === null || value === undefined);
  const amount = isStep ? 1 : value;
  if (isExactlySummed(amount)) return event.f.startsWith("dec") ? -amount : amount;
  throw misfit("counter", event, "a whole number that is added", value);
}

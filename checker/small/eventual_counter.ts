/**
 * Eventually consistent counters: Maelstrom's `pn-counter` and `g-counter`. Earlier reads may return anything; the last
 * reads must return the sum.
 *
 * @module
 */
import { isExactlySummed } from "../exact.ts";
import type { HistoryEvent } from "../history.ts";
import {
  assertHasAny,
  type IndexedEvent,
  misfit,
  operationsOf,
  type WorkloadVerdict,
  workloadVerdict,
} from "./workload.ts";

/** If there are more possible sums than this, only the smallest and the greatest are compared. */
const SUMS_MAX = 200_000;

/** The values that last reads may return. */
interface Sums {
  /** The sum of the acknowledged additions. */
  readonly acknowledged: number;
  /** The smallest sum with some of the uncertain additions. */
  readonly least: number;
  /** The greatest sum with some of the uncertain additions. */
  readonly greatest: number;
  /** All possible sums; `null` if there are too many. */
  readonly all: ReadonlySet<number> | null;
}

/**
 * Judges adds, also of negative amounts, and reads that are marked `final`. Each such read must equal the sum of the
 * acknowledged additions and of any part of those with an unknown outcome.
 *
 * @param model The name in the verdict; `g-counter` allows no negative amount.
 * @returns In `found`: `addCount`, `finalReadCount`, `acknowledged`, `least`, `greatest`, and under `errors` the first
 * 20 wrong reads as `{ index, value }`.
 * @throws {TypeError} If the history has neither adds nor reads, or a value is not a number.
 */
export function checkEventualCounter(
  history: readonly HistoryEvent[],
  model: "pn-counter" | "g-counter" = "pn-counter",
): WorkloadVerdict {
  const operations = operationsOf(history);
  assertHasAny(model, operations, ["add", "read"]);
  const sure: number[] = [], unsure: number[] = [];
  const reads: { index: number; value: number }[] = [];
  for (const { f, end, invocation, completion } of operations) {
    const event = (end === "ok" ? completion : invocation ?? completion)!;
    if (f === "add" && end !== "fail") (end === "ok" ? sure : unsure).push(amountOf(model, invocation ?? completion!));
    if (f !== "read" || end !== "ok" || !(event.final ?? invocation?.final)) continue;
    if (typeof event.value !== "number") throw misfit(model, event, "a read of a number", event.value);
    reads.push({ index: event.index, value: event.value });
  }
  const sums = sumsOf(sure, unsure);
  const errors = reads.filter(({ value }) => !mayBe(value, sums));
  const isUndecided = errors.length === 0 && sums.all === null &&
    reads.some(({ value }) => value !== sums.acknowledged);
  const addCount = sure.length + unsure.length;
  const wanted = sums.least === sums.greatest ? `${sums.least}` : `from ${sums.least} to ${sums.greatest}`;
  const doubt = reads.length === 0
    ? "no last read tells what the sum is in the end"
    : addCount === 0
    ? "nothing succeeded: nothing was added"
    : isUndecided
    ? `${unsure.length} adds are of unknown outcome, too many to try all their sums`
    : undefined;
  const reason = errors.length > 0
    ? `a last read returned ${errors[0]!.value} at event ${errors[0]!.index}, but the sum can only be ${wanted}`
    : doubt;
  return workloadVerdict(model, operations, {
    valid: errors.length > 0 ? false : doubt === undefined ? true : "unknown",
    reason,
    found: {
      addCount,
      finalReadCount: reads.length,
      acknowledged: sums.acknowledged,
      least: sums.least,
      greatest: sums.greatest,
      errorCount: errors.length,
      errors: errors.slice(0, 20),
    },
  });
}

function amountOf(model: string, event: IndexedEvent): number {
  const { value } = event;
  if (!isExactlySummed(value)) throw misfit(model, event, "a whole number that is added", value);
  if (model === "g-counter" && value < 0) throw misfit(model, event, "a counter that only grows", value);
  return value;
}

function sumsOf(sure: readonly number[], unsure: readonly number[]): Sums {
  const acknowledged = sure.reduce((sum, each) => sum + each, 0);
  const least = unsure.reduce((sum, each) => sum + Math.min(0, each), acknowledged);
  const greatest = unsure.reduce((sum, each) => sum + Math.max(0, each), acknowledged);
  let all: Set<number> | null = new Set([acknowledged]);
  for (const each of unsure) {
    const withEach: number[] = [...all].map((sum) => sum + each);
    for (const sum of withEach) all.add(sum);
    if (all.size > SUMS_MAX) {
      all = null;
      break;
    }
  }
  return { acknowledged, least, greatest, all };
}

/** If not all sums are known, any value between the smallest and the greatest may be one. */
function mayBe(value: number, { least, greatest, all }: Sums): boolean {
  return all === null ? least <= value && value <= greatest : all.has(value);
}

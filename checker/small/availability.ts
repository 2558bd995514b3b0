/**
 * Availability: the share of operations that succeeded.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import type { Verdict } from "../verdict.ts";
import { operationsOf } from "./workload.ts";

/** The share of operations that succeeded, and the goal. */
export interface AvailabilityVerdict extends Verdict {
  /** The share of the operations that ended as `ok`, from 0 to 1. */
  readonly okFraction: number;
  /** The smallest share that is acceptable. */
  readonly goal: number;
}

/**
 * Judges whether a share of at least `goal` of all clients' operations succeeded, last reads included.
 *
 * @param goal From 0 to 1; 1 is total availability: every operation must succeed.
 */
export function checkAvailability(history: readonly HistoryEvent[], goal: number): AvailabilityVerdict {
  const operations = operationsOf(history);
  if (operations.length === 0) {
    return { valid: "unknown", reason: "no client invoked an operation", okFraction: 0, goal };
  }
  const ok = operations.filter(({ end }) => end === "ok").length;
  const okFraction = ok / operations.length;
  if (okFraction >= goal) return { valid: true, okFraction, goal };
  const lacking = operations.find(({ end }) => end !== "ok")!;
  const event = (lacking.completion ?? lacking.invocation)!;
  return {
    valid: false,
    reason:
      `${ok} of ${operations.length} operations succeeded, ${percent(okFraction)}, but ${percent(goal)} were asked ` +
      `for; the first that did not is the ${lacking.f} at event ${event.index}`,
    okFraction,
    goal,
  };
}

/** Rounded down, so that only a share of 1 shows as 100 %. */
function percent(share: number): string {
  return `${Math.floor(share * 1000) / 10} %`;
}

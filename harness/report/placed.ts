/**
 * Converts the places in verdicts from lines to events.
 *
 * @module
 */
import type { LinearizabilityVerdict, Verdict } from "../../checker/mod.ts";

/**
 * The verdict, with each line of a file replaced by the position of its event in the history.
 *
 * @param lines The line of each event.
 */
export function placed(verdict: Verdict, lines: readonly number[]): Verdict {
  const { lines: namesLines, counterexample } = verdict as Partial<LinearizabilityVerdict>;
  if (namesLines !== true || counterexample === undefined) return verdict;
  const placeOf = new Map(lines.map((line, place) => [line, place]));
  const operations = counterexample.operations.map((operation) => ({
    ...operation,
    invoked: placeOf.get(operation.invoked) ?? operation.invoked - 1,
    returned: operation.returned === null ? null : placeOf.get(operation.returned) ?? operation.returned - 1,
  }));
  return { ...verdict, counterexample: { ...counterexample, operations } } as Verdict;
}

/**
 * Unique ids: no id may be generated twice.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { jsonOf } from "../json_of.ts";
import { assertHasAny, member, misfit, operationsOf, type WorkloadVerdict, workloadVerdict } from "./workload.ts";

/**
 * Judges operations `generate`, whose results are the ids: any values, compared by content.
 *
 * @returns In `found`: `attemptCount`, `acknowledgedCount`, `duplicatedCount`, and under `duplicated` the first 20 as
 * `{ id, count, indexes }`.
 * @throws {TypeError} If the history has no operation `generate`.
 */
export function checkUniqueIds(history: readonly HistoryEvent[]): WorkloadVerdict {
  const operations = operationsOf(history);
  assertHasAny("unique-ids", operations, ["generate"]);
  const indexesOf = new Map<unknown, { readonly id: unknown; readonly indexes: number[] }>();
  let attemptCount = 0, acknowledgedCount = 0;
  for (const { f, end, completion } of operations) {
    if (f !== "generate") continue;
    attemptCount++;
    if (end !== "ok") continue;
    acknowledgedCount++;
    const id = completion!.value ?? null;
    if (id === null) throw misfit("unique-ids", completion!, "an id", id);
    const known = indexesOf.get(member(id));
    if (known === undefined) indexesOf.set(member(id), { id, indexes: [completion!.index] });
    else known.indexes.push(completion!.index);
  }
  const duplicated = [...indexesOf.values()].filter(({ indexes }) => indexes.length > 1);
  const valid = duplicated.length > 0 ? false : acknowledgedCount === 0 ? "unknown" : true;
  const [first] = duplicated;
  const reason = first !== undefined
    ? `the id ${jsonOf(first.id)} was given out ${first.indexes.length} times, first at events ${
      first.indexes.slice(0, 2).join(" and ")
    }`
    : "nothing succeeded: no id was given out";
  return workloadVerdict("unique-ids", operations, {
    valid,
    reason,
    found: {
      attemptCount,
      acknowledgedCount,
      duplicatedCount: duplicated.length,
      duplicated: duplicated.slice(0, 20).map(({ id, indexes }) => ({ id, count: indexes.length, indexes })),
    },
  });
}

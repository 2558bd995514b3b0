// What is left of a history if only some operations are held to their times and answers.
import type { HistoryEvent } from "../../../../checker/mod.ts";
import { type NaiveOperation, type NaiveStep, operationsOf, registerStep } from "../naive.ts";

/**
 * A history in which only the operations invoked at the places of `kept` are held to their times and answers: of the
 * others, reads are dropped, and writes may take effect at any time or never. What begins after the place `until` comes
 * too late for them.
 */
export function relaxed(history: readonly HistoryEvent[], kept: ReadonlySet<number>, until: number): HistoryEvent[] {
  const before: HistoryEvent[] = [];
  const held: HistoryEvent[] = [];
  history.forEach((event, place) => {
    if (event.type !== "invoke" || place > until) return;
    const end = history.findIndex((other, i) => i > place && other.process === event.process);
    const completion = end < 0 ? undefined : history[end]!;
    const happened = completion === undefined || completion.type === "ok" || completion.type === "info";
    // A process of its own for each: those without a completion would be busy for ever.
    const own = { ...event, process: 1000 + place };
    if (kept.has(place)) {
      held.push({ ...own, time: place });
      if (completion !== undefined && end <= until) held.push({ ...completion, process: own.process, time: end });
    } else if (event.f !== "get" && event.f !== "read" && happened) before.push({ ...own, time: -1 });
  });
  return [...before, ...held.sort((one, other) => one.time! - other.time!)];
}

/** An object as the naive judge sees it. */
interface Played {
  readonly initial: unknown;
  readonly step: NaiveStep;
}

/**
 * Whether the operations that were invoked at the places of `kept` can be true, as far as the place `until`, if the
 * others took effect at their own times or never. Others that began before all of these may have been done by then in
 * any order, each as often as one likes.
 */
export function canBeTrueInTime(
  history: readonly HistoryEvent[],
  kept: ReadonlySet<number>,
  until: number = Infinity,
  { initial, step }: Played = { initial: null, step: registerStep },
): boolean {
  const operations = operationsOf(history)
    // A compare that fails later, or a read that returns later, has seen nothing yet.
    .filter(({ invoked, returned, completion }) =>
      invoked <= until && (returned <= until || completion?.type !== "fail")
    )
    .map((each) => each.returned <= until ? each : { ...each, returned: Infinity, completion: undefined });
  const begin = Math.min(...kept);
  const others = operations.filter((each) =>
    !kept.has(each.invoked) && each.event.f !== "get" && each.completion?.type !== "fail"
  );
  const states = [initial];
  for (const state of states) {
    for (const each of others.filter(({ invoked }) => invoked < begin)) {
      const completion: HistoryEvent = each.completion ?? { ...each.event, type: "ok" };
      const next = step(state, { ...each, returned: 0, completion });
      states.push(...next.filter((one) => states.every((known) => JSON.stringify(known) !== JSON.stringify(one))));
    }
  }
  const held = operations.filter(({ invoked }) => kept.has(invoked));
  return states.some((state) => canPlace(step, state, -1, held, others));
}

function canPlace(
  step: NaiveStep,
  state: unknown,
  latest: number,
  held: readonly NaiveOperation[],
  others: readonly NaiveOperation[],
): boolean {
  if (held.every(({ returned }) => returned === Infinity)) return true;
  const firstReturn = Math.min(...held.map(({ returned }) => returned));
  const after = (each: NaiveOperation, isHeld: boolean): boolean =>
    each.invoked < firstReturn && each.returned > latest && step(state, each).some((next) => {
      const began = Math.max(latest, each.invoked);
      const left = (from: readonly NaiveOperation[]): NaiveOperation[] => from.filter((other) => other !== each);
      return isHeld
        ? canPlace(step, next, began, left(held), others)
        : next !== state && canPlace(step, next, began, held, left(others));
    });
  return held.some((each) => after(each, true)) || others.some((each) => after(each, false));
}

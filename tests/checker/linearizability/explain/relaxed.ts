// What is left of a history if only some operations are held to their times and answers.
import type { HistoryEvent } from "../../../../checker/mod.ts";

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

/**
 * The histories in which the operations of `kept` are joined by some of the others, each at its own time: one history
 * for each choice of writes among the others.
 */
export function inTime(history: readonly HistoryEvent[], kept: ReadonlySet<number>, until: number): HistoryEvent[][] {
  const endOf = (place: number): number =>
    history.findIndex((other, i) => i > place && other.process === history[place]!.process);
  const others = history.flatMap(({ type, f }, place) => {
    const end = history[endOf(place)]?.type ?? "info";
    const isWrite = type === "invoke" && f !== "get" && f !== "read" && end !== "fail";
    return isWrite && !kept.has(place) && place <= until ? [place] : [];
  });
  return Array.from({ length: 2 ** others.length }, (_, choice) => {
    const chosen = new Set([...kept, ...others.filter((_, i) => (choice >> i) % 2 === 1)]);
    const ends = new Set(Array.from(chosen, endOf));
    return history.filter((_, place) => place <= until && (chosen.has(place) || ends.has(place)));
  });
}

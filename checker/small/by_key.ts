/**
 * Judges each key of a history separately, as `jepsen.independent` does.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { canonicalJson } from "../table/values.ts";
import type { Verdict } from "../verdict.ts";

/** A verdict that counts operations. */
interface CountingVerdict extends Verdict {
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
}

/** Whether the operations of a history have keys of their own. */
export function hasKeys(events: readonly HistoryEvent[]): boolean {
  return events.some(({ process, key }) => typeof process === "number" && key !== undefined);
}

/**
 * The verdict for all keys: that of the worst key, with the operations of all keys. Events without a key belong to
 * every key.
 *
 * @param judge Judges the history of one key.
 */
export function checkByKey<Answer extends CountingVerdict>(
  events: readonly HistoryEvent[],
  judge: (events: readonly HistoryEvent[]) => Answer,
): Answer {
  const counts = { ok: 0, fail: 0, info: 0 };
  let worst: { answer: Answer; key: unknown } | undefined;
  for (const { key, history } of historiesByKey(events)) {
    const answer = judge(history);
    for (const end of ["ok", "fail", "info"] as const) counts[end] += answer.operations[end];
    if (worst === undefined || rankOf(answer) > rankOf(worst.answer)) worst = { answer, key };
  }
  const { answer, key } = worst!;
  const reason = answer.reason === undefined ? {} : { reason: `key ${canonicalJson(key)}: ${answer.reason}` };
  return { ...answer, ...reason, operations: counts };
}

const RANKS = { true: 0, unknown: 1, false: 2 } as const;

/** A key on which nothing succeeded does not decide: the other keys do. */
function rankOf({ valid, operations }: CountingVerdict): number {
  return operations.ok === 0 && valid === "unknown" ? -1 : RANKS[`${valid}`];
}

interface HistoryOfKey {
  readonly key: unknown;
  readonly history: HistoryEvent[];
}

function historiesByKey(events: readonly HistoryEvent[]): HistoryOfKey[] {
  const byKey = new Map<string, HistoryOfKey>();
  /** The key of each process's open operation: its completion may lack the key. */
  const open = new Map<number, string>();
  const keyOf = events.map((event): string | undefined => {
    const { process, type, key } = event;
    if (typeof process !== "number") return undefined;
    const name = key === undefined ? (type === "invoke" ? undefined : open.get(process)) : canonicalJson(key);
    if (name !== undefined && !byKey.has(name)) byKey.set(name, { key: key ?? null, history: [] });
    if (name !== undefined && type === "invoke") open.set(process, name);
    if (type !== "invoke") open.delete(process);
    return name;
  });
  for (const [i, event] of events.entries()) {
    const name = keyOf[i];
    const indexed = { ...event, index: event.index ?? i };
    if (name !== undefined) byKey.get(name)!.history.push(indexed);
    else if (typeof event.process === "number") { for (const { history } of byKey.values()) history.push(indexed); }
  }
  return [...byKey.values()];
}

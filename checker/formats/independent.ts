/**
 * `jepsen.independent`: many keys in one history. The value of each operation is a pair of a key and the actual value.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { Tuple } from "./tuple.ts";

/**
 * The meaning of the pairs in a history: `keys` if each begins with a key, `values` if they are values, `unclear` if
 * both are possible.
 */
export type Pairs = "keys" | "values" | "unclear";

/** Finds out what the pairs in a history mean. */
export function pairsOf(events: readonly HistoryEvent[]): Pairs {
  if (events.some(({ value }) => value instanceof Tuple)) return "keys";
  let asksForMore = false;
  let pairs = 0;
  for (const event of events) {
    if (typeof event.process !== "number") continue;
    const { value, type, f } = event;
    if (event.key !== undefined) return "values";
    if (value === null || value === undefined) {
      // A completion may lack the value, but an invocation about a key always names the key.
      if (type === "invoke" || type === "ok") return "values";
      continue;
    }
    if (!Array.isArray(value) || value.length !== 2 || !isKey(value[0])) return "values";
    if (f === "cas" && !(Array.isArray(value[1]) && value[1].length === 2)) return "values";
    pairs++;
    // These show that the pairs begin with keys: a read whose second part is null, a cas whose second part is a pair, a
    // transaction whose second part is a list of operations.
    if ((type === "invoke" && value[1] === null) || f === "cas" || isTransaction(value[1])) asksForMore = true;
  }
  return pairs === 0 ? "values" : asksForMore ? "keys" : "unclear";
}

function isTransaction(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 &&
    value.every((operation) => Array.isArray(operation) && typeof operation[0] === "string");
}

function isKey(value: unknown): boolean {
  return typeof value === "number" || typeof value === "string" || typeof value === "bigint";
}

/** Splits the pairs of a history into keys and values. */
export function eventsWithKeys(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.map((event) => {
    const { value } = event;
    if (typeof event.process !== "number") return event;
    if (value instanceof Tuple) return { ...event, key: value.key, value: value.value };
    return Array.isArray(value) && value.length === 2 ? { ...event, key: value[0], value: value[1] } : event;
  });
}

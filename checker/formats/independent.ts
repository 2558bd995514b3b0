/**
 * `jepsen.independent`: many keys in one history, the value of each operation being a pair of a key and its own value.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { Tuple } from "./tuple.ts";

/**
 * What the pairs in a history are: `keys` where each starts with a key, `values` where they are values, `unclear` where
 * they could be either.
 */
export type Pairs = "keys" | "values" | "unclear";

/** What the pairs are that stand as values in a history. */
export function pairsOf(events: readonly HistoryEvent[]): Pairs {
  if (events.some(({ value }) => value instanceof Tuple)) return "keys";
  let asksForMore = false;
  let pairs = 0;
  for (const event of events) {
    if (typeof event.process !== "number") continue;
    const { value, type, f } = event;
    if (event.key !== undefined) return "values";
    if (value === null || value === undefined) {
      // A completion may say nothing; an invocation about a key names it.
      if (type === "invoke" || type === "ok") return "values";
      continue;
    }
    if (!Array.isArray(value) || value.length !== 2 || !isKey(value[0])) return "values";
    if (f === "cas" && !(Array.isArray(value[1]) && value[1].length === 2)) return "values";
    pairs++;
    // A read of a key asks for what is not known yet, a cas of a key has a pair of its own, a transaction its
    // operations.
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

/** The events of a history whose pairs start with keys, each with its key and its own value. */
export function eventsWithKeys(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.map((event) => {
    const { value } = event;
    if (typeof event.process !== "number") return event;
    if (value instanceof Tuple) return { ...event, key: value.key, value: value.value };
    return Array.isArray(value) && value.length === 2 ? { ...event, key: value[0], value: value[1] } : event;
  });
}

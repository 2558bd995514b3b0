/**
 * Adds the final state of a system to its history, as reads after all other operations.
 *
 * @module
 */
import type * as checker from "../../checker/mod.ts";
import { InputError } from "./input_error.ts";

/** The final state of the system. */
export interface FinalState {
  /** The file that contains it. */
  readonly file: string;
  /** An object by key, a list or a number. */
  readonly value: unknown;
}

/** The models that support a final state, and the operation that reads it. */
const READS: Readonly<Record<string, "get" | "read" | "txn" | "read of all">> = {
  "kv": "get",
  "kv-append": "get",
  "register": "read",
  "cas-register": "read",
  "list-append": "txn",
  "rw-register": "txn",
  "multi-register": "txn",
  "set": "read of all",
  "set-full": "read of all",
  "g-set": "read of all",
  "broadcast": "read of all",
  "counter": "read of all",
  "g-counter": "read of all",
  "pn-counter": "read of all",
  "linearizable-set": "read of all",
  "linearizable-counter": "read of all",
};

/**
 * The history with reads of the final state appended, by a separate process.
 *
 * @throws {InputError} If the state does not fit the model.
 */
export function withFinalState(history: checker.ReadHistory, model: string, final: FinalState): checker.ReadHistory {
  const base = model.split(":")[0]!;
  const how = READS[base];
  const fail = (what: string): InputError => {
    const error = new InputError(what);
    error.file = final.file;
    return error;
  };
  if (how === undefined) throw fail(`--final is for ${Object.keys(READS).join(", ")}, not for ${model}`);
  const reads = how === "read of all"
    ? [{ f: "read", value: final.value }]
    : readsByKey(history, how, final.value, fail);
  let process = 0;
  let time = 0;
  for (const event of history.events) {
    if (typeof event.process === "number") process = Math.max(process, event.process + 1);
    time = Math.max(time, event.time ?? 0);
  }
  const line = (history.lines.at(-1) ?? 0) + 1;
  const events = reads.flatMap(({ value, ...operation }): checker.HistoryEvent[] => {
    const asked = how === "txn" && Array.isArray(value) ? value.map(([f, key]) => [f, key, null]) : null;
    const base = { ...operation, process, time: time + 1, final: true };
    return [{ ...base, type: "invoke", value: asked }, { ...base, type: "ok", value }];
  });
  return { ...history, events: [...history.events, ...events], lines: [...history.lines, ...events.map(() => line)] };
}

interface FinalRead {
  readonly f: string;
  readonly key?: unknown;
  readonly value: unknown;
}

function readsByKey(
  history: checker.ReadHistory,
  how: "get" | "read" | "txn",
  state: unknown,
  fail: (what: string) => InputError,
): FinalRead[] {
  const isByKey = typeof state === "object" && state !== null && !Array.isArray(state);
  const keys = keysOf(history.events);
  if (!isByKey || (how !== "txn" && keys.size === 0)) {
    if (how === "txn" || keys.size > 0) throw fail("expected an object with the final value of each key");
    return [{ f: how, value: state }];
  }
  const entries = Object.entries(state).map(([name, value]): [unknown, unknown] => [keys.get(name) ?? name, value]);
  if (how !== "txn") return entries.map(([key, value]) => ({ f: how, key, value }));
  const isMulti = history.events.some(({ value }) =>
    Array.isArray(value) && value.some((each) => each?.[0] === "read")
  );
  return [{ f: "txn", value: entries.map(([key, value]) => [isMulti ? "read" : "r", key, value]) }];
}

/** The keys of a history by their text, from operations or micro-operations. */
function keysOf(events: readonly checker.HistoryEvent[]): Map<string, unknown> {
  const keys = new Map<string, unknown>();
  for (const { key, value } of events) {
    if (key !== undefined) keys.set(String(key), key);
    if (!Array.isArray(value)) continue;
    for (const operation of value) {
      if (Array.isArray(operation) && typeof operation[0] === "string" && operation.length > 1) {
        keys.set(String(operation[1]), operation[1]);
      }
    }
  }
  return keys;
}

/**
 * Our store as an app: translates the workloads' operations for the store, and the store's replies for the history.
 *
 * The store holds texts by key. Histories have the numbers that clients wrote, and each workload uses the operation
 * names of its literature.
 *
 * @module
 */
import { type ClientReply, createKvStore, encodeOperation, type Operation } from "../../../server/mod.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";
import { WORKLOADS } from "../../workloads/workloads.ts";
import type { App } from "./app.ts";

/** Translates one workload's operations for the store. */
interface Language {
  /** The store's operation. */
  ask(operation: Invocation): Operation;
  /** The value of an `ok` in the history. Default: the value of the invocation. */
  answer?(operation: Invocation, value: unknown): unknown;
}

const COUNTER_KEY = "counter";
const SET_KEY = "set";

const TRANSACTIONS: Language = {
  ask: ({ value }) => ({ f: "txn", value }),
  answer: (_, value) => value,
};

/** The translation for each workload; the compiler reports one that is missing. */
const LANGUAGES: Readonly<Record<keyof typeof WORKLOADS, Language>> = {
  kv: {
    ask: askKv,
    answer: ({ f, value }, found) => f === "get" ? numberOf(found) : value,
  },
  register: {
    ask: ({ f, key, value }) => askKv({ f: f === "read" ? "get" : f === "write" ? "put" : f, key, value }),
    answer: ({ f, value }, found) => f === "read" ? numberOf(found) : value,
  },
  append: TRANSACTIONS,
  session: TRANSACTIONS,
  counter: {
    ask: ({ f, value }) => f === "read" ? { f: "get", key: COUNTER_KEY } : { f: "add", key: COUNTER_KEY, value },
    answer: ({ f, value }, found) => f === "read" ? Number(found ?? 0) : value,
  },
  set: {
    ask: ({ f, value }) => f === "read" ? { f: "get", key: SET_KEY } : { f: "set-add", key: SET_KEY, value },
    answer: ({ f, value }, found) => f === "read" ? found ?? [] : value,
  },
};

function askKv({ f, key, value }: Invocation): Operation {
  const operation = { f, key: key as string };
  if (f === "put") return { ...operation, value: String(value) };
  return f === "cas" ? { ...operation, value: (value as (number | null)[]).map(textOrNothing) } : operation;
}

/** The completion in the history of an operation that the store has answered. */
function complete(operation: Invocation, reply: ClientReply, workload: string): Completion {
  const { value } = operation;
  const { answer } = languageOf(workload);
  if (reply.type === "ok") return { type: "ok", value: answer === undefined ? value : answer(operation, reply.value) };
  const { type, error } = reply;
  if (type === "fail" && reply.actual !== undefined) return { type, value, error, actual: numberOf(reply.actual) };
  return { type, value, error };
}

/** Our store as an app. */
export const STORE_APP: App = {
  workloads: WORKLOADS,
  machine: ({ snapshotStepBytes } = {}) => createKvStore(snapshotStepBytes),
  encode: (operation, workload) => encodeOperation(languageOf(workload).ask(operation)),
  complete,
};

function languageOf(workload: string): Language {
  return LANGUAGES[workload as keyof typeof WORKLOADS];
}

/** The number in the history for a text in the store. */
function numberOf(value: unknown): number | null {
  return value === null ? null : Number(value);
}

function textOrNothing(value: number | null): string | null {
  return value === null ? null : String(value);
}

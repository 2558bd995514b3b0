/**
 * Finds out which model a history is meant for, from its operations.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";

/** A model's name; or, where the operations leave it open, what cannot be told, and the names that it may be (none where no model has such operations). */
export type Inferred = { readonly model: string } | { readonly question: string; readonly models: readonly string[] };

/** Finds the model of a history, or of its beginning. */
export function inferModel(events: readonly HistoryEvent[]): Inferred {
  const clients = events.filter((event) => typeof event.process === "number");
  const names = new Set(clients.map((event) => event.f));
  const has = (...some: string[]): boolean => some.some((name) => names.has(name));
  const only = (...all: string[]): boolean => [...names].every((name) => all.includes(name));
  if (names.size === 0) return { model: "kv" };
  if (only("acquire", "release")) return { model: "mutex" };
  if (only("enqueue", "dequeue")) return { model: "fifo-queue" };
  if (has("append") && only("append", "get", "put", "read", "write")) return { model: "kv-append" };
  if (only("get", "put", "delete", "cas", "scan")) return { model: "kv" };
  if (only("read", "write", "cas")) {
    const hasKeys = clients.some((event) => event.key !== undefined && event.key !== null);
    const readsMaps = clients.some((event) => event.f === "read" && isObject(event.value));
    const isTransaction = (value: unknown): boolean => Array.isArray(value) && value.some(Array.isArray);
    if (clients.some((event) => event.f !== "cas" && isTransaction(event.value))) return { model: "long-fork" };
    if (readsMaps) return { question: "its reads return maps", models: ["bank", "register"] };
    return { model: hasKeys ? "kv" : has("cas") ? "cas-register" : "register" };
  }
  if (has("transfer") && only("transfer", "read")) return { model: "bank" };
  if (has("add", "inc", "increment", "decrement") && only("add", "read", "inc", "increment", "decrement")) {
    return inferFromReads(clients);
  }
  if (has("add", "remove", "contains") && only("add", "remove", "contains", "read")) {
    return { model: "linearizable-set" };
  }
  if (only("txn")) return inferTransactions(clients);
  const list = [...names].sort().join(", ");
  return { question: `its operations are ${list.length > 80 ? `${list.slice(0, 77)}...` : list}`, models: [] };
}

function inferFromReads(events: readonly HistoryEvent[]): Inferred {
  const reads = events.filter((event) => event.f === "read" && event.type === "ok" && (event.value ?? null) !== null);
  if (reads.length === 0) {
    const added = events.filter((event) => event.type === "invoke" && event.f === "add").map((event) => event.value);
    // The same twice: a sum grows, a set would not.
    if (new Set(added).size < added.length) return { model: "counter" };
  }
  if (reads.length === 0) {
    return { question: "no read tells whether it is a counter or a set", models: ["counter", "set"] };
  }
  if (reads.every((event) => typeof event.value === "number")) return { model: "counter" };
  if (!reads.every((event) => Array.isArray(event.value))) {
    return { question: "its reads return neither numbers nor lists", models: ["counter", "set"] };
  }
  const lastAdd = events.findLastIndex((event) => event.f === "add");
  const firstRead = events.findIndex((event) => event.f === "read");
  return firstRead > lastAdd
    ? { model: "set" }
    : { question: "it is a set that is read all the time", models: ["set-full", "linearizable-set", "set"] };
}

function inferTransactions(events: readonly HistoryEvent[]): Inferred {
  const words = new Set<string>();
  for (const event of events) {
    if (!Array.isArray(event.value)) continue;
    for (const operation of event.value) if (Array.isArray(operation)) words.add(String(operation[0]));
  }
  const only = (...all: string[]): boolean => words.size > 0 && [...words].every((word) => all.includes(word));
  if (words.has("append") && only("append", "r", "read")) return { model: "list-append" };
  if (only("read", "write") && words.has("write")) return { model: "multi-register" };
  if (only("r", "w")) return { model: "rw-register" };
  const models = ["list-append", "rw-register"];
  if (words.size === 0) return { question: "its transactions are empty", models };
  return { question: `its transactions have the operations ${[...words].sort().join(", ").slice(0, 80)}`, models: [] };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

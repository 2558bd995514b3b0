/**
 * Infers the model of a history from its operations.
 *
 * @module
 */
import { isRecord } from "../record.ts";
import type { HistoryEvent } from "../history.ts";
import { canonicalJson } from "../table/values.ts";
import { didYouMean } from "./operation_names.ts";

/**
 * The name of a model; or, if the operations leave it open, the open question and the possible names (none if no model
 * has such operations).
 */
export type Inferred =
  | { readonly model: string }
  | {
    /** The open question. */
    readonly question: string;
    /** The possible names. */
    readonly models: readonly string[];
    /** The position, in the given list, of the event that shows it. */
    readonly event?: number;
  };

/** A model's operations: it has no others, and a history for it has at least one of `needs`. */
interface Signature {
  readonly model: string;
  readonly operations: readonly string[];
  readonly needs: readonly string[];
}

const SIGNATURES: readonly Signature[] = [
  signature("mutex", "acquire release"),
  signature("fifo-queue", "enqueue dequeue"),
  signature("stack", "push pop"),
  signature("kv-append", "append get put read write", "append"),
  signature("kv", "get put delete cas scan"),
  signature("bank", "transfer read", "transfer"),
  signature("broadcast", "broadcast read", "broadcast"),
  signature("unique-ids", "generate"),
  signature("echo", "echo"),
  signature("kafka", "send poll txn assign subscribe crash debug-topic-partitions", "send poll"),
  signature(
    "etcd",
    "range txn leaseGrant leaseRevoke defragment compact",
    "range leaseGrant leaseRevoke defragment compact",
  ),
  signature("lease", "acquire renew release read get", "renew"),
  signature("priority-queue", "insert delete-min extract-min pop-min", "delete-min extract-min pop-min"),
  signature("priority-queue:max", "insert delete-max extract-max pop-max", "delete-max extract-max pop-max"),
];

function signature(model: string, operations: string, needs = operations): Signature {
  return { model, operations: operations.split(" "), needs: needs.split(" ") };
}

/**
 * Infers the model of a history, or of its beginning.
 *
 * @param hasTuples Whether the keys were in the events' values, as `jepsen.independent` writes them.
 */
export function inferModel(events: readonly HistoryEvent[], hasTuples = false): Inferred {
  const clients = events.filter((event) => typeof event.process === "number");
  const names = new Set(clients.map((event) => event.f));
  const only = (...all: string[]): boolean => [...names].every((name) => all.includes(name));
  if (names.size === 0) return { model: "kv" };
  if (clients.every(isEtcdRequest)) return { model: "etcd" };
  if (names.has("drain") && only("enqueue", "dequeue", "drain")) {
    return { question: "it is a queue that is drained", models: ["total-queue", "queue", "fifo-queue"] };
  }
  const isTransactional = clients.some(hasMicroOperations);
  if (isTransactional && only("txn", "read", "write", "r", "w", "append")) return inferTransactions(clients);
  if (isTransactional && clients.every(isTransaction)) return inferTransactions(clients);
  if (only("txn")) return inferTransactions(clients);
  const known = SIGNATURES.find(({ operations, needs }) =>
    only(...operations) && needs.some((name) => names.has(name))
  );
  if (known !== undefined) return asked(known.model, clients, events);
  if (only("read", "write", "cas", "r", "w")) return inferRegisters(clients, events, hasTuples);
  if (only("add", "inc", "increment", "dec", "decrement", "read")) return inferFromReads(clients);
  if (only("add", "remove", "contains", "read")) return { model: "linearizable-set" };
  return unknownOperations(events, names);
}

/** A register model, unless the reads return values that no register could hold. */
function asked(model: string, clients: readonly HistoryEvent[], events: readonly HistoryEvent[]): Inferred {
  if (model === "mutex") {
    const token = clients.find(({ f, type, value }) => f === "acquire" && type === "ok" && typeof value === "number");
    if (token === undefined) return { model };
    const question = "an acquire returns a number, which may be a fencing token";
    return { question, models: ["fenced-mutex", "mutex"], event: events.indexOf(token) };
  }
  if (model !== "kv") return { model };
  return otherShape(clients, events, ["kv"]) ?? { model };
}

function inferRegisters(
  clients: readonly HistoryEvent[],
  events: readonly HistoryEvent[],
  hasTuples: boolean,
): Inferred {
  const hasKeys = clients.some((event) => event.key !== undefined && event.key !== null);
  const hasCas = clients.some((event) => event.f === "cas");
  const model = hasKeys && !hasTuples ? "kv" : hasCas ? "cas-register" : "register";
  const writesMaps = clients.some((event) => event.f === "write" && isRecord(event.value));
  if (!writesMaps && clients.some((event) => event.f === "read" && isRecord(event.value))) {
    return { question: "its reads return maps", models: ["bank", "register"] };
  }
  return otherShape(clients, events, [model]) ?? { model };
}

/** The question to ask if reads return lists that nobody wrote: then these are not registers that hold lists. */
function otherShape(
  clients: readonly HistoryEvent[],
  events: readonly HistoryEvent[],
  models: readonly string[],
): Inferred | undefined {
  const isRead = ({ f }: HistoryEvent): boolean => f === "read" || f === "get" || f === "r";
  const strange = clients.find((event) => isRead(event) && event.type === "ok" && Array.isArray(event.value));
  if (strange === undefined) return undefined;
  const writes = clients.filter((event) => !isRead(event) && event.type === "invoke");
  if (writes.length === 0 || writes.some((event) => event.f !== "cas" && Array.isArray(event.value))) return undefined;
  return {
    question: "single values are written, and lists or sets are read",
    models: ["set", "set-full", ...models],
    event: events.indexOf(strange),
  };
}

function inferFromReads(events: readonly HistoryEvent[]): Inferred {
  const reads = events.filter((event) => event.f === "read" && event.type === "ok" && (event.value ?? null) !== null);
  const hasFinal = events.some((event) => event.final === true);
  if (reads.length === 0) {
    const added = events.filter((event) => event.type === "invoke" && event.f === "add").map((event) => event.value);
    // An element is added twice: that makes sense for a sum, not for a set.
    if (new Set(added).size < added.length) return { model: "counter" };
    return { question: "no read tells whether it is a counter or a set", models: ["counter", "set"] };
  }
  if (reads.every((event) => typeof event.value === "number")) return { model: hasFinal ? "pn-counter" : "counter" };
  if (!reads.every((event) => Array.isArray(event.value))) {
    return { question: "its reads return neither numbers nor lists", models: ["counter", "set"] };
  }
  if (hasFinal) return { model: "g-set" };
  const lastAdd = events.findLastIndex((event) => event.f === "add");
  const firstRead = events.findIndex((event) => event.f === "read");
  return firstRead > lastAdd
    ? { model: "set" }
    : { question: "it is a set that is read all the time", models: ["set-full", "linearizable-set", "set"] };
}

function inferTransactions(events: readonly HistoryEvent[]): Inferred {
  const words = new Set<string>();
  for (const { value } of events) {
    if (!Array.isArray(value)) continue;
    for (const operation of value) if (Array.isArray(operation)) words.add(String(operation[0]));
  }
  const only = (...all: string[]): boolean => words.size > 0 && [...words].every((word) => all.includes(word));
  if (words.has("append") && only("append", "r", "read")) return { model: "list-append" };
  if (only("read", "write") && words.has("write")) return { model: "multi-register" };
  if (only("send", "poll")) return { model: "kafka" };
  const models = ["list-append", "rw-register"];
  if (only("r") && events.some((event) => hasListRead(event))) return { model: "list-append" };
  if (only("r", "w")) return { model: isLongFork(events) ? "long-fork" : "rw-register" };
  if (words.size === 0) return { question: "its transactions have no micro-operations", models };
  const strange = [...words].filter((word) => !["append", "r", "w"].includes(word)).sort();
  return {
    question: `its transactions have the operations ${[...words].sort().join(", ").slice(0, 80)}${
      didYouMean(strange[0] ?? "", [["append", "r"], ["w", "r"]], words)
    }`,
    models: [],
  };
}

function hasListRead({ type, value }: HistoryEvent): boolean {
  return type === "ok" && Array.isArray(value) &&
    value.some((operation) => Array.isArray(operation) && Array.isArray(operation[2]));
}

/** Whether this is Jepsen's long fork: `read` of groups of keys, `write` of one key, each key once. */
function isLongFork(events: readonly HistoryEvent[]): boolean {
  if (events.some(({ f }) => f !== "read" && f !== "write")) return false;
  const written = new Set<string>();
  for (const { f, type, value } of events) {
    if (!Array.isArray(value)) continue;
    if (f === "read" && value.length < 2) return false;
    if (f !== "write" || type !== "invoke") continue;
    const key = canonicalJson((value[0] as unknown[] | undefined)?.[1]);
    if (value.length !== 1 || written.has(key)) return false;
    written.add(key);
  }
  return true;
}

function unknownOperations(events: readonly HistoryEvent[], names: ReadonlySet<string>): Inferred {
  const families = [
    ["read", "write", "cas"],
    ...SIGNATURES.map(({ operations }) => operations),
    ["add", "remove", "contains", "read"],
    ["increment", "decrement", "read"],
  ];
  const known = new Set(families.flat());
  const strange = [...names].find((name) => !known.has(name)) ?? [...names].at(-1)!;
  const list = [...names].sort().join(", ");
  const question = `its operations are ${list.length > 80 ? `${list.slice(0, 77)}...` : list}`;
  const meant = known.has(strange) ? "" : didYouMean(strange, families, names);
  const event = events.findIndex(({ f, process }) => f === strange && typeof process === "number");
  return { question: `${question}${meant}`, models: [], ...(meant === "" ? {} : { event }) };
}

const MICRO_OPERATIONS: readonly unknown[] = ["r", "w", "append", "read", "write"];

function hasMicroOperations({ value }: HistoryEvent): boolean {
  return Array.isArray(value) && value.length > 0 &&
    value.every((operation) => Array.isArray(operation) && MICRO_OPERATIONS.includes(operation[0]));
}

/** Whether an event is one of a transaction, whatever it is called: it has micro-operations, or tells nothing. */
function isTransaction(event: HistoryEvent): boolean {
  return hasMicroOperations(event) || (event.type !== "invoke" && (event.value ?? null) === null);
}

function isEtcdRequest({ type, value, f }: HistoryEvent): boolean {
  return type !== "invoke" || (isRecord(value) && (value as { Type?: unknown }).Type === f);
}

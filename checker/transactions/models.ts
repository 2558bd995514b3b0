/**
 * The models of transactions and of Jepsen's small checkers, by name.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { MisfitError, unusable } from "../misfit.ts";
import { checkBank } from "../small/bank.ts";
import { checkByKey, hasKeys } from "../small/by_key.ts";
import { checkBroadcast, checkGSet } from "../small/broadcast.ts";
import { checkCounter } from "../small/counter.ts";
import { checkEcho } from "../small/echo.ts";
import { checkEventualCounter } from "../small/eventual_counter.ts";
import { checkKafka } from "../small/kafka.ts";
import { checkLongFork } from "../small/long_fork.ts";
import { checkSet } from "../small/set.ts";
import { checkSetFull } from "../small/set_full.ts";
import { checkTotalQueue } from "../small/total_queue.ts";
import { checkUniqueIds } from "../small/unique_ids.ts";
import { assertOneAtATime, type WorkloadVerdict } from "../small/workload.ts";
import { checkSessions, checkTransactions, type TransactionOptions, type TransactionVerdict } from "./check.ts";
import type { SessionHistory } from "./read/session_history.ts";
import type { SessionTable } from "./read/session_table.ts";

/**
 * The names for {@link checkTransactionModel}. The first two may be followed by a consistency model, or by initial
 * values: `list-append:snapshot-isolation`, `list-append:{"x": [1]}`, `rw-register:0`.
 */
export const TRANSACTION_MODELS: readonly string[] = [
  "list-append",
  "rw-register",
  "bank",
  "counter",
  "set",
  "set-full",
  "total-queue",
  "long-fork",
  "broadcast",
  "g-set",
  "g-counter",
  "pn-counter",
  "unique-ids",
  "kafka",
  "echo",
];

/** Whether a model's name is one of {@link TRANSACTION_MODELS}, with or without a consistency model after a colon. */
export function isTransactionModel(name: string): boolean {
  return TRANSACTION_MODELS.includes(name.split(":")[0]!);
}

/** The parts of a model's name. */
export interface AskedModel {
  /** The name before the colon. */
  readonly name: string;
  /** The consistency model after the colon. */
  readonly consistencyModel?: string;
  /** For `rw-register:VALUE`: the initial value of every register. */
  readonly initial?: unknown;
  /** For `list-append:{"KEY": [...], ...}`: the initial lists. */
  readonly initialLists?: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Parses a model's name: a consistency model, or initial values as JSON, may follow a colon.
 *
 * @throws {RangeError} If it is neither.
 */
export function parseTransactionModel(model: string): AskedModel {
  const colon = model.indexOf(":");
  if (colon < 0) return { name: model };
  const name = model.slice(0, colon);
  const text = model.slice(colon + 1);
  const initial = name === "list-append" || name === "rw-register" ? initialOf(text) : undefined;
  if (initial === undefined) return { name, consistencyModel: text };
  if (name === "rw-register") return { name, initial: initial.value };
  const lists = initial.value as Record<string, readonly unknown[]>;
  if (typeof lists === "object" && lists !== null && Object.values(lists).every(Array.isArray)) {
    return { name, initialLists: lists };
  }
  throw unusable(model, "expected an object of lists after the colon");
}

function initialOf(text: string): { readonly value: unknown } | undefined {
  if (text === "nil") return { value: null };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** The history with an additional first transaction, which appends the elements of the initial lists. */
function withInitialLists(
  events: readonly HistoryEvent[],
  lists: Readonly<Record<string, readonly unknown[]>> | undefined,
): readonly HistoryEvent[] {
  if (lists === undefined) return events;
  const keys = new Map(keysOf(events).map((key) => [String(key), key]));
  const value = Object.entries(lists).flatMap(([name, list]) =>
    list.map((element) => ["append", keys.get(name) ?? name, element])
  );
  const event = { index: -1, process: -2, f: "txn", value } as const;
  const indexed = events.map((each, i) => ({ ...each, index: each.index ?? i }));
  return [{ ...event, type: "invoke" }, { ...event, type: "ok" }, ...indexed];
}

/** The keys of the micro-operations. */
function keysOf(events: readonly HistoryEvent[]): unknown[] {
  return events.flatMap(({ value }) => Array.isArray(value) ? value : [])
    .flatMap((operation) => Array.isArray(operation) && operation.length > 1 ? [operation[1]] : []);
}

/** A history in one of two forms: events, or sessions. */
export interface TransactionInput {
  /** Jepsen's events. */
  readonly events?: readonly HistoryEvent[];
  /** Sessions, for a file without events. */
  readonly sessions?: SessionHistory | SessionTable;
}

/**
 * Judges a history by a model's name.
 *
 * @throws {RangeError} If there is no such model or consistency model.
 * @throws {TypeError} If the history does not fit the model.
 */
export function checkTransactionModel(
  model: string,
  input: TransactionInput,
  options: TransactionOptions = {},
): TransactionVerdict | WorkloadVerdict {
  const { name, initialLists, ...found } = parseTransactionModel(model);
  const asked = { ...found, ...options };
  if (input.sessions !== undefined) {
    if (name !== "rw-register") {
      throw new MisfitError(`Cannot judge a history of sessions as ${name}: expected rw-register`);
    }
    return checkSessions(input.sessions, asked);
  }
  const events = withInitialLists(input.events ?? [], initialLists);
  const judge = (history: readonly HistoryEvent[]): TransactionVerdict | WorkloadVerdict =>
    judgeEvents(name, history, asked);
  return hasKeys(events) ? checkByKey(events, judge) : judge(events);
}

function judgeEvents(
  name: string,
  events: readonly HistoryEvent[],
  asked: TransactionOptions,
): TransactionVerdict | WorkloadVerdict {
  if (name === "list-append" || name === "rw-register") return checkTransactions(events, { ...asked, workload: name });
  if (asked.mayReinvoke !== true) assertOneAtATime(events);
  switch (name) {
    case "bank":
      return checkBank(events);
    case "counter":
      return checkCounter(events);
    case "set":
      return checkSet(events);
    case "total-queue":
      return checkTotalQueue(events);
    case "set-full":
      return checkSetFull(events);
    case "long-fork":
      return checkLongFork(events);
    case "broadcast":
      return checkBroadcast(events);
    case "g-set":
      return checkGSet(events);
    case "g-counter":
    case "pn-counter":
      return checkEventualCounter(events, name);
    case "unique-ids":
      return checkUniqueIds(events);
    case "kafka":
      return checkKafka(events);
    case "echo":
      return checkEcho(events);
    default:
      throw new RangeError(
        `Cannot judge by the model ${JSON.stringify(name)}: expected one of ${TRANSACTION_MODELS.join(", ")}`,
      );
  }
}

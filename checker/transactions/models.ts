/**
 * The models of transactions and of Jepsen's small checkers, by name.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { MisfitError } from "../misfit.ts";
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
import { checkUniqueIds } from "../small/unique_ids.ts";
import { assertOneAtATime, type WorkloadVerdict } from "../small/workload.ts";
import { checkSessions, checkTransactions, type TransactionOptions, type TransactionVerdict } from "./check.ts";
import type { SessionHistory } from "./read/session_history.ts";
import { VERSION_ORDERS, type VersionOrderSource } from "./order/version_order.ts";

/**
 * The names that {@link checkTransactionModel} takes. The first two may be followed by a consistency model:
 * `list-append:snapshot-isolation`.
 */
export const TRANSACTION_MODELS: readonly string[] = [
  "list-append",
  "rw-register",
  "bank",
  "counter",
  "set",
  "set-full",
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

/** A history as one of the formats has it: events, or sessions. */
export interface TransactionInput {
  /** Jepsen's events. */
  readonly events?: readonly HistoryEvent[];
  /** Sessions, of a file that has no events. */
  readonly sessions?: SessionHistory;
}

/**
 * Judges a history by a model's name.
 *
 * @throws {RangeError} No such model or consistency model.
 * @throws {TypeError} The history does not fit the model.
 */
export function checkTransactionModel(
  model: string,
  input: TransactionInput,
  options: TransactionOptions = {},
): TransactionVerdict | WorkloadVerdict {
  const colon = model.indexOf(":");
  const name = colon < 0 ? model : model.slice(0, colon);
  const asked = colon < 0 ? options : { consistencyModel: model.slice(colon + 1), ...options };
  if (input.sessions !== undefined) {
    if (name !== "rw-register") {
      throw new MisfitError(`Cannot judge a history of sessions as ${name}: expected rw-register`);
    }
    return checkSessions(input.sessions, asked);
  }
  const events = input.events ?? [];
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

/**
 * Reads a list of version orders, such as a flag has it: `sequential-keys,wfr-keys`.
 *
 * @throws {RangeError} There is none of that name.
 */
export function parseVersionOrder(text: string): VersionOrderSource[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "").map((name) => {
    const known = VERSION_ORDERS.find((each) => each === name && each !== "transaction-order");
    if (known !== undefined) return known;
    throw new RangeError(
      `Cannot order versions by ${JSON.stringify(name)}: expected some of wfr-keys, sequential-keys, linearizable-keys`,
    );
  });
}

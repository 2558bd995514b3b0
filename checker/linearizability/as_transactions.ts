/**
 * Translates a history of several registers into one of transactions. Such a history is linearizable if and only if its
 * transactions are strictly serializable, and values that are written once leave little choice for their order.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import type { MultiRegisterModel } from "../models/multi_register.ts";
import { FAILED, GET, OK, type Operations } from "../table/operations.ts";
import { checkTransactions } from "../transactions/check.ts";

/** Whether the transactions are known to be strictly serializable; false if they are not, or if that is uncertain. */
export function isStrictlySerializable(
  table: Operations,
  model: MultiRegisterModel,
  stop: (() => boolean) | undefined,
): boolean {
  const events = Object.keys(model.initial).length > 0 ? undefined : transactionsOf(table, model);
  if (events === undefined) return false;
  const options = { workload: "rw-register", consistencyModel: "strict-serializable" } as const;
  return checkTransactions(events, stop === undefined ? options : { ...options, stop }).valid === true;
}

/** The events, each operation by a process of its own; undefined if some operation is no list of reads and writes. */
function transactionsOf(table: Operations, model: MultiRegisterModel): HistoryEvent[] | undefined {
  const events: HistoryEvent[] = [];
  for (let i = 0; i < table.events; i++) {
    const event = table.order[i]!;
    const row = event < 0 ? ~event : event;
    const isKnown = table.outcome[row] === OK;
    // The table does not keep what a read asked for; without an answer it learned nothing.
    const asked = !isKnown && table.verb[row] === GET ? [] : table.argumentOf(row);
    const list = isKnown && table.resultOf(row) !== null ? table.resultOf(row) : asked;
    const value = microOperations(list, isKnown, model.nullReads === "value");
    if (value === undefined) return undefined;
    const base = { process: row, f: "txn", value };
    if (event >= 0) events.push({ ...base, type: "invoke" });
    else if (table.outcome[row] === FAILED) events.push({ ...base, type: "fail" });
    else if (isKnown) events.push({ ...base, type: "ok" });
  }
  return events;
}

/** Reads and writes under the names that transactions have for them, without the reads that learned nothing. */
function microOperations(list: unknown, isKnown: boolean, nullTells: boolean): unknown[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const operations: unknown[] = [];
  for (const item of list) {
    if (!Array.isArray(item)) return undefined;
    const [f, register, value = null] = item;
    const isRead = f === "read" || f === "r";
    if (!isRead && f !== "write" && f !== "w") return undefined;
    if (!isRead && value === null) return undefined; // what is not there cannot be told from what was written
    if (isRead && (!isKnown || (value === null && !nullTells))) continue;
    operations.push([isRead ? "r" : "w", String(register), value]);
  }
  return operations;
}

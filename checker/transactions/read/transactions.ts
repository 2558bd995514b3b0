/**
 * A history of transactions as flat arrays.
 *
 *     transaction   0        1            2      ...     in the order of invocation
 *     status        ok       info         ok
 *     session       0        1            0              the session of the transaction
 *     invoked       0        1            5              positions in the history: -1 if unknown,
 *     completed     3      never          9              never if it has no completion
 *     opStart       0        2            3      ...     its micro-operations are opStart[t] .. opStart[t + 1]
 *
 *     operation     0   1  | 2  | 3 ...
 *     isWrite       1   0    1    0
 *     opKey         0   1    0    2                      the key's number
 *     opVersion     0  -1    1    0                      the version written or read; see below
 *     opWriter      0  -1    2    0                      who wrote it; nobody, too, where that is not known
 *     lists         .  []    .   [1]                     what a read of a list returned
 *
 * @module
 */
import { formProblem } from "../../event_form.ts";
import type { HistoryEvent } from "../../history.ts";
import { MisfitError, type Place } from "../../misfit.ts";
import { busy } from "../../small/workload.ts";
import type { SessionHistory } from "./session_history.ts";
import { bytes, grown, integers } from "./memory.ts";
import { described, type MicroOperations, microOperations, nameOfPlace } from "./micro_operations.ts";
import { Numbering } from "./numbering.ts";
import { type SessionTable, tableOfSessions } from "./session_table.ts";
import { isAmbiguous, isFinal, isLikeInitial, isShared, nobody, Versions } from "./versions.ts";

/** The two workloads of this checker. */
export type TransactionWorkload = "list-append" | "rw-register";

/** It certainly happened. */
export const ok = 0;
/** It may or may not have happened. */
export const info = 1;
/** It certainly did not happen. */
export const fail = 2;

/** `completed` of a transaction without a completion. */
export const never = 0x7fffffff;

/** `opVersion` of a read that saw the initial state. */
export const initialVersion = -1;
/** `opVersion` of a read whose result is unknown. */
export const unknownVersion = -2;

/** A history of transactions; the head of the file shows the layout. */
export interface Transactions {
  readonly workload: TransactionWorkload;
  readonly count: number;
  readonly status: Uint8Array;
  readonly session: Int32Array;
  /** The name of each session: a process, or a session's number. */
  readonly sessionNames: readonly unknown[];
  readonly invoked: Int32Array;
  readonly completed: Int32Array;
  /** The position of the transaction's most informative event: its completion, or else its invocation. */
  readonly event: Int32Array;
  readonly opStart: Int32Array;
  readonly isWrite: Uint8Array;
  readonly opKey: Int32Array;
  readonly opVersion: Int32Array;
  /** For registers alone; empty for lists. */
  readonly opWriter: Int32Array;
  readonly lists: readonly (readonly unknown[] | undefined)[];
  /** Each key, by its number. */
  readonly keys: readonly unknown[];
  readonly versions: Versions;
  /** Whether the history has real time. */
  readonly hasTime: boolean;
}

/**
 * Pairs the events of a history of transactions.
 *
 * Events of processes that are not numbers (the nemesis) are left out. A completion without an invocation stands for a
 * transaction that was invoked at an unknown time.
 *
 * @param initial The initial value of every register.
 * @param mayReinvoke Whether a busy process may be invoked again, which leaves a transaction of unknown outcome.
 * @throws {MisfitError} If an event's value is not a list of micro-operations of the workload, or a busy process is
 * invoked.
 */
export function transactionsOfEvents(
  workload: TransactionWorkload,
  events: readonly HistoryEvent[],
  mayReinvoke = false,
  initial: unknown = null,
): Transactions {
  const sessions = new Numbering();
  let count = 0;
  const status = bytes(events.length);
  const session = integers(events.length);
  const invoked = integers(events.length);
  const completed = integers(events.length);
  const told = integers(events.length);
  const at = (position: number) => ({ ...events[position]!, index: events[position]!.index ?? position });
  // Session numbers are dense and small, so an array holds the open transaction of each.
  let openOf = integers(64); // 1 + the transaction, or 0
  for (let position = 0; position < events.length; position++) {
    const event = events[position]!;
    const malformed = formProblem(event);
    if (malformed !== undefined) throw new TypeError(`Cannot judge event ${position}: ${malformed}`);
    if (typeof event.process === "string") continue;
    const type = event.type;
    const number = sessions.of(event.process);
    openOf = grown(openOf, number + 1);
    let t = openOf[number]! - 1;
    if (type === "invoke") {
      if (t >= 0 && !mayReinvoke) throw busy(at(position), at(invoked[t]!));
      t = count++;
      openOf[number] = t + 1;
      status[t] = info;
      session[t] = number;
      invoked[t] = position;
      completed[t] = never;
      told[t] = position;
      continue;
    }
    if (t < 0) {
      t = count++;
      session[t] = number;
      invoked[t] = -1;
    }
    openOf[number] = 0;
    status[t] = type === "ok" ? ok : type === "fail" ? fail : info;
    completed[t] = type === "info" ? never : position;
    told[t] = position;
  }
  const operationsOf = (t: number): readonly unknown[] => {
    const event = events[told[t]!]!;
    if (Array.isArray(event.value)) return event.value;
    const invocation = invoked[t]! < 0 ? undefined : events[invoked[t]!];
    if (status[t] !== ok && Array.isArray(invocation?.value)) return invocation.value;
    if (status[t] !== ok && event.value === undefined || event.value === null) return [];
    throw new MisfitError(
      `Cannot judge event ${event.index ?? told[t]}: expected a list of micro-operations, found ${
        described(event.value)
      }`,
      { event: event.index ?? told[t]! },
    );
  };
  const placeOf = (t: number): Place => ({ event: events[told[t]!]!.index ?? told[t]! });
  const outline = {
    count,
    status,
    session,
    sessionNames: sessions.names,
    invoked,
    completed,
    event: told,
    hasTime: true,
  };
  return laidOut(workload, initial, outline, microOperations(workload, count, operationsOf, placeOf), placeOf);
}

/** The transactions of a history of sessions: register transactions, ordered within each session, without times. */
export function transactionsOfSessions(history: SessionHistory | SessionTable): Transactions {
  const table = "sessions" in history ? tableOfSessions(history) : history;
  const { count } = table;
  const status = bytes(count);
  const event = integers(count);
  for (let t = 0; t < count; t++) {
    status[t] = table.committed[t] === 1 ? ok : fail;
    event[t] = t;
  }
  const outline = {
    count,
    status,
    session: table.session,
    sessionNames: Array.from({ length: table.sessionCount }, (_, number) => number),
    invoked: integers(count).fill(-1),
    completed: integers(count).fill(never),
    event,
    hasTime: false,
  };
  return laidOut("rw-register", table.initial, outline, table, () => ({}));
}

type Outline = Pick<
  Transactions,
  "count" | "status" | "session" | "sessionNames" | "invoked" | "completed" | "event" | "hasTime"
>;

/** Assigns a number to every version. */
function laidOut(
  workload: TransactionWorkload,
  initial: unknown,
  outline: Outline,
  operations: MicroOperations,
  placeOf: (transaction: number) => Place,
): Transactions {
  const isAppend = workload === "list-append";
  const total = operations.key.length;
  // Reads of registers add only those versions that nobody wrote.
  let writes = 0;
  for (let at = 0; at < total; at++) writes += operations.isWrite[at]!;
  const versions = new Versions(Math.max(1024, isAppend ? total >>> 1 : writes));
  const draft = {
    ...outline,
    opStart: operations.start,
    isWrite: operations.isWrite,
    opKey: operations.key,
    opVersion: integers(total),
    opWriter: integers(isAppend ? 0 : total),
    versions,
  };
  numberWrites(draft, operations, isAppend ? undefined : { initial });
  const lists = isAppend ? listsOf(draft, operations, placeOf) : [];
  markFinal(draft, operations.keys.length);
  if (!isAppend) numberReads(draft, operations, initial);
  return { workload, ...draft, lists, keys: operations.keys };
}

/** The part of a history that is filled in while versions get their numbers. */
type Draft = Pick<
  Transactions,
  "count" | "status" | "opStart" | "isWrite" | "opKey" | "opVersion" | "opWriter" | "versions"
>;

/**
 * Numbers the written versions, and marks the ambiguous ones. `register` is the initial value of registers; lists are
 * initially empty.
 */
function numberWrites(
  { count, status, opStart, isWrite, opKey, opVersion, versions }: Draft,
  operations: MicroOperations,
  register: { readonly initial: unknown } | undefined,
): void {
  const values = operations.integers;
  for (let t = 0; t < count; t++) {
    const hasFailed = status[t] === fail;
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      if (isWrite[at] === 0) continue;
      const value = values === undefined ? operations.valueOf(at) : values[at]!;
      const version = versions.insert(opKey[at]!, value);
      opVersion[at] = version;
      const writer = versions.writer[version]!;
      if (writer !== nobody && writer !== t) versions.flags[version]! |= isShared;
      if (writer === nobody || (status[writer] === fail && !hasFailed)) versions.writer[version] = t;
      else if (!hasFailed && (writer !== t || register === undefined)) versions.flags[version]! |= isAmbiguous;
      // A read of null, or of a register's initial value, may have seen either a write or the initial state.
      if (register !== undefined && !hasFailed && (value ?? null) === register.initial) {
        versions.flags[version]! |= isAmbiguous | isLikeInitial;
      }
    }
  }
}

/** The lists that reads returned. */
function listsOf(
  { count, status, opStart, isWrite, opVersion }: Draft,
  operations: MicroOperations,
  placeOf: (transaction: number) => Place,
): (readonly unknown[] | undefined)[] {
  const lists: (readonly unknown[] | undefined)[] = new Array(isWrite.length);
  for (let t = 0; t < count; t++) {
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      if (isWrite[at] === 1) continue;
      const value = operations.valueOf(at);
      if (status[t] !== ok) opVersion[at] = unknownVersion;
      else if (Array.isArray(value)) lists[at] = value;
      else if (value === null || value === undefined) lists[at] = empty;
      else {
        const key = described(operations.keys[operations.key[at]!]);
        const what = `expected a list of what key ${key} holds, found ${described(value)}`;
        throw new MisfitError(`Cannot judge ${nameOfPlace(placeOf(t), t)}: ${what}`, placeOf(t));
      }
    }
  }
  return lists;
}

/** Marks the last write of each key in a transaction. */
function markFinal(
  { count, status, opStart, isWrite, opKey, opVersion, versions }: Draft,
  keyCount: number,
): void {
  const markedFor = integers(keyCount); // 1 + the transaction of which the key's last write was marked
  for (let t = 0; t < count; t++) {
    for (let at = opStart[t + 1]! - 1; at >= opStart[t]!; at--) {
      const key = opKey[at]!;
      if (isWrite[at] === 0 || markedFor[key] === t + 1) continue;
      markedFor[key] = t + 1;
      const version = opVersion[at]!;
      // A failed transaction does not mark a version that another transaction wrote too.
      if (status[t] !== fail || versions.writer[version] === t) versions.flags[version]! |= isFinal;
    }
  }
}

/** Assigns the version and the writer to each read of a register. */
function numberReads(
  { count, status, opStart, isWrite, opKey, opVersion, opWriter, versions }: Draft,
  operations: MicroOperations,
  initial: unknown,
): void {
  const values = operations.integers;
  for (let t = 0; t < count; t++) {
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      if (isWrite[at] === 1) {
        opWriter[at] = versions.writer[opVersion[at]!]!;
        continue;
      }
      if (status[t] !== ok) {
        opVersion[at] = unknownVersion;
        opWriter[at] = nobody;
        continue;
      }
      const key = opKey[at]!;
      const value = values === undefined ? operations.valueOf(at) : values[at]!;
      const found = versions.find(key, value ?? null);
      const isInitial = value === null || value === undefined || value === initial;
      // If only a failed transaction wrote a value that is also the initial value, a read of it saw the initial state.
      const isWritten = found >= 0 && !(isInitial && status[versions.writer[found]!] === fail);
      opVersion[at] = isWritten ? found : isInitial ? initialVersion : versions.insert(key, value);
      opWriter[at] = isWritten ? versions.writer[found]! : nobody;
    }
  }
}

const empty: readonly unknown[] = [];

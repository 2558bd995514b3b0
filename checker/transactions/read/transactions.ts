/**
 * A history of transactions as flat arrays.
 *
 *     transaction   0        1            2      ...     in the order of invocation
 *     status        ok       info         ok
 *     session       0        1            0              whose transaction it is
 *     invoked       0        1            5              positions in the history: -1 unknown,
 *     completed     3        never        9              never for what has no answer
 *     opStart       0        2            3      ...     its micro-operations are opStart[t] .. opStart[t + 1]
 *
 *     operation     0   1  | 2  | 3 ...
 *     isWrite       1   0    1    0
 *     opKey         0   1    0    2                      the key's number
 *     opVersion     0  -1    1    0                      the version written or read; see below
 *     lists         .  []    .   [1]                     what a read of a list returned
 *
 * @module
 */
import { jsonOf } from "../../json_of.ts";
import type { HistoryEvent } from "../../history.ts";
import { MisfitError, type Place } from "../../misfit.ts";
import { busy } from "../../small/workload.ts";
import type { SessionHistory } from "./session_history.ts";
import { bytes, grown, integers } from "./memory.ts";
import { comparable, isAmbiguous, isFinal, isLikeInitial, isShared, nobody, Versions } from "./versions.ts";

/** The two workloads of this checker. */
export type TransactionWorkload = "list-append" | "rw-register";

/** Surely happened. */
export const ok = 0;
/** May or may not have happened. */
export const info = 1;
/** Surely did not happen. */
export const fail = 2;

/** `completed` of a transaction that has no answer. */
export const never = 0x7fffffff;

/** `opVersion` of a read that saw the initial state. */
export const initialVersion = -1;
/** `opVersion` of a read whose result is not known. */
export const unknownVersion = -2;

/** A history of transactions; the layout is drawn at the head of this file. */
export interface Transactions {
  readonly workload: TransactionWorkload;
  readonly count: number;
  readonly status: Uint8Array;
  readonly session: Int32Array;
  /** What each session is called: a process, or a session's number. */
  readonly sessionNames: readonly unknown[];
  readonly invoked: Int32Array;
  readonly completed: Int32Array;
  /** The position in the history of the event that tells most: the completion, else the invocation. */
  readonly event: Int32Array;
  readonly opStart: Int32Array;
  readonly isWrite: Uint8Array;
  readonly opKey: Int32Array;
  readonly opVersion: Int32Array;
  readonly lists: readonly (readonly unknown[] | undefined)[];
  /** Each key, by its number. */
  readonly keys: readonly unknown[];
  readonly versions: Versions;
  /** Whether there is a real time at all. */
  readonly hasTime: boolean;
}

/** A transaction as it is found, before it is laid out flat. */
interface Draft {
  readonly status: number;
  readonly session: number;
  readonly invoked: number;
  readonly completed: number;
  readonly event: number;
}

function describe(value: unknown): string {
  const text = jsonOf(value);
  return text.length > 60 ? text.slice(0, 57) + "..." : text;
}

/** Numbers for things, in the order in which they are first seen. */
class Numbering {
  readonly names: unknown[] = [];
  #small: Int32Array = integers(256); // 1 + the number, or 0
  #others = new Map<unknown, number>();

  of(name: unknown): number {
    if (typeof name === "number" && name >= 0 && name < 4_000_000 && (name | 0) === name) {
      this.#small = grown(this.#small, name + 1);
      const known = this.#small[name]!;
      if (known > 0) return known - 1;
      return (this.#small[name] = this.names.push(name)) - 1;
    }
    const key = comparable(name);
    const known = this.#others.get(key);
    if (known !== undefined) return known;
    this.names.push(name);
    this.#others.set(key, this.names.length - 1);
    return this.names.length - 1;
  }
}

/**
 * Pairs the events of a history of transactions.
 *
 * Events of processes that are not numbers (the nemesis) are left out. A completion without an invocation stands for a transaction that was invoked nobody knows when.
 *
 * @param initial What every register holds at first.
 * @param mayReinvoke Whether a process may be invoked while it is busy, which leaves a transaction of unknown outcome behind.
 * @throws {MisfitError} An event's value is not a list of micro-operations of the workload, or a busy process is invoked.
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
  // Session numbers are dense and small, so the open transaction of each is found in an array.
  let openOf = integers(64); // 1 + the transaction, or 0
  for (let position = 0; position < events.length; position++) {
    const event = events[position]!;
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
        describe(event.value)
      }`,
      { event: event.index ?? told[t]! },
    );
  };
  return laidOut(
    workload,
    initial,
    {
      count,
      status,
      session,
      sessionNames: sessions.names,
      invoked,
      completed,
      event: told,
      hasTime: true,
    },
    operationsOf,
    (t) => ({ event: events[told[t]!]!.index ?? told[t]! }),
  );
}

/** The transactions of a history of sessions: register transactions with an order in each session and no time. */
export function transactionsOfSessions(history: SessionHistory): Transactions {
  const drafts: Draft[] = [];
  const operations: (readonly unknown[])[] = [];
  history.sessions.forEach((session, number) => {
    for (const transaction of session) {
      drafts.push({
        status: transaction.committed ? ok : fail,
        session: number,
        invoked: -1,
        completed: never,
        event: drafts.length,
      });
      operations.push(transaction.operations);
    }
  });
  return laidOut(
    "rw-register",
    history.initial,
    {
      count: drafts.length,
      status: Uint8Array.from(drafts, (draft) => draft.status),
      session: Int32Array.from(drafts, (draft) => draft.session),
      sessionNames: history.sessions.map((_, number) => number),
      invoked: Int32Array.from(drafts, (draft) => draft.invoked),
      completed: Int32Array.from(drafts, (draft) => draft.completed),
      event: Int32Array.from(drafts, (draft) => draft.event),
      hasTime: false,
    },
    (t) => operations[t]!,
    () => ({}),
  );
}

type Outline = Pick<
  Transactions,
  "count" | "status" | "session" | "sessionNames" | "invoked" | "completed" | "event" | "hasTime"
>;

/** Lays the micro-operations out flat, and gives every version its number. */
function laidOut(
  workload: TransactionWorkload,
  initial: unknown,
  outline: Outline,
  operationsOf: (transaction: number) => readonly unknown[],
  placeOf: (transaction: number) => Place,
): Transactions {
  const { count, status } = outline;
  const nameOf = (t: number): string => {
    const { event } = placeOf(t);
    return event === undefined ? `transaction ${t}` : `event ${event}`;
  };
  const append = workload === "list-append";
  const writeName = append ? "append" : "w";
  const opStart = integers(count + 1);
  let total = 0;
  for (let t = 0; t < count; t++) {
    opStart[t] = total;
    total += operationsOf(t).length;
  }
  opStart[count] = total;
  const isWrite = bytes(total);
  const opKey = integers(total);
  const opVersion = integers(total);
  const lists: (readonly unknown[] | undefined)[] = append ? new Array(total) : [];
  const keys = new Numbering();
  const versions = new Versions(Math.max(1024, total >>> (append ? 1 : 0)));
  const results: unknown[] = append ? [] : new Array(total);

  for (let t = 0, at = 0; t < count; t++) {
    const operations = operationsOf(t);
    for (let i = 0; i < operations.length; i++, at++) {
      const operation = operations[i] as readonly unknown[];
      const f = Array.isArray(operation) ? operation[0] : undefined;
      const isWhole = f === "r" ? operation.length > 1 : f === writeName && operation[2] !== undefined;
      if (!isWhole) {
        throw new MisfitError(
          `Cannot judge ${nameOf(t)} as ${workload}: expected ["${writeName}", key, value] or ["r", key, ${
            append ? "list" : "value"
          }], found ${describe(operation)}`,
          placeOf(t),
        );
      }
      const key = keys.of(operation[1]);
      opKey[at] = key;
      const value = operation[2];
      if (f !== "r") {
        isWrite[at] = 1;
        const version = versions.insert(key, value);
        opVersion[at] = version;
        const writer = versions.writer[version]!;
        if (writer !== nobody && writer !== t) versions.flags[version]! |= isShared;
        if (writer === nobody || (status[writer] === fail && status[t] !== fail)) versions.writer[version] = t;
        else if (status[t] !== fail && (writer !== t || append)) versions.flags[version]! |= isAmbiguous;
        // A read of null, or of what a register starts with, may have seen either.
        if (!append && status[t] !== fail && (value ?? null) === initial) {
          versions.flags[version]! |= isAmbiguous | isLikeInitial;
        }
      } else if (!append) {
        results[at] = value;
      } else if (status[t] !== ok) {
        opVersion[at] = unknownVersion;
      } else if (Array.isArray(value)) {
        lists[at] = value;
      } else if (value === null || value === undefined) {
        lists[at] = empty;
      } else {
        throw new MisfitError(
          `Cannot judge ${nameOf(t)}: expected a list of what key ${describe(operation[1])} holds, found ${
            describe(value)
          }`,
          placeOf(t),
        );
      }
    }
  }
  const { flags } = versions;
  for (let t = 0; t < count; t++) markFinal(t, opStart[t]!, opStart[t + 1]!);
  /** A transaction that failed says nothing of a version that another one wrote too. */
  function isWriter(t: number, version: number): boolean {
    return status[t] !== fail || versions.writer[version] === t;
  }
  function markFinal(t: number, from: number, to: number): void {
    for (let at = to - 1; at >= from; at--) {
      if (!isWrite[at]) continue;
      let later = at + 1;
      while (later < to && !(isWrite[later] && opKey[later] === opKey[at])) later++;
      if (later === to && isWriter(t, opVersion[at]!)) flags[opVersion[at]!]! |= isFinal;
      // The scan is quadratic in the length of one transaction: a long one is marked from its end with a set.
      if (to - from > 64) return markFinalOfLong(t, from, to);
    }
  }
  function markFinalOfLong(t: number, from: number, to: number): void {
    const seen = new Set<number>();
    for (let at = to - 1; at >= from; at--) {
      if (!isWrite[at] || seen.has(opKey[at]!)) continue;
      seen.add(opKey[at]!);
      if (isWriter(t, opVersion[at]!)) flags[opVersion[at]!]! |= isFinal;
    }
  }
  if (!append) {
    for (let t = 0; t < count; t++) {
      for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
        if (isWrite[at]) continue;
        const value = results[at];
        if (status[t] !== ok) opVersion[at] = unknownVersion;
        else {
          const key = opKey[at]!;
          const found = versions.find(key, value ?? null);
          const isInitial = value === null || value === undefined || value === initial;
          // Where only a failed transaction wrote what was there from the start, the read saw the start.
          const isWritten = found >= 0 && !(isInitial && status[versions.writer[found]!] === fail);
          opVersion[at] = isWritten ? found : isInitial ? initialVersion : versions.insert(key, value);
        }
      }
    }
  }
  return {
    workload,
    ...outline,
    opStart,
    isWrite,
    opKey,
    opVersion,
    lists,
    keys: keys.names,
    versions,
  };
}

const empty: readonly unknown[] = [];

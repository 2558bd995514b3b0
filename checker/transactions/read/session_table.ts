/**
 * Register transactions in sessions, as typed arrays: a million transactions would need about twenty million objects.
 *
 *     transaction    0        1            2    ...    by session, in the order of each
 *     session        0        0            1
 *     committed      1        0            1
 *     line           1        4            9           where it begins, from 1
 *     start          0        2            3    ...    its operations are start[t] .. start[t + 1]
 *
 *     operation      0   1  | 2  | 3 ...
 *     isWrite        1   0    1    0
 *     key            0   1    0    2                   the key's number
 *     integer        5   7    8    0                   the value, if it is an integer of 32 bits; else it is in a map
 *
 * @module
 */
import { grouped } from "./grouped.ts";
import { bytes, grown, grownBytes, integers } from "./memory.ts";
import type { MicroOperations } from "./micro_operations.ts";
import { Numbering } from "./numbering.ts";
import type { RegisterOperation, SessionHistory, SessionTransaction } from "./session_history.ts";

/** A history of sessions; the head of the file shows the layout. */
export interface SessionTable extends MicroOperations {
  /** How many transactions there are. */
  readonly count: number;
  /** The session of each transaction. */
  readonly session: Int32Array;
  /** 1 for a transaction that was committed. */
  readonly committed: Uint8Array;
  /** The line of each transaction in the file. */
  readonly line: Int32Array;
  /** How many sessions there are. */
  readonly sessionCount: number;
  /** The initial value of every key; null if a read of it is written as null. */
  readonly initial: unknown;
}

/** The arrays of a table with one entry per transaction or per operation. */
type Columns = Pick<SessionTable, "session" | "committed" | "line" | "start" | "isWrite" | "key"> & {
  readonly integer: Int32Array;
  readonly others: ReadonlyMap<number, unknown>;
};

/** Collects transactions and their operations, in any order. */
export class SessionTableBuilder {
  /** How many transactions there are. */
  transactions = 0;
  /** How many operations there are. */
  operations = 0;
  readonly #keys = new Numbering();
  /** The values that are no integers of 32 bits, by the operation. */
  readonly #others = new Map<number, unknown>();
  #session = integers(1024);
  #committed = bytes(1024);
  #line = integers(1024);
  #of: Int32Array;
  #isWrite: Uint8Array;
  #key: Int32Array;
  #integer: Int32Array;
  /** Whether transactions came by session, and operations by transaction, so that the table is in order already. */
  #isInOrder = true;

  /** @param expected For how many operations to reserve room; unused pages take no memory. */
  constructor(expected = 4096) {
    this.#of = integers(expected);
    this.#isWrite = bytes(expected);
    this.#key = integers(expected);
    this.#integer = integers(expected);
  }

  /** Adds a transaction; returns its number. */
  transaction(session: number, committed: boolean, line: number): number {
    const t = this.transactions++;
    this.#session = grown(this.#session, t + 1);
    this.#committed = grownBytes(this.#committed, t + 1);
    this.#line = grown(this.#line, t + 1);
    if (t > 0 && session < this.#session[t - 1]!) this.#isInOrder = false;
    this.#session[t] = session;
    this.#committed[t] = committed ? 1 : 0;
    this.#line[t] = line;
    return t;
  }

  /** Appends an operation to a transaction. */
  operation(transaction: number, isWrite: boolean, key: unknown, value: unknown): void {
    const isInteger = typeof value === "number" && (value | 0) === value;
    if (!isInteger) this.#others.set(this.operations, value);
    this.operationOfIntegers(transaction, isWrite, this.#keys.of(key), isInteger ? value : 0);
  }

  /** The number of a key, for {@link SessionTableBuilder.operationOfIntegers}. */
  numberOfKey(key: number): number {
    return this.#keys.of(key);
  }

  /** Adds an operation with a numbered key and an integer of 32 bits as its value. */
  operationOfIntegers(transaction: number, isWrite: boolean, keyNumber: number, value: number): void {
    const at = this.operations++;
    if (at === this.#of.length) this.#grow();
    if (transaction !== this.transactions - 1) this.#isInOrder = false;
    this.#of[at] = transaction;
    this.#isWrite[at] = isWrite ? 1 : 0;
    this.#key[at] = keyNumber;
    this.#integer[at] = value;
  }

  #grow(): void {
    const length = this.#of.length * 2;
    this.#of = grown(this.#of, length);
    this.#isWrite = grownBytes(this.#isWrite, length);
    this.#key = grown(this.#key, length);
    this.#integer = grown(this.#integer, length);
  }

  /**
   * Makes the table: transactions by session, operations by transaction, each in the order in which they were added.
   */
  table(sessionCount: number, initial: unknown): SessionTable {
    const inOrder = this.#isInOrder ? this.#asAdded() : this.#sorted(sessionCount);
    const { integer, others, ...columns } = inOrder;
    return {
      count: this.transactions,
      ...columns,
      sessionCount,
      initial,
      keys: this.#keys.names,
      valueOf: (at) => others.size > 0 && others.has(at) ? others.get(at) : integer[at],
      ...(others.size === 0 ? { integers: integer } : {}),
    };
  }

  #asAdded(): Columns {
    const { transactions: count, operations } = this;
    const { start } = grouped(this.#of.subarray(0, operations), count);
    return {
      session: this.#session.subarray(0, count),
      committed: this.#committed.subarray(0, count),
      line: this.#line.subarray(0, count),
      start,
      isWrite: this.#isWrite.subarray(0, operations),
      key: this.#key.subarray(0, operations),
      integer: this.#integer,
      others: this.#others,
    };
  }

  #sorted(sessionCount: number): Columns {
    const count = this.transactions;
    const { items: order } = grouped(this.#session.subarray(0, count), sessionCount);
    const ofEach = grouped(this.#of.subarray(0, this.operations), count);
    const start = integers(count + 1);
    const isWrite = bytes(this.operations);
    const key = integers(this.operations);
    const integer = integers(this.operations);
    const others = new Map<number, unknown>();
    let at = 0;
    for (let t = 0; t < count; t++) {
      for (let i = ofEach.start[order[t]!]!; i < ofEach.start[order[t]! + 1]!; i++) {
        const from = ofEach.items[i]!;
        isWrite[at] = this.#isWrite[from]!;
        key[at] = this.#key[from]!;
        integer[at] = this.#integer[from]!;
        if (this.#others.has(from)) others.set(at, this.#others.get(from));
        at++;
      }
      start[t + 1] = at;
    }
    return {
      session: integers(count).map((_, t) => this.#session[order[t]!]!),
      committed: bytes(count).map((_, t) => this.#committed[order[t]!]!),
      line: integers(count).map((_, t) => this.#line[order[t]!]!),
      start,
      isWrite,
      key,
      integer,
      others,
    };
  }
}

/** Converts a history from objects to a table. */
export function tableOfSessions({ sessions, initial }: SessionHistory): SessionTable {
  const builder = new SessionTableBuilder();
  sessions.forEach((session, number) => {
    for (const { operations, committed, line } of session) {
      const t = builder.transaction(number, committed, line);
      for (const [f, key, value] of operations) builder.operation(t, f === "w", key, value);
    }
  });
  return builder.table(sessions.length, initial);
}

/** Converts a table to objects. */
export function sessionsOfTable(table: SessionTable): SessionHistory {
  const sessions: SessionTransaction[][] = Array.from({ length: table.sessionCount }, () => []);
  for (let t = 0; t < table.count; t++) {
    const operations: RegisterOperation[] = [];
    for (let at = table.start[t]!; at < table.start[t + 1]!; at++) {
      operations.push([table.isWrite[at] === 1 ? "w" : "r", table.keys[table.key[at]!], table.valueOf(at)]);
    }
    sessions[table.session[t]!]!.push({ operations, committed: table.committed[t] === 1, line: table.line[t]! });
  }
  return { sessions, initial: table.initial };
}

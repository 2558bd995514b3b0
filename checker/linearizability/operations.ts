/**
 * A history as a table of operations, in typed arrays.
 *
 * One row an operation, in the order of the invocations, and one list of the events in the order of real time:
 *
 *     verb       Uint8     what it is to a register (GET, PUT, ...), or OTHER: then `name` says
 *     name       Int32     id of the operation's name in `names`
 *     outcome    Uint8     OPEN (no completion, or info), OK, FAILED, or MISMATCH (a failed compare: it saw another value)
 *     process    Float64
 *     key        Int32     id of the key in `keys`; keyless operations have the key null
 *     a, b       Int32     ids in `values`:   GET: a = result      PUT: a = written     DELETE: -
 *                                             CAS: a = from, b = to (MISMATCH: `actual` may hold what it saw)
 *                                             OTHER: a = argument, b = result
 *     invoked, returned    Int32     position in the file of the event (-1: none), for people
 *     order      Int32     an invocation of row r is r, its completion ~r; an operation that is OPEN has none
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { NULL_ID, Values } from "./values.ts";

/** What an operation is to a register. */
export const GET = 0, PUT = 1, DELETE = 2, CAS = 3, OTHER = 4;
/** How an operation ended. */
export const OPEN = 0, OK = 1, FAILED = 2, MISMATCH = 3;

const VERBS: Readonly<Record<string, number>> = {
  get: GET,
  read: GET,
  r: GET,
  put: PUT,
  write: PUT,
  w: PUT,
  set: PUT,
  delete: DELETE,
  del: DELETE,
  cas: CAS,
};

/** What `name` is to a register; OTHER for names that registers do not have. */
export function verbOf(name: string): number {
  return Object.hasOwn(VERBS, name) ? VERBS[name]! : OTHER;
}

/** A history that is not one: a completion that nothing was waiting for, or a second invocation of a busy process. */
export class HistoryError extends Error {
  override name = "HistoryError";
  /** The event at fault, counted from 0. */
  readonly position: number;

  /** @param position The event at fault, counted from 0. */
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** The table; see the file's head for its columns. */
export class Operations {
  readonly keys: Values = new Values();
  readonly values: Values = new Values();
  readonly names: string[] = [];
  /** What a failed compare saw, by row, where the store told it. */
  readonly actual: Map<number, number> = new Map();
  length = 0;
  events = 0;
  verb: Uint8Array<ArrayBuffer>;
  name: Int32Array<ArrayBuffer>;
  outcome: Uint8Array<ArrayBuffer>;
  process: Float64Array<ArrayBuffer>;
  key: Int32Array<ArrayBuffer>;
  a: Int32Array<ArrayBuffer>;
  b: Int32Array<ArrayBuffer>;
  invoked: Int32Array<ArrayBuffer>;
  returned: Int32Array<ArrayBuffer>;
  order: Int32Array<ArrayBuffer>;
  #nameIds = new Map<string, number>();
  #nameVerbs: number[] = [];

  /** @param capacity How many operations to make room for at first; the table grows by itself. */
  constructor(capacity = 1024) {
    this.verb = new Uint8Array(capacity);
    this.name = new Int32Array(capacity);
    this.outcome = new Uint8Array(capacity);
    this.process = new Float64Array(capacity);
    this.key = new Int32Array(capacity);
    this.a = new Int32Array(capacity);
    this.b = new Int32Array(capacity);
    this.invoked = new Int32Array(capacity);
    this.returned = new Int32Array(capacity);
    this.order = new Int32Array(capacity * 2);
  }

  /** The id of an operation's name. */
  nameId(name: string): number {
    let id = this.#nameIds.get(name);
    if (id === undefined) {
      id = this.names.push(name) - 1;
      this.#nameIds.set(name, id);
      this.#nameVerbs.push(verbOf(name));
    }
    return id;
  }

  /** Adds the row of an operation that was invoked; its outcome is OPEN until `complete` is told another. */
  invoke(process: number, name: number, key: number, position: number): number {
    const row = this.length++;
    if (row === this.verb.length) this.#grow();
    this.verb[row] = this.#nameVerbs[name]!;
    this.name[row] = name;
    this.outcome[row] = OPEN;
    this.process[row] = process;
    this.key[row] = key;
    this.a[row] = NULL_ID;
    this.b[row] = NULL_ID;
    this.invoked[row] = position;
    this.returned[row] = -1;
    this.order[this.events++] = row;
    return row;
  }

  /** Ends an operation otherwise than OPEN. */
  complete(row: number, outcome: number, position: number): void {
    this.outcome[row] = outcome;
    this.returned[row] = position;
    this.order[this.events++] = ~row;
  }

  /** Sets the arguments from an event's value, as the verb understands it. */
  setArgument(row: number, value: unknown): void {
    switch (this.verb[row]) {
      case GET:
      case DELETE:
        return;
      case PUT:
        this.a[row] = this.values.intern(value);
        return;
      case CAS:
        if (!Array.isArray(value) || value.length !== 2) return;
        this.a[row] = this.values.intern(value[0]);
        this.b[row] = this.values.intern(value[1]);
        return;
      default:
        this.a[row] = this.values.intern(value);
    }
  }

  /** Sets what came back with `ok`. Writes keep their argument, unless it was missing and the completion has it. */
  setResult(row: number, value: unknown): void {
    switch (this.verb[row]) {
      case GET:
        this.a[row] = this.values.intern(value);
        return;
      case DELETE:
        return;
      case PUT:
      case CAS:
        if (this.a[row] === NULL_ID && this.b[row] === NULL_ID) this.setArgument(row, value);
        return;
      default:
        this.b[row] = this.values.intern(value);
    }
  }

  /** The argument of a row as a value. */
  argumentOf(row: number): unknown {
    switch (this.verb[row]) {
      case GET:
      case DELETE:
        return null;
      case CAS:
        return [this.values.at(this.a[row]!), this.values.at(this.b[row]!)];
      default:
        return this.values.at(this.a[row]!);
    }
  }

  /** The result of a row as a value; null where there is none. */
  resultOf(row: number): unknown {
    if (this.outcome[row] !== OK) return null;
    switch (this.verb[row]) {
      case GET:
        return this.values.at(this.a[row]!);
      case OTHER:
        return this.values.at(this.b[row]!);
      default:
        return null;
    }
  }

  #grow(): void {
    const capacity = this.verb.length * 2;
    const ints = (old: Int32Array, length = capacity): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(length);
      grown.set(old);
      return grown;
    };
    const bytes = (old: Uint8Array): Uint8Array<ArrayBuffer> => {
      const grown = new Uint8Array(capacity);
      grown.set(old);
      return grown;
    };
    this.verb = bytes(this.verb);
    this.outcome = bytes(this.outcome);
    this.name = ints(this.name);
    this.key = ints(this.key);
    this.a = ints(this.a);
    this.b = ints(this.b);
    this.invoked = ints(this.invoked);
    this.returned = ints(this.returned);
    this.order = ints(this.order, capacity * 2);
    const process = new Float64Array(capacity);
    process.set(this.process);
    this.process = process;
  }
}

/**
 * The table of a history that is in memory. Events of the nemesis are passed over.
 *
 * @throws {HistoryError} Where a completion has no invocation, or a process is invoked while it is busy.
 */
export function operationsOf(history: readonly HistoryEvent[]): Operations {
  const table = new Operations(Math.max(16, history.length >> 1));
  const open = new Map<number, number>();
  for (let position = 0; position < history.length; position++) {
    const event = history[position]!;
    const process = event.process;
    if (typeof process !== "number") continue;
    const row = open.get(process);
    if (event.type === "invoke") {
      if (row !== undefined) {
        throw new HistoryError(
          `Process ${process} invokes ${event.f} while its ${table.names[table.name[row]!]} is still open`,
          position,
        );
      }
      const key = event.key === undefined ? NULL_ID : table.keys.intern(event.key);
      const added = table.invoke(process, table.nameId(event.f), key, position);
      table.setArgument(added, event.value);
      open.set(process, added);
      continue;
    }
    if (row === undefined) {
      if (event.type === "info") continue;
      throw new HistoryError(`Process ${process} completes ${event.f}, but has no open invocation`, position);
    }
    open.delete(process);
    if (event.type === "info") {
      table.returned[row] = position;
      continue;
    }
    if (event.type === "ok") {
      table.setResult(row, event.value);
      table.complete(row, OK, position);
    } else if (table.verb[row] === CAS && event.error === "mismatch") {
      if (event.actual !== undefined) table.actual.set(row, table.values.intern(event.actual));
      table.complete(row, MISMATCH, position);
    } else table.complete(row, FAILED, position);
  }
  return table;
}

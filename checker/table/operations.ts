/**
 * A history as a table of operations, in typed arrays.
 *
 * One row for each operation, in the order of the invocations, and one list of the events in the order of real time:
 *
 *     verb       Uint8     what it is to a register (GET, PUT, ...), or OTHER: then `name` says
 *     name       Int32     id of the operation's name in `names`
 *     outcome    Uint8     OPEN (no completion, or info), OK, FAILED, or MISMATCH (a compare that saw another value)
 *     process    Float64
 *     key        Int32     id of the key in `keys`; keyless operations have the key null
 *     a, b       Int32     ids in `values`:   GET: a = result      PUT: a = written     DELETE: -
 *                                             CAS: a = from, b = to (MISMATCH: `actual` may hold what it saw)
 *                                             OTHER: a = argument, b = result
 *     invoked, returned    Int32     the places of the events: positions in the history, or lines of a file with one
 *                                    event a line (-1: none)
 *     order      Int32     an invocation of row r is r, its completion ~r; an operation that is OPEN has none
 *
 * @module
 */
import { formProblem } from "../event_form.ts";
import { jsonOf } from "../json_of.ts";
import type { HistoryEvent } from "../history.ts";
import { NULL_ID, Values } from "./values.ts";

/** The kinds of operations on a register. */
export const GET = 0, PUT = 1, DELETE = 2, CAS = 3, OTHER = 4;
/** The outcomes of operations. */
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

/** The kind of an operation by its name; OTHER for names that registers do not have. */
export function verbOf(name: string): number {
  return Object.hasOwn(VERBS, name) ? VERBS[name]! : OTHER;
}

/** A history is invalid: a completion has no invocation, or a busy process is invoked again. */
export class HistoryError extends Error {
  /** `"HistoryError"`. */
  override name = "HistoryError";
  /** The position of the faulty event, from 0. */
  readonly position: number;

  /**
   * Makes an error about one event.
   *
   * @param message What is wrong.
   * @param position The position of the faulty event, from 0.
   */
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** The table; the head of the file shows its columns. */
export class Operations {
  /** The keys. */
  readonly keys: Values = new Values();
  /** The values. */
  values: Values = new Values();
  /** The names of operations. */
  readonly names: string[] = [];
  /** The value that a failed compare saw, by row, if the store told it. */
  readonly actual: Map<number, number> = new Map();
  /** The ids of the reasons why operations failed, by row, if the history has them. */
  readonly errors: Map<number, number> = new Map();
  /** The time of the event at a place, in nanoseconds, if the history has times. */
  timeAt: ((place: number) => number | undefined) | undefined = undefined;
  /** The node of the event at a place, if the history names nodes. */
  nodeAt: ((place: number) => string | undefined) | undefined = undefined;
  /** How many rows there are. */
  length = 0;
  /** How many entries `order` has. */
  events = 0;
  /** How many events were skipped because they are not from clients. */
  passedOver = 0;
  /**
   * Whether `invoked` and `returned` are lines of a file, from 1, rather than positions, from 0. Lines increase with
   * every event, as positions do.
   */
  countsLines = false;
  /**
   * For people: the line of each position, if a line of the file is a whole operation and so does not tell the order of
   * events.
   */
  lineOf: readonly number[] | undefined = undefined;
  /** The kind of each operation. */
  verb: Uint8Array<ArrayBuffer>;
  /** The id of each operation's name. */
  name: Int32Array<ArrayBuffer>;
  /** The outcome of each operation. */
  outcome: Uint8Array<ArrayBuffer>;
  /** The process of each operation. */
  process: Float64Array<ArrayBuffer>;
  /** The id of each operation's key. */
  key: Int32Array<ArrayBuffer>;
  /** First value; see the head of the file. */
  a: Int32Array<ArrayBuffer>;
  /** Second value; see the head of the file. */
  b: Int32Array<ArrayBuffer>;
  /** The place of each invocation. */
  invoked: Int32Array<ArrayBuffer>;
  /** The place of each completion, or -1. */
  returned: Int32Array<ArrayBuffer>;
  /** Invocations as rows, completions as their complements, in the order of real time. */
  order: Int32Array<ArrayBuffer>;
  #nameIds = new Map<string, number>();
  #nameVerbs: number[] = [];

  /**
   * Makes an empty table.
   *
   * @param capacity For how many operations to allocate memory first; the table grows by itself.
   */
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

  /** The kind of an operation by the id of its name. */
  verbOfName(name: number): number {
    return this.#nameVerbs[name]!;
  }

  /** Adds the row of an invoked operation. Its outcome is OPEN until `complete` changes it. */
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

  /** Ends an operation with an outcome other than OPEN. */
  complete(row: number, outcome: number, position: number): void {
    this.outcome[row] = outcome;
    this.returned[row] = position;
    this.order[this.events++] = ~row;
  }

  /** Sets the argument columns from an event's value, depending on the kind of operation. */
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

  /**
   * Sets the result columns from an `ok`. A write keeps its argument, unless that was missing and the completion has
   * it.
   */
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

  /** The result of a row as a value; null if there is none. */
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
    this.verb = widened(this.verb, capacity);
    this.outcome = widened(this.outcome, capacity);
    this.name = widened(this.name, capacity);
    this.key = widened(this.key, capacity);
    this.a = widened(this.a, capacity);
    this.b = widened(this.b, capacity);
    this.invoked = widened(this.invoked, capacity);
    this.returned = widened(this.returned, capacity);
    this.order = widened(this.order, capacity * 2);
    this.process = widened(this.process, capacity);
  }
}

/** A longer column with the same content. */
function widened<Column extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(
  column: Column,
  length: number,
): Column {
  const wider = new (column.constructor as new (length: number) => Column)(length);
  wider.set(column);
  return wider;
}

/** Fills a table event by event, and keeps track of the open operation of each process. */
export class OperationsBuilder {
  /** The table. */
  readonly operations: Operations;
  /** How many events there were. */
  position = 0;
  /** Whether a busy process may be invoked again. Its open operation then has an unknown outcome. */
  readonly #isLenient: boolean;
  /** The open row of each process, plus 1; processes beyond the array are in the map. */
  #rows = new Int32Array(1024);
  #otherRows = new Map<number, number>();

  /**
   * Makes a builder with an empty table.
   *
   * @param capacity For how many operations to allocate memory first.
   * @param isLenient Whether a busy process may be invoked again. Its open operation then has an unknown outcome.
   */
  constructor(capacity = 1024, isLenient = false) {
    this.operations = new Operations(capacity);
    this.#isLenient = isLenient;
  }

  /** The row of a process's open operation, or -1. */
  openRow(process: number): number {
    if (process >= 0 && process < this.#rows.length) return this.#rows[process]! - 1;
    return (this.#otherRows.get(process) ?? 0) - 1;
  }

  #setOpenRow(process: number, row: number): void {
    if (process >= this.#rows.length && process < 1 << 22 && Number.isInteger(process)) {
      const grown = widened(this.#rows, Math.max(process + 1, this.#rows.length * 2));
      for (const [other, open] of this.#otherRows) if (other >= 0 && other < grown.length) grown[other] = open;
      this.#rows = grown;
    }
    if (process >= 0 && process < this.#rows.length) this.#rows[process] = row + 1;
    else if (row < 0) this.#otherRows.delete(process);
    else this.#otherRows.set(process, row + 1);
  }

  /** Adds an invocation of a process that is not busy. */
  invoke(process: number, name: number, key: number, at: number): number {
    const row = this.operations.invoke(process, name, key, at);
    this.#setOpenRow(process, row);
    this.position++;
    return row;
  }

  /**
   * Forgets all rows except some, and all values except theirs.
   *
   * @param keep For each row, whether it stays.
   * @param values Ids of other values to keep; each is replaced by its new id.
   */
  retain(keep: Uint8Array, values: Int32Array): void {
    const table = this.operations;
    const fresh = new Values();
    const old = table.values;
    const moved = (id: number): number => fresh.intern(old.at(id));
    for (let i = 0; i < values.length; i++) values[i] = moved(values[i]!);
    const numbers = new Int32Array(table.length);
    const actual = [...table.actual];
    let length = 0;
    for (let row = 0; row < table.length; row++) {
      if (keep[row] === 0) continue;
      const to = length++;
      numbers[row] = to;
      table.verb[to] = table.verb[row]!;
      table.name[to] = table.name[row]!;
      table.outcome[to] = table.outcome[row]!;
      table.process[to] = table.process[row]!;
      table.key[to] = table.key[row]!;
      table.a[to] = moved(table.a[row]!);
      table.b[to] = moved(table.b[row]!);
      table.invoked[to] = table.invoked[row]!;
      table.returned[to] = table.returned[row]!;
      if (table.outcome[to] === OPEN && table.returned[to] === -1) this.#setOpenRow(table.process[to]!, to);
    }
    let events = 0;
    for (let i = 0; i < table.events; i++) {
      const event = table.order[i]!;
      const row = event < 0 ? ~event : event;
      if (keep[row] === 1) table.order[events++] = event < 0 ? ~numbers[row]! : numbers[row]!;
    }
    table.errors.clear();
    table.actual.clear();
    for (const [row, value] of actual) if (keep[row] === 1) table.actual.set(numbers[row]!, moved(value));
    table.length = length;
    table.events = events;
    table.values = fresh;
  }

  /** Forgets the rows of all other keys. */
  retainKey(key: unknown): void {
    const table = this.operations;
    const id = table.keys.intern(key);
    const keep = new Uint8Array(table.length);
    for (let row = 0; row < table.length; row++) {
      const isBusy = table.outcome[row] === OPEN && table.returned[row] === -1;
      keep[row] = table.key[row] === id || isBusy ? 1 : 0;
    }
    this.retain(keep, new Int32Array(0));
  }

  /** Ends the open operation of a process. */
  complete(process: number, row: number, outcome: number, at: number): void {
    this.#setOpenRow(process, -1);
    this.operations.complete(row, outcome, at);
    this.position++;
  }

  /** Ends the open operation of a process with an unknown outcome. */
  leaveOpen(process: number, row: number, at: number): void {
    this.#setOpenRow(process, -1);
    this.operations.returned[row] = at;
    this.position++;
  }

  /**
   * Adds an event; those of the nemesis are ignored.
   *
   * @param at The event's place, its position or line: greater than that of the event before it.
   * @throws {HistoryError} If a completion has no invocation, or a busy process is invoked.
   */
  add(event: HistoryEvent, at: number): void {
    const process = event.process;
    const table = this.operations;
    const malformed = formProblem(event);
    if (malformed !== undefined) throw new HistoryError(malformed, this.position);
    if (typeof process !== "number") {
      this.position++;
      table.passedOver++;
      return;
    }
    const row = this.openRow(process);
    if (event.type === "invoke") {
      if (row >= 0 && !this.#isLenient) {
        const open = table.names[table.name[row]!]!;
        throw new HistoryError(`Process ${process} invokes ${event.f} while its ${open} is still open`, this.position);
      }
      const key = event.key === undefined ? NULL_ID : table.keys.intern(event.key);
      const name = table.nameId(event.f);
      const problem = problemOf(table.verbOfName(name), event);
      if (problem !== undefined) throw new HistoryError(problem, this.position);
      table.setArgument(this.invoke(process, name, key, at), event.value);
      return;
    }
    if (row < 0) {
      if (event.type === "info" || (this.#isLenient && event.type === "fail")) {
        this.position++;
        return;
      }
      throw new HistoryError(`Process ${process} completes ${event.f}, but has no open invocation`, this.position);
    }
    if (event.type === "info") return this.leaveOpen(process, row, at);
    if (event.type === "ok") {
      table.setResult(row, event.value);
      return this.complete(process, row, OK, at);
    }
    const isMismatch = table.verb[row] === CAS && event.error === "mismatch";
    if (isMismatch && event.actual !== undefined) table.actual.set(row, table.values.intern(event.actual));
    if (!isMismatch && event.error !== undefined && table.verb[row] === OTHER) {
      table.errors.set(row, table.values.intern(event.error));
    }
    this.complete(process, row, isMismatch ? MISMATCH : FAILED, at);
  }
}

function problemOf(verb: number, event: HistoryEvent): string | undefined {
  const { f, value } = event;
  if (verb === CAS && !(Array.isArray(value) && value.length === 2)) {
    return `Process ${event.process} invokes ${f} with ${
      value === undefined ? "nothing" : jsonOf(value)
    }: expected [from, to]`;
  }
  return undefined;
}

/**
 * Makes the table of a history in memory. Events of the nemesis are ignored.
 *
 * @throws {HistoryError} If a completion has no invocation, or a busy process is invoked.
 */
export function operationsOf(history: readonly HistoryEvent[]): Operations {
  const builder = new OperationsBuilder(Math.max(16, history.length >> 1));
  let position = 0;
  try {
    for (; position < history.length; position++) builder.add(history[position]!, position);
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    throw new HistoryError(`Cannot judge event ${position}: ${error.message}`, position);
  }
  builder.operations.timeAt = (place) => history[place]?.time;
  builder.operations.nodeAt = (place) => nodeOf(history[place]);
  return builder.operations;
}

/** The node that an event names, as text. */
export function nodeOf(event: { readonly node?: unknown } | undefined): string | undefined {
  const node = event?.node;
  return typeof node === "string" || typeof node === "number" ? String(node) : undefined;
}

/**
 * Makes pieces for models that are defined by their `step`. States and classes of operations become integers, and the
 * model computes each step only once.
 *
 * @module
 */
import { addTo } from "../../entries.ts";
import { FAILED_COMPARE, type Model, type Operation } from "../../models/model.ts";
import { FAILED, MISMATCH, OK, type Operations } from "../../table/operations.ts";
import { ModelError, UnknownOperationError } from "../../misfit.ts";
import { misfit, placeOfRow } from "./shown.ts";
import { LOOK, NEVER, type Piece, STEP, type Sums, type Transitions } from "./piece.ts";
import { isCounterModel } from "../../models/counter.ts";
import { canonicalJson } from "../../table/values.ts";

/** The operation of a row, for a model. */
export function operationOf(table: Operations, row: number): Operation {
  return new RowOperation(table, row);
}

/** Thrown if a model reads a field (such as the process) in which operations differ that the search treats as equal. */
class LooksAtOne extends Error {}

/** The operation of a row, for a model. Fields in which equal operations differ are read only when asked for. */
class RowOperation implements Operation {
  readonly f: string;
  readonly key: unknown;
  readonly argument: unknown;
  readonly result: unknown;
  readonly type: "ok" | "info" | "fail";
  readonly #table: Operations;
  readonly #row: number;
  /** Whether this object stands for all equal operations. */
  readonly #isShared: boolean;

  constructor(table: Operations, row: number, isShared = false) {
    const outcome = table.outcome[row]!;
    const actual = table.actual.get(row);
    this.f = outcome === MISMATCH ? FAILED_COMPARE : table.names[table.name[row]!]!;
    this.key = table.keys.at(table.key[row]!);
    this.argument = table.argumentOf(row);
    this.result = outcome !== MISMATCH
      ? table.resultOf(row)
      : actual === undefined
      ? undefined
      : table.values.at(actual);
    this.type = outcome === OK || outcome === MISMATCH ? "ok" : outcome === FAILED ? "fail" : "info";
    this.#table = table;
    this.#row = row;
    this.#isShared = isShared;
  }

  #one(): number {
    if (this.#isShared) throw new LooksAtOne();
    return this.#row;
  }

  get process(): number {
    return this.#table.process[this.#one()]!;
  }

  get invoked(): number {
    return this.#table.invoked[this.#one()]!;
  }

  get returned(): number {
    return this.type === "info" ? Infinity : this.#table.returned[this.#one()]!;
  }

  get invokedTime(): number | undefined {
    return this.#table.timeAt?.(this.#table.invoked[this.#one()]!);
  }

  get returnedTime(): number | undefined {
    const returned = this.#table.returned[this.#one()]!;
    return returned < 0 ? undefined : this.#table.timeAt?.(returned);
  }

  get error(): unknown {
    const error = this.#table.errors.get(this.#row);
    return error === undefined ? undefined : this.#table.values.at(error);
  }
}

/**
 * The pieces of a table, one for each partition, in the order in which they begin.
 *
 * @param isAsked Whether the operations of a key should be judged. Default: all keys.
 * @throws {RangeError} If there are failed compares, and the model does not say how to treat them.
 */
export function stepPieces<State>(
  table: Operations,
  model: Model<State>,
  isAsked: (key: number) => boolean = () => true,
): Piece[] {
  return piecesOf(table, model, isAsked, looksAtOne.has(model));
}

/** The models that read a field in which equal operations differ. For them, each operation is a class of its own. */
const looksAtOne = new WeakSet<object>();

/** Whether a model reads a field in which equal operations differ. */
export function tellsEqualApart(model: object): boolean {
  return looksAtOne.has(model);
}

/**
 * Whether an error says that a model read such a field. If so, its operations are no longer treated as equal, and the
 * caller must make the pieces again.
 */
export function isAskedForOne(error: unknown, model: object): boolean {
  if (!(error instanceof LooksAtOne)) return false;
  looksAtOne.add(model);
  return true;
}

function piecesOf<State>(
  table: Operations,
  model: Model<State>,
  isAsked: (key: number) => boolean,
  isEachOne: boolean,
): Piece[] {
  const operations = new Map<number, Operation>();
  const rowOf = new Map<Operation, number>();
  const ask = asking(model.name, table, rowOf);
  const partitions = new Map<string, number[]>();
  for (let i = 0; i < table.events; i++) {
    const event = table.order[i]!;
    const row = event < 0 ? ~event : event;
    if ((table.outcome[row] === FAILED && model.failures !== true) || !isAsked(table.key[row]!)) continue;
    if (table.outcome[row] === MISMATCH && model.failedCompares !== true) {
      if (model.failedCompares === false) continue;
      throw new UnknownOperationError(
        `Cannot judge a cas that failed by the model ${model.name}: it has no failedCompares`,
      );
    }
    let operation = operations.get(row);
    if (operation === undefined) {
      operation = new RowOperation(table, row, !isEachOne);
      operations.set(row, operation);
      rowOf.set(operation, row);
    }
    const seen = operation;
    const partition = ask(seen, () => model.partition === undefined ? "" : canonicalJson(model.partition(seen)));
    addTo(partitions, partition, event);
  }
  return [...partitions.values()].map((events) => pieceOf(table, model, ask, operations, events));
}

function pieceOf<State>(
  table: Operations,
  model: Model<State>,
  ask: Ask,
  operations: ReadonlyMap<number, Operation>,
  sorted: readonly number[],
): Piece {
  const most = sorted.filter((event) => event >= 0).length;
  const rows = new Int32Array(most);
  const kind = new Uint8Array(most);
  const a = new Int32Array(most);
  const inv = new Int32Array(most);
  const ret = new Int32Array(most).fill(NEVER);
  const events = new Int32Array(sorted.length);
  const numbers = new Map<number, number>();
  const classes: Operation[] = [];
  const classIds = new Map<string, number>();
  let length = 0;
  let position = 0;
  for (const event of sorted) {
    const row = event < 0 ? ~event : event;
    if (event < 0) {
      const op = numbers.get(row);
      if (op === undefined) continue;
      ret[op] = position;
      events[position++] = ~op;
      continue;
    }
    const operation = operations.get(row)!;
    const isMismatch = table.outcome[row] === MISMATCH;
    const isObserver = isMismatch || operation.type === "fail" ||
      ask(operation, () => model.observes?.(operation) ?? false);
    if (isObserver && operation.type === "info") continue;
    const how = isMismatch
      ? `saw ${table.actual.get(row) ?? "another"}`
      : `${operation.type} ${table.errors.get(row) ?? ""}${tellsEqualApart(model) ? ` ${row}` : ""}`;
    const text = `${table.name[row]},${table.key[row]},${table.a[row]},${table.b[row]},${how}`;
    let id = classIds.get(text);
    if (id === undefined) {
      id = classes.push(operation) - 1;
      classIds.set(text, id);
    }
    numbers.set(row, length);
    rows[length] = row;
    kind[length] = isObserver ? LOOK : STEP;
    a[length] = id;
    inv[length] = position;
    events[position++] = length++;
  }
  return {
    length,
    rows: rows.subarray(0, length),
    kind,
    a,
    b: new Int32Array(length),
    inv,
    ret,
    events: events.subarray(0, position),
    initial: 0,
    values: classes.length,
    transitions: transitionsOf(model, ask, classes),
    ...sumsOf(model, ask, classes),
  };
}

/** What a counter's classes add or see. Nothing for other models, or if some class is unclear. */
function sumsOf<State>(model: Model<State>, ask: Ask, classes: readonly Operation[]): { sums?: Sums } {
  if (!isCounterModel(model)) return {};
  const delta = new Float64Array(classes.length);
  const sees = new Float64Array(classes.length);
  for (const [id, operation] of classes.entries()) {
    const effect = ask(operation, () => model.effect(operation));
    if (effect === undefined) return {};
    if ("adds" in effect) delta[id] = effect.adds;
    else sees[id] = effect.sees;
  }
  // Larger sums are not exact, and would depend on the order.
  const isExact = delta.every(Number.isSafeInteger) && Number.isSafeInteger(model.initial);
  return isExact ? { sums: { initial: model.initial, delta, sees } } : {};
}

/** Calls a model about an operation. */
type Ask = <Result>(operation: Operation, question: () => Result) => Result;

/**
 * Makes a function that calls the model, and adds the operation's place to the error if the model does not know the
 * operation.
 */
function asking(name: string, table: Operations, rowOf: ReadonlyMap<Operation, number>): Ask {
  return (operation, question) => {
    try {
      return question();
    } catch (error) {
      if (error instanceof LooksAtOne) throw error;
      const row = rowOf.get(operation)!;
      const place = placeOfRow(table, row);
      if (error instanceof ModelError) throw new ModelError(error.message, place);
      if (error instanceof RangeError) throw misfit(table, row, error.message);
      throw new ModelError(`the model ${name} threw ${String(error)}`, place);
    }
  };
}

/**
 * A state as JSON.
 *
 * @throws {ModelError} If JSON cannot represent it, so that different states would have the same text.
 */
function stateText(name: string, state: unknown): string {
  const strange = strangeness(state);
  if (strange === undefined) return canonicalJson(state);
  throw new ModelError(
    `Cannot tell the states of the model ${name} apart: one is or holds ${strange}, which JSON cannot represent; ` +
      "give the model an identify()",
  );
}

/** Deeper states would exhaust the stack. */
const MAX_DEPTH = 500;

/** The part of a value that JSON cannot represent, or undefined. */
function strangeness(value: unknown, depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return `itself, or more than ${MAX_DEPTH} values inside each other`;
  if (value === undefined) return "undefined";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return undefined;
  const kind: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) || kind === Object.prototype || kind === null) {
    for (const item of Object.values(value)) {
      const strange = strangeness(item, depth + 1);
      if (strange !== undefined) return strange;
    }
    return undefined;
  }
  const { name } = (kind as { constructor?: { name?: string } }).constructor ?? {};
  return `a ${name ?? "class of its own"}`;
}

/** How many characters the texts of all states of a piece may have together. */
const CHARACTERS = 400_000_000;
/** How many steps of a piece are remembered: a Map holds at most 2^24 entries. */
const STEPS = 8_000_000;

/** The states that a step leads to. Checks that the model returns a list. */
function stepped<State>(model: Model<State>, state: State, operation: Operation): readonly State[] {
  const next: unknown = model.step(state, operation);
  if (Array.isArray(next)) return next;
  throw new ModelError(`the step of the model ${model.name} must return a list of states, not ${String(next)}`);
}

function transitionsOf<State>(
  general: Model<State>,
  ask: Ask,
  classes: readonly Operation[],
  present: readonly Operation[] = classes,
): Transitions {
  const model = general.specialize?.(present) ?? general;
  const identify = model.identify ?? ((state: State): string => stateText(model.name, state));
  const states: State[] = [model.initial];
  const ids = new Map<string, number>([[identify(model.initial), 0]]);
  const known = new Map<number, readonly number[]>();
  let characters = 0;
  const from = (state: number, kind: number): readonly number[] => {
    const at = state * classes.length + kind;
    let next = known.get(at);
    if (next === undefined) {
      next = ask(
        classes[kind]!,
        () => stepped(model, states[state]!, classes[kind]!).map((reached) => [identify(reached), reached] as const),
      ).map(([text, reached]) => {
        let id = ids.get(text);
        if (id === undefined) {
          id = states.push(reached) - 1;
          ids.set(text, id);
          characters += text.length;
        }
        return id;
      });
      known.set(at, next);
    }
    return next;
  };
  return {
    count: (state, kind) => from(state, kind).length,
    next: (state, kind, choice) => from(state, kind)[choice]!,
    among: (kinds) => transitionsOf(general, ask, classes, Array.from(new Set(kinds), (kind) => classes[kind]!)),
    isFull: () => characters > CHARACTERS || known.size > STEPS,
  };
}

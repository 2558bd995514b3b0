/**
 * Makes pieces of a table for models that are given by their `step`: states and kinds of operations become integers,
 * and each step is taken once.
 *
 * @module
 */
import { FAILED_COMPARE, type Model, type Operation } from "../../models/model.ts";
import { FAILED, MISMATCH, OK, type Operations } from "../../table/operations.ts";
import { UnknownOperationError } from "../../misfit.ts";
import { misfit } from "./shown.ts";
import { LOOK, NEVER, type Piece, STEP, type Sums, type Transitions } from "./piece.ts";
import { isCounterModel } from "../../models/counter.ts";
import { canonicalJson } from "../../table/values.ts";

/** A row as a model sees it. */
export function operationOf(table: Operations, row: number): Operation {
  if (table.outcome[row] === MISMATCH) {
    const actual = table.actual.get(row);
    const result = actual === undefined ? undefined : table.values.at(actual);
    const key = table.keys.at(table.key[row]!);
    return { f: FAILED_COMPARE, key, argument: table.argumentOf(row), result, type: "ok" };
  }
  return {
    f: table.names[table.name[row]!]!,
    key: table.keys.at(table.key[row]!),
    argument: table.argumentOf(row),
    result: table.resultOf(row),
    type: table.outcome[row] === OK ? "ok" : "info",
  };
}

/**
 * The pieces of a table, one a partition, in the order in which they begin.
 *
 * @param isAsked Whether the operations of a key are asked about. Default: all are.
 * @throws {RangeError} If there are compares that failed, and the model does not say what is to become of them.
 */
export function stepPieces<State>(
  table: Operations,
  model: Model<State>,
  isAsked: (key: number) => boolean = () => true,
): Piece[] {
  const operations = new Map<number, Operation>();
  const rowOf = new Map<Operation, number>();
  const ask = asking(table, rowOf);
  const partitions = new Map<string, number[]>();
  for (let i = 0; i < table.events; i++) {
    const event = table.order[i]!;
    const row = event < 0 ? ~event : event;
    if (table.outcome[row] === FAILED || !isAsked(table.key[row]!)) continue;
    if (table.outcome[row] === MISMATCH && model.failedCompares !== true) {
      if (model.failedCompares === false) continue;
      throw new UnknownOperationError(
        `Cannot judge a cas that failed by the model ${model.name}: it has no failedCompares`,
      );
    }
    let operation = operations.get(row);
    if (operation === undefined) {
      operation = operationOf(table, row);
      operations.set(row, operation);
      rowOf.set(operation, row);
    }
    const partition = model.partition === undefined ? "" : canonicalJson(model.partition(operation));
    const events = partitions.get(partition);
    if (events === undefined) partitions.set(partition, [event]);
    else events.push(event);
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
    const isObserver = isMismatch || ask(operation, () => model.observes?.(operation) ?? false);
    if (isObserver && operation.type === "info") continue;
    const how = isMismatch ? `saw ${table.actual.get(row) ?? "another"}` : operation.type;
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

/** What a counter's classes add and see; nothing for other models, and where it cannot be told of every class. */
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
  // Sums beyond this are not exact, and would depend on the order.
  const isExact = delta.every(Number.isSafeInteger) && Number.isSafeInteger(model.initial);
  return isExact ? { sums: { initial: model.initial, delta, sees } } : {};
}

/** Asks a model about an operation. */
type Ask = <Result>(operation: Operation, question: () => Result) => Result;

/** Asks so that what the model says of an operation that it does not know tells where that stands. */
function asking(table: Operations, rowOf: ReadonlyMap<Operation, number>): Ask {
  return (operation, question) => {
    try {
      return question();
    } catch (error) {
      throw error instanceof RangeError ? misfit(table, rowOf.get(operation)!, error.message) : error;
    }
  };
}

/** How many characters the texts of all states of a piece may have together. */
const CHARACTERS = 400_000_000;
/** How many steps of a piece are remembered: a Map takes no more than 2^24 entries. */
const STEPS = 8_000_000;

function transitionsOf<State>(
  general: Model<State>,
  ask: Ask,
  classes: readonly Operation[],
  present: readonly Operation[] = classes,
): Transitions {
  const model = general.specialize?.(present) ?? general;
  const identify = model.identify ?? canonicalJson;
  const states: State[] = [model.initial];
  const ids = new Map<string, number>([[identify(model.initial), 0]]);
  const known = new Map<number, readonly number[]>();
  let characters = 0;
  const from = (state: number, kind: number): readonly number[] => {
    const at = state * classes.length + kind;
    let next = known.get(at);
    if (next === undefined) {
      next = ask(classes[kind]!, () => model.step(states[state]!, classes[kind]!)).map((reached) => {
        const text = identify(reached);
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

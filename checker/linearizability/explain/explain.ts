/**
 * From a piece that cannot be explained to a counterexample that people can read, replayed before it is shown.
 *
 * @module
 */
import { type AnyModel, isRegisterModel, type Model, type Operation } from "../../models/model.ts";
import { registerReplay } from "../../models/register.ts";
import { drawnOperations } from "./drawing.ts";
import { minimize, type Violation } from "./minimize.ts";
import { CAS, FAILED, GET, MISMATCH, OK, OPEN, type Operations, OTHER, PUT } from "../../table/operations.ts";
import type { Piece } from "../piece/piece.ts";
import { isContradiction, type ReplayOperation, replayOrder } from "./replay.ts";
import type { SearchLimits } from "../search/search.ts";
import { sentenceOf } from "./sentence.ts";
import { placed, shown, type ShownOperation } from "../piece/shown.ts";
import { operationOf } from "../piece/steps.ts";
import { NULL_ID } from "../../table/values.ts";

/** Why a history is not linearizable. */
export interface Counterexample {
  /** The key that it is about, where the operations have keys. */
  readonly key?: unknown;
  /** Operations that cannot all be true, in the order of their invocations. */
  readonly operations: readonly ShownOperation[];
  /** One English sentence about them. */
  readonly sentence: string;
  /**
   * Whether the set is minimal: drop any one read, or let any one write take effect at any time or never, and the rest
   * can be true.
   */
  readonly minimal: boolean;
  /**
   * How much of the history is fine: so many events (or lines of the file, where each event has a line of its own)
   * before the completion that cannot be explained.
   */
  readonly finePrefix: number;
  /** Whether all orders of the operations were tried once more by independent code; false if there were too many. */
  readonly replayed: boolean;
  /** The operations as intervals in time, a line each. */
  readonly drawing: readonly string[];
}

/** Explains a violation of a piece. */
export function explain(
  table: Operations,
  model: AnyModel,
  violation: Violation,
  limits: SearchLimits,
): Counterexample {
  const { piece } = violation;
  const { rows, last, isMinimal, fine } = minimize(violation, limits);
  const operations = rows.map((row) => shown(table, row));
  const isRegister = isRegisterModel(model);
  const key = table.keys.at(table.key[last]!);
  const context = {
    last: operations[rows.indexOf(last)]!,
    isRegister,
    initial: isRegister ? model.initial : undefined,
    failedWriter: (value: unknown): number | undefined => failedWriter(table, table.key[last]!, value),
  };
  return {
    ...(key === null ? {} : { key }),
    operations: operations.map((operation) => placed(table, operation)),
    sentence: sentenceOf(operations, context),
    minimal: isMinimal,
    finePrefix: whereOf(table, piece, fine) - (table.countsLines ? 1 : 0),
    replayed: confirm(table, model, piece, rows, last, isMinimal),
    drawing: drawnOperations(operations),
  };
}

/** Where an event of a piece stands in the table. */
function whereOf(table: Operations, piece: Piece, at: number): number {
  const event = piece.events[at]!;
  return event < 0 ? table.returned[piece.rows[~event]!]! : table.invoked[piece.rows[event]!]!;
}

function failedWriter(table: Operations, key: number, value: unknown): number | undefined {
  const id = table.values.intern(value);
  for (let row = 0; row < table.length; row++) {
    if (table.key[row] !== key || table.outcome[row] !== FAILED) continue;
    if ((table.verb[row] === PUT && table.a[row] === id) || (table.verb[row] === CAS && table.b[row] === id)) {
      return table.process[row];
    }
  }
  return undefined;
}

/** The model that replays, and a row as it sees it. */
function replayModel(model: AnyModel): Model<unknown> {
  return isRegisterModel(model) ? registerReplay(model.initial) : model;
}

function replayOperation(table: Operations, row: number): ReplayOperation {
  const isOpen = table.outcome[row] === OPEN;
  return {
    operation: operationOf(table, row),
    invoked: table.invoked[row]!,
    returned: isOpen ? Infinity : table.returned[row]!,
  };
}

/** How many relaxed operations a replay takes on. */
const RELAXED = 60;

function confirm(
  table: Operations,
  model: AnyModel,
  piece: Piece,
  rows: readonly number[],
  last: number,
  isMinimal: boolean,
): boolean {
  // What began after the last of them had returned could not change it.
  const before = piece.rows.filter((row) => table.invoked[row]! < table.returned[last]!);
  const others = relevantOthers(table, model, before, rows);
  if (rows.length > 12 || others.length > RELAXED) return false;
  const classes = new Map<string, Operation>();
  const relaxedOf = (row: number): Operation => {
    const text = `${table.name[row]},${table.key[row]},${table.a[row]},${table.b[row]},${table.outcome[row]}`;
    const known = classes.get(text);
    if (known !== undefined) return known;
    const operation = operationOf(table, row);
    classes.set(text, operation);
    return operation;
  };
  const relaxed = others.map(relaxedOf);
  // What returned later still than the last was open then.
  const end = table.returned[last]!;
  const kept = rows.map((row) => replayOperation(table, row)).map((entry) =>
    entry.returned > end ? { ...entry, returned: Infinity } : entry
  );
  const machine = replayModel(model);
  const verdict = isContradiction(machine, kept, relaxed);
  if (verdict === false) throw new Error("The checker contradicts itself: its counterexample can be true");
  if (verdict === undefined || !isMinimal) return verdict === true;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const rest = kept.filter((_, j) => j !== i);
    const answer = isContradiction(machine, rest, looks(table, model, row) ? relaxed : [...relaxed, relaxedOf(row)]);
    if (answer === true) throw new Error("The checker contradicts itself: its counterexample is not minimal");
    if (answer === undefined) return false;
  }
  return true;
}

function looks(table: Operations, model: AnyModel, row: number): boolean {
  if (table.outcome[row] === MISMATCH || table.verb[row] === GET) return true;
  if (isRegisterModel(model)) return false;
  return model.observes?.(operationOf(table, row)) ?? false;
}

/** Operations beside `rows` that may change what these see; no more of a kind than there are rows, and one. */
function relevantOthers(table: Operations, model: AnyModel, candidates: Int32Array, rows: readonly number[]): number[] {
  const isKept = new Set(rows);
  const seen = new Set<number>();
  let seesAll = !isRegisterModel(model);
  for (const row of rows) {
    if (table.verb[row] === GET || table.verb[row] === CAS) seen.add(table.actual.get(row) ?? table.a[row]!);
    if (table.outcome[row] === MISMATCH && !table.actual.has(row)) seesAll = true;
    if (table.verb[row] === OTHER) seesAll = true;
  }
  const counts = new Map<string, number>();
  const others: number[] = [];
  for (let before = -1; before < others.length;) {
    before = others.length;
    for (const row of candidates) {
      if (isKept.has(row) || looks(table, model, row) || others.length > RELAXED) continue;
      const verb = table.verb[row]!;
      const written = verb === CAS ? table.b[row]! : verb === PUT ? table.a[row]! : NULL_ID;
      if (!seesAll && !seen.has(written)) continue;
      const text = `${table.name[row]},${table.key[row]},${table.a[row]},${table.b[row]},${table.outcome[row]}`;
      const count = counts.get(text) ?? 0;
      if (count > rows.length) continue;
      counts.set(text, count + 1);
      isKept.add(row);
      others.push(row);
      if (verb === CAS) seen.add(table.a[row]!);
    }
    if (others.length === before) break;
  }
  return others;
}

/**
 * The order of a piece's operations as rows, replayed.
 *
 * @param order Numbers of the piece's operations.
 */
export function witnessOf(table: Operations, model: AnyModel, piece: Piece, order: Int32Array): number[] {
  const rows = Array.from(order, (op) => piece.rows[op]!);
  const problem = replayOrder(replayModel(model), rows.map((row) => replayOperation(table, row)));
  if (problem !== undefined) throw new Error(`The checker contradicts itself: in its witness, ${problem}`);
  const completed = piece.rows.filter((row) => table.outcome[row] === OK || table.outcome[row] === MISMATCH).length;
  const placed = rows.filter((row) => table.outcome[row] !== OPEN).length;
  if (placed !== completed) {
    throw new Error(`The checker contradicts itself: its witness has ${placed} of ${completed} operations`);
  }
  return rows;
}

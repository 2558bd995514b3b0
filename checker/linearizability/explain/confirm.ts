/**
 * Confirms a result of the checker by replaying it, before it is reported.
 *
 * @module
 */
import { contradiction } from "../../contradiction.ts";
import { type AnyModel, isRegisterModel, type Model, type Operation } from "../../models/model.ts";
import { registerReplay } from "../../models/register.ts";
import { CAS, GET, MISMATCH, OK, OPEN, type Operations, OTHER, PUT } from "../../table/operations.ts";
import { canonicalJson, NULL_ID } from "../../table/values.ts";
import type { Piece } from "../piece/piece.ts";
import { operationOf, tellsEqualApart } from "../piece/steps.ts";
import type { Contradiction } from "./minimize.ts";
import { isContradiction, type ReplayOperation, replayOrder } from "./replay.ts";
import { withoutOne } from "./shrink_set.ts";

/** The model for replays, and how it sees a row. */
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

/** How many operations a replay can take, and how many relaxed ones. */
const KEPT = 12, RELAXED = 60;

/** The part that was judged. */
interface Judged {
  readonly table: Operations;
  readonly model: AnyModel;
  /** The rows of the part. */
  readonly candidates: Int32Array;
  /** Whether operations that began after the last of these had returned count too. */
  readonly isWhole?: boolean;
}

/** The registers that a history of another model was translated into. */
export interface Told {
  /** The registers; each row stands for the same operation. */
  readonly table: Operations;
  /** The operations that must accompany a row in a counterexample. */
  readonly company: (row: number) => readonly number[];
}

/**
 * Tries all orders of the operations. Returns whether they were all tried, and none explains the answers.
 *
 * @throws {Error} If some order explains them: then the checker is wrong.
 */
export function confirm(
  judged: Judged,
  { rows, last, isMinimal, isInTime }: Pick<Contradiction, "rows" | "last" | "isMinimal" | "isInTime">,
  stop?: () => boolean,
): boolean {
  const { table, model, isWhole } = judged;
  const candidates = isWhole === true ? judged.candidates : beginningBefore(judged, last);
  const relaxedOf = relaxing(table, model);
  const othersOf = (kept: readonly number[]): Others | undefined => {
    if (isInTime) return othersInTime({ table, model, candidates }, kept, relaxedOf);
    const entries = relevantOthers(table, model, candidates, kept).map((row) => atAnyTime(relaxedOf(row)));
    return { initials: [replayModel(model).initial], entries };
  };
  const others = othersOf(rows);
  if (rows.length > KEPT || others === undefined || others.entries.length > RELAXED) return false;
  // An operation that returned even later than the last one was open then.
  const end = isWhole === true ? Infinity : table.returned[last]!;
  const kept = rows.map((row) => replayOperation(table, row)).map((entry) =>
    entry.returned > end ? { ...entry, returned: Infinity } : entry
  );
  const verdict = contradict(model, kept, others, stop);
  if (verdict === false) throw contradiction("a counterexample can be true");
  if (verdict === undefined || !isMinimal) return verdict === true;
  const othersWithout = (row: number): Others | undefined => {
    if (isInTime) return othersOf(rows.filter((other) => other !== row));
    if (looks(table, model, row)) return others;
    return { ...others, entries: [...others.entries, atAnyTime(relaxedOf(row))] };
  };
  for (let i = 0; i < rows.length; i++) {
    const fewer = othersWithout(rows[i]!);
    const answer = fewer && contradict(model, kept.filter((_, j) => j !== i), fewer, stop);
    if (answer === true) throw contradiction("a counterexample is not minimal");
    if (answer === undefined) return false;
  }
  return true;
}

/** Whether the kept operations contradict each other from every state in which they may have begun. */
function contradict(
  model: AnyModel,
  kept: readonly ReplayOperation[],
  { initials, entries }: Others,
  stop?: () => boolean,
): boolean | undefined {
  const machine = replayModel(model);
  const answers = initials.map((initial) => isContradiction({ ...machine, initial }, kept, entries, stop));
  return answers.includes(false) ? false : answers.includes(undefined) ? undefined : true;
}

/**
 * The counterexample in terms of the original model, for a history that was translated into registers. Adds the
 * operations that must accompany the rows, and removes those that are then not needed.
 */
export function retold(
  judged: Judged,
  told: Told,
  found: readonly number[],
  stop?: () => boolean,
): { rows: readonly number[]; last: number; isMinimal: boolean; isReplayed: boolean } {
  const { table, model } = judged;
  const all = [...new Set(found.flatMap((row) => [row, ...told.company(row)]))].sort((x, y) => x - y);
  const last = all.reduce((late, row) => table.returned[row]! > table.returned[late]! ? row : late);
  const others = relevantOthers(told.table, undefined, beginningBefore(judged, last), all);
  if (all.length > KEPT || others.length > RELAXED) return { rows: all, last, isMinimal: false, isReplayed: false };
  const relaxedOf = relaxing(table, model);
  const contradicts = (kept: readonly number[]): true | false | "unknown" => {
    const relaxed = [...others, ...all.filter((row) => !kept.includes(row) && !looks(table, model, row))];
    const entries = relaxed.map((row) => atAnyTime(relaxedOf(row)));
    return isContradiction(replayModel(model), kept.map((row) => replayOperation(table, row)), entries, stop) ??
      "unknown";
  };
  const isReplayed = contradicts(all) === true;
  if (!isReplayed) return { rows: all, last, isMinimal: false, isReplayed };
  const { kept: rows, isMinimal } = withoutOne(all, contradicts, () => false);
  const end = rows.reduce((late, row) => table.returned[row]! > table.returned[late]! ? row : late);
  return { rows, last: end, isMinimal, isReplayed };
}

/** An operation that began after another had returned could not affect it. */
function beginningBefore({ table, candidates }: Judged, last: number): Int32Array {
  return candidates.filter((row) => table.invoked[row]! < table.returned[last]!);
}

/** Makes a relaxed operation of a row; equal operations become the same object. */
function relaxing(table: Operations, model: AnyModel): (row: number) => Operation {
  const classes = new Map<string, Operation>();
  if (tellsEqualApart(model)) return (row) => operationOf(table, row);
  return (row) => {
    const text = `${table.name[row]},${table.key[row]},${table.a[row]},${table.b[row]},${table.outcome[row]}`;
    const known = classes.get(text);
    if (known !== undefined) return known;
    const operation = operationOf(table, row);
    classes.set(text, operation);
    return operation;
  };
}

function atAnyTime(operation: Operation): ReplayOperation {
  return { operation, invoked: -Infinity, returned: Infinity };
}

/** Other operations, and the states in which the kept ones may have begun. */
interface Others {
  readonly initials: readonly unknown[];
  readonly entries: readonly ReplayOperation[];
}

/** More states to begin with are not tried. */
const MOST_STATES = 64;

/**
 * The other operations at their times. Those that began before all of `kept` may have been done by then, in any order,
 * each as often as one likes. Undefined if that leads to many states.
 */
function othersInTime(
  { table, model, candidates }: Judged,
  kept: readonly number[],
  operationOf: (row: number) => Operation,
): Others | undefined {
  const begin = Math.min(...kept.map((row) => table.invoked[row]!));
  const entries: ReplayOperation[] = [];
  const earlier = new Set<Operation>();
  const open = new Map<Operation, number>();
  for (const row of relevantOthers(table, model, candidates, kept, Infinity)) {
    const entry = { ...replayOperation(table, row), operation: operationOf(row) };
    const { operation } = entry;
    if (entry.invoked < begin) earlier.add(operation);
    if (entry.returned < begin) continue;
    // Those that never return differ only in their beginnings.
    const count = entry.returned === Infinity ? open.get(operation) ?? 0 : 0;
    open.set(operation, count + 1);
    if (count <= kept.length) entries.push(entry);
    if (entries.length > RELAXED) break;
  }
  const initials = statesAfter(replayModel(model), earlier);
  return initials === undefined ? undefined : { initials, entries };
}

/** The states that operations lead to, in any order; undefined if there are many. */
function statesAfter(model: Model<unknown>, operations: ReadonlySet<Operation>): unknown[] | undefined {
  const identify = model.identify ?? canonicalJson;
  const states = new Map([[identify(model.initial), model.initial]]);
  // A map that grows is walked to its new end.
  for (const state of states.values()) {
    for (const operation of operations) {
      for (const next of model.step(state, operation)) states.set(identify(next), next);
    }
    if (states.size > MOST_STATES) return undefined;
  }
  return [...states.values()];
}

function looks(table: Operations, model: AnyModel | undefined, row: number): boolean {
  if (table.outcome[row] === MISMATCH || table.verb[row] === GET) return true;
  if (model === undefined || isRegisterModel(model)) return false;
  return model.observes?.(operationOf(table, row)) ?? false;
}

/**
 * Other operations than `rows` that may affect what these see; of each kind at most one more than there are rows.
 *
 * @param model Undefined if the table has registers that another model was translated into.
 * @param each How many of a kind are enough. Default: one more than there are rows.
 */
function relevantOthers(
  table: Operations,
  model: AnyModel | undefined,
  candidates: Int32Array,
  rows: readonly number[],
  each: number = rows.length + 1,
): number[] {
  const isKept = new Set(rows);
  const seen = new Set<number>();
  let seesAll = model !== undefined && !isRegisterModel(model);
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
      if (isKept.has(row) || looks(table, model, row) || (others.length > RELAXED && each < Infinity)) continue;
      const verb = table.verb[row]!;
      const written = verb === CAS ? table.b[row]! : verb === PUT ? table.a[row]! : NULL_ID;
      if (!seesAll && !seen.has(written)) continue;
      const text = `${table.name[row]},${table.key[row]},${table.a[row]},${table.b[row]},${table.outcome[row]}`;
      const count = counts.get(text) ?? 0;
      if (count >= each) continue;
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
 * The order of a piece's operations as rows, confirmed by a replay.
 *
 * @param order The operations' numbers in the piece.
 */
export function witnessOf(table: Operations, model: AnyModel, piece: Piece, order: Int32Array): number[] {
  const rows = Array.from(order, (op) => piece.rows[op]!);
  const problem = replayOrder(replayModel(model), rows.map((row) => replayOperation(table, row)));
  if (problem !== undefined) throw contradiction(`a witness is wrong: ${problem}`);
  const completed = piece.rows.filter((row) => table.outcome[row] === OK || table.outcome[row] === MISMATCH).length;
  const placed = rows.filter((row) => table.outcome[row] !== OPEN).length;
  if (placed !== completed) {
    throw contradiction(`a witness is wrong: it has ${placed} of ${completed} operations`);
  }
  return rows;
}

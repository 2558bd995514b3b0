/**
 * Judges whether a history is linearizable.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import type { Verdict } from "../verdict.ts";
import { type AnyModel, isRegisterModel } from "../models/model.ts";
import { kvWithScan } from "../models/kv_scan.ts";
import { FAILED, MISMATCH, OK, type Operations, operationsOf, OTHER, verbOf } from "./operations.ts";
import { eventsByKey, RegisterPieces } from "./registers.ts";
import { NEVER, type Piece } from "./piece.ts";
import { type Counterexample, explain, witnessOf } from "./explain.ts";
import { search, type SearchResult } from "./search.ts";
import { text } from "./shown.ts";
import { findStale } from "./stale.ts";
import { stepPieces } from "./steps.ts";
import { walkStraight } from "./straight.ts";
import { judgeByZones } from "./zones.ts";

/** What bounds and shapes a check. */
export interface LinearizabilityOptions {
  /** Asked now and then; `true` ends the check with `"unknown"`. The room has no clock of its own. Default: never. */
  readonly stop?: () => boolean;
  /** Called once, when the verdict stands: before a violation is explained. For whoever measures. */
  readonly decided?: () => void;
  /** Whether a valid verdict has a witness. Default: false. */
  readonly witness?: boolean;
  /** How many configurations a search may remember before it answers `"unknown"`. Default: 20,000,000. */
  readonly configurations?: number;
}

/** An order of the operations of one key, or of all where the model ties keys together, that explains every answer. */
export interface Witness {
  /** The key, where the model has keys. */
  readonly key?: unknown;
  /** The operations by where they were invoked (position in the history, or line of the file), in the order in which they took effect. Unknown ones that did not happen are left out. */
  readonly order: readonly number[];
}

/** What `checkLinearizability` answers. */
export interface LinearizabilityVerdict extends Verdict {
  /** The model's name. */
  readonly model: string;
  /** How the operations ended. */
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
  /** For `false`: what cannot be. */
  readonly counterexample?: Counterexample;
  /** For `true`, on request: an order for each key. */
  readonly witness?: readonly Witness[];
  /** Whether places in the history are lines of a file, from 1, rather than positions, from 0. */
  readonly lines: boolean;
}

/**
 * Whether there is an order of the operations that respects real time and explains every answer.
 *
 * @param history The events in the order of real time; those of the nemesis are passed over.
 * @param model A built-in one from `modelByName`, or your own.
 * @throws {HistoryError} If the events are no history: a completion without an invocation, or a busy process that is invoked.
 */
export function checkLinearizability(
  history: readonly HistoryEvent[],
  model: AnyModel,
  options: LinearizabilityOptions = {},
): LinearizabilityVerdict {
  return checkOperations(operationsOf(history), model, options);
}

/** As `checkLinearizability`, of a table that was filled already. */
export function checkOperations(
  table: Operations,
  model: AnyModel,
  options: LinearizabilityOptions = {},
): LinearizabilityVerdict {
  const summary = { model: model.name, operations: countOutcomes(table), lines: table.countsLines };
  const judge = isRegisterModel(model) && table.names.includes("scan") ? kvWithScan : model;
  const witness: Witness[] = [];
  let unknown: string | undefined;
  for (const piece of piecesOf(table, judge, options)) {
    const quick = piece.transitions === undefined && options.witness !== true ? judgeQuickly(piece) : undefined;
    if (quick === true) continue;
    const found = quick === undefined ? search(piece, options) : violationOf(piece, quick);
    if (found.valid === false) {
      options.decided?.();
      const counterexample = explain(table, judge, piece, found.reached, options, quick);
      return { valid: false, reason: counterexample.sentence, ...summary, counterexample };
    }
    if (found.valid === "unknown") unknown ??= howFar(table, piece, found.reached, found.visited);
    else if (options.witness === true) {
      const key = table.keys.at(table.key[piece.rows[0]!]!);
      const order = witnessOf(table, judge, piece, found.order).map((row) => table.invoked[row]!);
      witness.push({ ...(key === null ? {} : { key }), order });
    }
  }
  options.decided?.();
  if (unknown !== undefined) return { valid: "unknown", reason: unknown, ...summary };
  return { valid: true, ...summary, ...(options.witness === true ? { witness } : {}) };
}

/** What needs no search: whether all is fine, or operations among which a violation shows; undefined where only a search can tell. */
function judgeQuickly(piece: Piece): true | readonly number[] | undefined {
  const zones = judgeByZones(piece);
  if (zones.valid === true) return true;
  return zones.valid === false ? zones.operations : findStale(piece);
}

/** A violation that the zones found, as a search would have: it shows where the last of these operations returns. */
function violationOf(piece: Piece, operations: readonly number[]): SearchResult {
  let reached = 0;
  for (const op of operations) reached = Math.max(reached, piece.ret[op] === NEVER ? piece.inv[op]! : piece.ret[op]!);
  return { valid: false, order: new Int32Array(0), reached, visited: 0 };
}

function howFar(table: Operations, piece: Piece, reached: number, visited: number): string {
  const key = table.keys.at(table.key[piece.rows[0]!]!);
  const of = key === null ? "" : ` of ${text(key)}`;
  return `Stopped by its limits after ${reached} of ${piece.events.length} events${of} and ${visited} configurations`;
}

function* piecesOf(table: Operations, model: AnyModel, options: LinearizabilityOptions): Generator<Piece> {
  if (!isRegisterModel(model)) {
    yield* stepPieces(table, model);
    return;
  }
  const strange = table.names.find((name) => verbOf(name) === OTHER);
  if (strange !== undefined) {
    throw new RangeError(`Cannot judge ${strange} by the model ${model.name}: it has get, put, delete, cas and scan`);
  }
  const initial = table.values.intern(model.initial);
  const registers = { initial, nullReadsAnything: model.nullReadsAnything ?? false };
  const isThrough = options.witness === true ? new Uint8Array(table.keys.size) : walkStraight(table, registers);
  if (!isThrough.includes(0)) return;
  const pieces = new RegisterPieces(table, registers);
  const { sorted, begins } = eventsByKey(table);
  for (let key = 0; key + 1 < begins.length; key++) {
    if (isThrough[key] === 1) continue;
    const piece = pieces.pieceOf(sorted, begins[key]!, begins[key + 1]!);
    if (piece !== undefined) yield piece;
  }
}

function countOutcomes(table: Operations): { ok: number; fail: number; info: number } {
  const counts = { ok: 0, fail: 0, info: 0 };
  for (let row = 0; row < table.length; row++) {
    const outcome = table.outcome[row];
    if (outcome === OK) counts.ok++;
    else if (outcome === FAILED || outcome === MISMATCH) counts.fail++;
    else counts.info++;
  }
  return counts;
}

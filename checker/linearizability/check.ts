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
import type { Piece } from "./piece.ts";
import { search } from "./search.ts";
import { stepPieces } from "./steps.ts";

/** What bounds and shapes a check. */
export interface LinearizabilityOptions {
  /** Asked now and then; `true` ends the check with `"unknown"`. The room has no clock of its own. Default: never. */
  readonly stop?: () => boolean;
  /** Whether a valid verdict has a witness. Default: false. */
  readonly witness?: boolean;
  /** How many configurations a search may remember before it answers `"unknown"`. Default: 20,000,000. */
  readonly configurations?: number;
}

/** An operation as verdicts show it. */
export interface ShownOperation {
  /** The number of the process. */
  readonly process: number;
  readonly f: string;
  readonly key?: unknown;
  /** What was asked. */
  readonly value?: unknown;
  /** What came back. */
  readonly result?: unknown;
  /** How it ended; `info` may or may not have happened. */
  readonly type: "ok" | "fail" | "info";
  /** Position of the invocation in the history, from 0. */
  readonly invoked: number;
  /** Position of the completion; null if there is none. */
  readonly returned: number | null;
}

/** Why a history is not linearizable. */
export interface Counterexample {
  /** The key that it is about, where the model has keys. */
  readonly key?: unknown;
  /** Operations that cannot all be true. */
  readonly operations: readonly ShownOperation[];
  /** How many events of the history are fine: those before the first that cannot be explained. */
  readonly finePrefix: number;
}

/** What `checkLinearizability` answers. */
export interface LinearizabilityVerdict extends Verdict {
  /** The model's name. */
  readonly model: string;
  /** How the operations ended. */
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
  /** For `false`: what cannot be. */
  readonly counterexample?: Counterexample;
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
  const summary = { model: model.name, operations: countOutcomes(table) };
  let unknown: string | undefined;
  for (const piece of piecesOf(table, model)) {
    const found = search(piece, options);
    if (found.valid === false) {
      const counterexample = explain(table, piece, found.reached);
      return { valid: false, reason: "No order of the operations explains every answer", ...summary, counterexample };
    }
    if (found.valid === "unknown") {
      unknown ??= `Stopped after ${found.reached} of ${piece.events.length} events of a key`;
    }
  }
  return unknown === undefined ? { valid: true, ...summary } : { valid: "unknown", reason: unknown, ...summary };
}

function* piecesOf(table: Operations, model: AnyModel): Generator<Piece> {
  if (!isRegisterModel(model)) {
    yield* stepPieces(table, model);
    return;
  }
  const strange = strangeName(table);
  if (strange === "scan") {
    yield* stepPieces(table, kvWithScan);
    return;
  }
  if (strange !== undefined) {
    throw new RangeError(`Cannot judge ${strange} by the model ${model.name}: it has get, put, delete, cas and scan`);
  }
  const initial = table.values.intern(model.initial);
  const pieces = new RegisterPieces(table, { initial, nullReadsAnything: model.nullReadsAnything ?? false });
  const { sorted, begins } = eventsByKey(table);
  for (let key = 0; key + 1 < begins.length; key++) {
    const piece = pieces.pieceOf(sorted, begins[key]!, begins[key + 1]!);
    if (piece !== undefined) yield piece;
  }
}

/** An operation's name that registers do not have, `scan` only if there is no other. */
function strangeName(table: Operations): string | undefined {
  const strange = table.names.filter((name) => verbOf(name) === OTHER);
  return strange.find((name) => name !== "scan") ?? strange[0];
}

function explain(table: Operations, piece: Piece, reached: number): Counterexample {
  const last = ~piece.events[reached]!;
  const operations: ShownOperation[] = [];
  for (let op = 0; op < piece.length && piece.inv[op]! < reached; op++) {
    if (piece.ret[op]! >= piece.inv[last]!) operations.push(shown(table, piece.rows[op]!));
  }
  const row = piece.rows[last]!;
  return { key: table.keys.at(table.key[row]!), operations, finePrefix: table.returned[row]! };
}

/** A row as verdicts show it. */
export function shown(table: Operations, row: number): ShownOperation {
  const outcome = table.outcome[row]!;
  const key = table.keys.at(table.key[row]!);
  const value = table.argumentOf(row);
  const result = table.resultOf(row);
  return {
    process: table.process[row]!,
    f: table.names[table.name[row]!]!,
    ...(key === null ? {} : { key }),
    ...(value === null ? {} : { value }),
    ...(outcome === OK ? { result } : {}),
    type: outcome === OK ? "ok" : outcome === FAILED || outcome === MISMATCH ? "fail" : "info",
    invoked: table.invoked[row]!,
    returned: table.returned[row]! < 0 ? null : table.returned[row]!,
  };
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

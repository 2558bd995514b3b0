/**
 * Judges the registers of a table, one for each key: first by passes without choices, last by a search.
 *
 * @module
 */
import type { AnyModel, RegisterModel } from "../models/model.ts";
import { OPEN, type Operations, OTHER, verbOf } from "../table/operations.ts";
import type { LinearizabilityOptions } from "./options.ts";
import { witnessOf } from "./explain/confirm.ts";
import { explain } from "./explain/explain.ts";
import { howFar, type Judgement } from "./explain/judgement.ts";
import { NEVER, type Piece } from "./piece/piece.ts";
import { eventsBy, eventsByKey, type RegisterOptions, RegisterPieces } from "./piece/registers.ts";
import { misfit } from "./piece/shown.ts";
import { fitIntoGaps } from "./quick/gaps.ts";
import { cutIntoParts, type Parts } from "./quick/parts.ts";
import { findStale } from "./quick/stale.ts";
import { walkStraight } from "./quick/straight.ts";
import { judgeByZones } from "./quick/zones.ts";
import type { SearchResult } from "./search/limits.ts";
import { search } from "./search/search.ts";
import { decidedInOrder } from "./search/share.ts";

/** The history of another model that was translated into these registers. */
interface Original {
  readonly table: Operations;
  readonly model: AnyModel;
  /** The operations that must accompany a row in a counterexample. */
  readonly company?: (row: number) => readonly number[];
}

/** The result for a piece. */
interface Finding {
  readonly piece: Piece;
  readonly found: Found;
}

/** The result of a search, or of a quicker judge. */
interface Found extends SearchResult {
  /** Operations that may show a violation, if they are known. */
  readonly suspects?: readonly number[];
}

/**
 * Judges each key's register. Yields nothing for keys that are found linearizable at once, unless a witness is asked
 * for.
 *
 * @param original The original history, row for row, if the registers stand for another model.
 */
export function* judgeRegisters(
  table: Operations,
  model: RegisterModel,
  options: LinearizabilityOptions,
  original: Original = { table, model },
): Generator<Judgement> {
  const { company } = original;
  const told = company === undefined ? {} : { told: { table, company } };
  for (const { piece, found } of findings(table, model, options)) {
    if (found.valid === "unknown") {
      yield { valid: "unknown", reason: howFar(original.table, piece.rows, piece.events.length, found) };
    } else if (found.valid === false) {
      const whole = wholeKey(table, model, piece, found.reached, found.suspects ?? []);
      const where = { piece: whole.piece, reached: whole.reached, visited: found.visited, suspects: whole.suspects };
      yield {
        valid: false,
        explain: () => explain(original.table, original.model, { ...where, ...told }, options),
      };
    } else if (options.witness !== true) yield { valid: true };
    else yield { valid: true, order: witnessOf(original.table, original.model, piece, found.order!()) };
  }
}

function* findings(table: Operations, model: RegisterModel, options: LinearizabilityOptions): Generator<Finding> {
  const strange = table.names.find((name) => verbOf(name) === OTHER);
  if (strange !== undefined) {
    const row = table.name.indexOf(table.names.indexOf(strange));
    throw misfit(table, row, `${model.name} has read, write, get, put, delete, cas and scan, not ${strange}`);
  }
  const registers = registerOptions(table, model);
  const initials = new Int32Array(table.keys.size).fill(registers.initial);
  if (options.witness === true) {
    const keys = { of: table.key, count: table.keys.size, initials };
    for (const [piece, found] of decidedInOrder(piecesOf(table, registers, keys), options, search)) {
      yield { piece, found };
    }
    return;
  }
  const isSettled = fineAtSight(table, registers, initials);
  if (!isSettled.includes(0)) return;
  const keys = { of: table.key, count: table.keys.size, initials, isSettled: isSettled.slice() };
  isSettled.fill(1);
  for (const [piece, found] of decidedInOrder(piecesOf(table, registers, keys), options, judgeQuickly)) {
    if (found.valid === false) yield { piece, found };
    if (found.valid === "unknown") isSettled[table.key[piece.rows[0]!]!] = 0;
  }
  if (!isSettled.includes(0)) return;
  // The remaining keys need a search with backtracking. It searches in parts, so it never backtracks further than
  // needed.
  const parts = cutIntoParts(table, registers, isSettled);
  for (const [piece, found] of decidedInOrder(piecesOf(table, registers, parts), options, search)) {
    yield { piece, found };
  }
}

/**
 * For each key, 1 if its operations can be placed one after another by rules that leave no choice, or that take the
 * likeliest choice.
 */
function fineAtSight(table: Operations, registers: RegisterOptions, initials: Int32Array): Uint8Array {
  const isFine = fitIntoGaps(table, { ...registers, initials });
  // The walk succeeds for keys on which operations rarely overlap.
  if (!isFine.includes(0) || isCrowded(table)) return isFine;
  return walkStraight(table, registers, { of: table.key, count: isFine.length, initials, isSettled: isFine });
}

/** The pieces of the parts that are not settled and could contain a violation. */
function* piecesOf(table: Operations, registers: RegisterOptions, parts: Parts): Generator<Piece> {
  const pieces = new RegisterPieces(table, registers);
  const { sorted, begins } = eventsBy(table, parts.of, parts.count, parts.isSettled);
  for (let part = 0; part < parts.count; part++) {
    const piece = pieces.pieceOf(sorted, begins[part]!, begins[part + 1]!, parts.initials[part]!);
    if (piece !== undefined) yield piece;
  }
}

/** Pieces with fewer events are searched before anything else is tried. */
const SHORT = 50_000;

/** Judges a piece without much backtracking; unknown if only a search with backtracking can decide. */
function judgeQuickly(piece: Piece, options: LinearizabilityOptions): Found {
  const visits = piece.events.length + 1000;
  // Most linearizable pieces are found linearizable by a search that hardly backtracks. The more thorough passes would
  // cost as much again.
  if (piece.events.length < SHORT) {
    const found = search(piece, { ...options, visits });
    if (found.valid !== "unknown") return found;
  }
  const zones = judgeByZones(piece);
  if (zones.valid === true) return { valid: true, reached: piece.events.length, visited: 0 };
  const suspects = zones.valid === false ? zones.operations : findStale(piece);
  return suspects === undefined ? { valid: "unknown", reached: 0, visited: 0 } : violationOf(piece, suspects);
}

/**
 * A violation that the zones found, in the form of a search's result. It shows where the last of these operations
 * returns.
 */
function violationOf(piece: Piece, suspects: readonly number[]): Found {
  let reached = 0;
  for (const op of suspects) reached = Math.max(reached, piece.ret[op] === NEVER ? piece.inv[op]! : piece.ret[op]!);
  return { valid: false, reached, visited: 0, suspects };
}

/** A part's violation, in terms of the piece of the whole key: operations that it involves may be before the cut. */
function wholeKey(
  table: Operations,
  model: RegisterModel,
  part: Piece,
  reached: number,
  suspects: readonly number[],
): { piece: Piece; reached: number; suspects: readonly number[] } {
  const { sorted, begins } = eventsByKey(table);
  const key = table.key[part.rows[0]!]!;
  const piece = new RegisterPieces(table, registerOptions(table, model)).pieceOf(
    sorted,
    begins[key]!,
    begins[key + 1]!,
  )!;
  const numbers = new Map(Array.from(piece.rows, (row, op) => [row, op]));
  const event = part.events[reached]!;
  const op = numbers.get(part.rows[event < 0 ? ~event : event]!)!;
  return {
    piece,
    reached: event < 0 ? piece.ret[op]! : piece.inv[op]!,
    suspects: suspects.map((suspect) => numbers.get(part.rows[suspect]!)!),
  };
}

function registerOptions(table: Operations, model: RegisterModel): RegisterOptions {
  return { initial: table.values.intern(model.initial), nullReadsAnything: model.nullReadsAnything ?? false };
}

/** Whether at some moment more operations are open than there are keys. */
function isCrowded({ order, events, outcome, keys }: Operations): boolean {
  let open = 0;
  for (let i = 0; i < events; i++) {
    const event = order[i]!;
    if (event < 0) open--;
    else if (outcome[event] !== OPEN && ++open > keys.size) return true;
  }
  return false;
}

/**
 * Judges the registers of a table, one a key: by passes that leave no choice first, by a search last.
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

/** A history of another model that registers tell of. */
interface Original {
  readonly table: Operations;
  readonly model: AnyModel;
  /** The operations without which a row is not what the registers say. */
  readonly company?: (row: number) => readonly number[];
}

/** What was found of a piece. */
interface Finding {
  readonly piece: Piece;
  readonly found: SearchResult;
  /** Operations among which a violation shows, where they are known. */
  readonly suspects?: readonly number[];
}

/**
 * Judges each key's register. Those that turn out to be fine at once are passed over, unless a witness is asked for.
 *
 * @param original What the registers tell of, row for row, where they stand for another model.
 */
export function* judgeRegisters(
  table: Operations,
  model: RegisterModel,
  options: LinearizabilityOptions,
  original: Original = { table, model },
): Generator<Judgement> {
  const { company } = original;
  const told = company === undefined ? {} : { told: { table, company } };
  for (const { piece, found, suspects } of findings(table, model, options)) {
    if (found.valid === "unknown") {
      yield { valid: "unknown", reason: howFar(original.table, piece.rows, piece.events.length, found) };
    } else if (found.valid === false) {
      const whole = wholeKey(table, model, piece, found.reached, suspects ?? []);
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
    throw misfit(table, row, `${model.name} has get, put, delete, cas and scan, not ${strange}`);
  }
  const registers = registerOptions(table, model);
  const initials = new Int32Array(table.keys.size).fill(registers.initial);
  if (options.witness === true) {
    const keys = { of: table.key, count: table.keys.size, initials };
    for (const piece of piecesOf(table, registers, keys)) yield { piece, found: search(piece, options) };
    return;
  }
  const isSettled = fineAtSight(table, registers, initials);
  if (!isSettled.includes(0)) return;
  const keys = { of: table.key, count: table.keys.size, initials, isSettled: isSettled.slice() };
  isSettled.fill(1);
  for (const piece of piecesOf(table, registers, keys)) {
    const finding = judgeQuickly(piece, options);
    if (finding?.found.valid === false) yield finding;
    if (finding === undefined) isSettled[table.key[piece.rows[0]!]!] = 0;
  }
  if (!isSettled.includes(0)) return;
  // What is left needs a search that turns back: in parts, so that it never turns back further than it must.
  const parts = cutIntoParts(table, registers, isSettled);
  for (const piece of piecesOf(table, registers, parts)) yield { piece, found: search(piece, options) };
}

/**
 * For each key, 1 if its operations can be placed one after another, by rules that leave no choice or else take the
 * likeliest.
 */
function fineAtSight(table: Operations, registers: RegisterOptions, initials: Int32Array): Uint8Array {
  const isFine = fitIntoGaps(table, { ...registers, initials });
  // A walk gets through keys that are rarely busy twice at once.
  if (!isFine.includes(0) || isCrowded(table)) return isFine;
  return walkStraight(table, registers, { of: table.key, count: isFine.length, initials, isSettled: isFine });
}

/** The pieces of parts that are not settled, and of which something could be wrong. */
function* piecesOf(table: Operations, registers: RegisterOptions, parts: Parts): Generator<Piece> {
  const pieces = new RegisterPieces(table, registers);
  const { sorted, begins } = eventsBy(table, parts.of, parts.count, parts.isSettled);
  for (let part = 0; part < parts.count; part++) {
    const piece = pieces.pieceOf(sorted, begins[part]!, begins[part + 1]!, parts.initials[part]!);
    if (piece !== undefined) yield piece;
  }
}

/** Pieces of fewer events are searched before anything else is tried. */
const SHORT = 50_000;

/** What needs no search that turns back often; undefined where only that can tell. */
function judgeQuickly(piece: Piece, options: LinearizabilityOptions): Finding | undefined {
  const visits = piece.events.length + 1000;
  // What is fine is mostly found fine by a search that hardly turns back; the passes that know better cost as much
  // again.
  if (piece.events.length < SHORT) {
    const found = search(piece, { ...options, visits });
    if (found.valid !== "unknown") return { piece, found };
  }
  const zones = judgeByZones(piece);
  if (zones.valid === true) {
    return { piece, found: { valid: true, reached: piece.events.length, visited: 0 } };
  }
  const suspects = zones.valid === false ? zones.operations : findStale(piece);
  return suspects === undefined ? undefined : { piece, found: violationOf(piece, suspects), suspects };
}

/** A violation that the zones found, as a search would have: it shows where the last of these operations returns. */
function violationOf(piece: Piece, operations: readonly number[]): SearchResult {
  let reached = 0;
  for (const op of operations) reached = Math.max(reached, piece.ret[op] === NEVER ? piece.inv[op]! : piece.ret[op]!);
  return { valid: false, reached, visited: 0 };
}

/** A part's violation in the piece of the whole key: what it is about may lie before the cut. */
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

/** Whether there are moments with more operations open than there are keys. */
function isCrowded({ order, events, outcome, keys }: Operations): boolean {
  let open = 0;
  for (let i = 0; i < events; i++) {
    const event = order[i]!;
    if (event < 0) open--;
    else if (outcome[event] !== OPEN && ++open > keys.size) return true;
  }
  return false;
}

/**
 * Judges whether a history is linearizable.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import type { Verdict } from "../verdict.ts";
import { type AnyModel, isRegisterModel, type RegisterModel } from "../models/model.ts";
import { kvWithScan } from "../models/kv_scan.ts";
import { FAILED, MISMATCH, OK, OPEN, type Operations, operationsOf, OTHER, verbOf } from "../table/operations.ts";
import { cutIntoParts, type Parts } from "./quick/parts.ts";
import { fitIntoGaps } from "./quick/gaps.ts";
import { eventsBy, eventsByKey, type RegisterOptions, RegisterPieces } from "./piece/registers.ts";
import { NEVER, type Piece } from "./piece/piece.ts";
import { type Counterexample, explain, witnessOf } from "./explain/explain.ts";
import { search, type SearchResult } from "./search/search.ts";
import { misfit, placeOf, text } from "./piece/shown.ts";
import { findStale } from "./quick/stale.ts";
import { stepPieces } from "./piece/steps.ts";
import { walkStraight } from "./quick/straight.ts";
import { judgeByZones } from "./quick/zones.ts";

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
  /** Whether places in the history are lines of a file, from 1, rather than positions of events, from 0. */
  readonly lines: boolean;
}

/**
 * Whether there is an order of the operations that respects real time and explains every answer.
 *
 * Near-linear in the length of the history where the written values of a register are distinct, and for most others; the question as
 * such is NP-complete (Gibbons and Korach 1997), so that a search may end as `"unknown"` at its limits.
 *
 * @param history The events in the order of real time; those of the nemesis are passed over.
 * @param model A built-in one from `modelByName`, or your own.
 * @returns The verdict: for `false` with a counterexample, for `true` with a witness if it is asked for.
 * @throws {HistoryError} If the events are no history: a completion without an invocation, or a busy process that is invoked.
 * @throws {RangeError} If the model does not know an operation, or cannot take its value; the message names the event.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkLinearizability, modelByName } from "@kayadb/raft/checker";
 *
 * const verdict = checkLinearizability([
 *   { process: 0, type: "invoke", f: "write", value: 1 },
 *   { process: 1, type: "invoke", f: "read" },
 *   { process: 1, type: "ok", f: "read", value: 1 },
 *   { process: 0, type: "ok", f: "write", value: 1 },
 * ], modelByName("register"), { witness: true });
 * assert.equal(verdict.valid, true);
 * assert.deepEqual(verdict.witness, [{ order: [0, 1] }]); // by the places of the invocations
 * ```
 */
export function checkLinearizability(
  history: readonly HistoryEvent[],
  model: AnyModel,
  options: LinearizabilityOptions = {},
): LinearizabilityVerdict {
  return checkOperations(operationsOf(history), model, options);
}

/**
 * As `checkLinearizability`, of a table that was filled already: by `readOperations`, `tableOf` or an `OperationsBuilder`.
 *
 * @throws {RangeError} If the model does not know an operation, or cannot take its value; the message names the line or the event.
 */
export function checkOperations(
  table: Operations,
  model: AnyModel,
  options: LinearizabilityOptions = {},
): LinearizabilityVerdict {
  const summary = {
    model: model.name,
    operations: countOutcomes(table),
    lines: table.countsLines || table.lineOf !== undefined,
  };
  const judge = isRegisterModel(model) && table.names.includes("scan") ? withScans(model) : model;
  const witness: Witness[] = [];
  let unknown: string | undefined;
  for (const { piece, found, suspects } of findings(table, judge, options)) {
    if (found.valid === false) {
      options.decided?.();
      const whole = wholeKey(table, judge, piece, found.reached, suspects ?? []);
      const counterexample = explain(table, judge, whole.piece, whole.reached, found.visited, options, whole.suspects);
      return { valid: false, reason: counterexample.sentence, ...summary, counterexample };
    }
    if (found.valid === "unknown") unknown ??= howFar(table, piece, found.reached, found.visited);
    else if (options.witness === true) {
      const key = table.keys.at(table.key[piece.rows[0]!]!);
      const order = witnessOf(table, judge, piece, found.order!()).map((row) => placeOf(table, table.invoked[row]!));
      witness.push({ ...(key === null ? {} : { key }), order });
    }
  }
  options.decided?.();
  if (unknown !== undefined) return { valid: "unknown", reason: unknown, ...summary };
  return { valid: true, ...summary, ...(options.witness === true ? { witness } : {}) };
}

function withScans({ name, initial, nullReadsAnything }: RegisterModel): typeof kvWithScan {
  if (initial === null && nullReadsAnything !== true) return kvWithScan;
  throw new RangeError(
    `Cannot judge scan by the model ${name}: a store with scans begins empty, and a null read says so`,
  );
}

/** What was found of a piece. */
interface Finding {
  readonly piece: Piece;
  readonly found: SearchResult;
  /** Operations among which a violation shows, where they are known. */
  readonly suspects?: readonly number[];
}

/** Judges one piece after another; those that turn out to be fine at once are passed over, unless a witness is asked for. */
function* findings(table: Operations, model: AnyModel, options: LinearizabilityOptions): Generator<Finding> {
  if (!isRegisterModel(model)) {
    for (const piece of stepPieces(table, model)) yield { piece, found: search(piece, options) };
    return;
  }
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

/** For each key, 1 if its operations can be placed one after another, by rules that leave no choice or else take the likeliest. */
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
  // What is fine is mostly found fine by a search that hardly turns back; the passes that know better cost as much again.
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
  model: AnyModel,
  part: Piece,
  reached: number,
  suspects: readonly number[],
): { piece: Piece; reached: number; suspects: readonly number[] } {
  if (!isRegisterModel(model)) return { piece: part, reached, suspects };
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

function howFar(table: Operations, piece: Piece, reached: number, visited: number): string {
  const key = table.keys.at(table.key[piece.rows[0]!]!);
  const of = key === null ? "" : ` of ${text(key)}`;
  return `Stopped by its limits after ${reached} of ${piece.events.length} events${of} and ${visited} configurations`;
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

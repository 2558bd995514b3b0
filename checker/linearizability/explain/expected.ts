/**
 * What a read should have returned.
 *
 * @module
 */
import type { RegisterModel } from "../../models/model.ts";
import { CAS, FAILED, GET, MISMATCH, OK, type Operations, PUT } from "../../table/operations.ts";
import { NULL_ID } from "../../table/values.ts";
import { eventsByKey, RegisterPieces } from "../piece/registers.ts";
import type { SearchLimits } from "../search/limits.ts";
import { search } from "../search/search.ts";
import { prefixOf } from "./relax.ts";

/** How many values the sentence names at most. */
const MOST = 3;
/** How many events all searches together may walk, and how many configurations each may visit beside those. */
const EVENTS = 2_000_000, VISITS = 20_000;

/**
 * The values with which a read would be fine, as far as the history had come when it returned; undefined where that was
 * not found out, or where there are many. Those come last that need a write which was still open then.
 *
 * @param row The read. All that came before its return is fine.
 */
export function expectedReads(
  table: Operations,
  model: RegisterModel,
  row: number,
  limits: SearchLimits,
): readonly unknown[] | undefined {
  if (table.verb[row] !== GET || table.outcome[row] !== OK) return undefined;
  const { sorted, begins } = eventsByKey(table);
  const key = table.key[row]!;
  const events = sorted.subarray(begins[key]!, begins[key + 1]!);
  const registers = {
    initial: table.values.intern(model.initial),
    nullReadsAnything: model.nullReadsAnything ?? false,
  };
  const candidates = candidatesOf(table, events, row, registers.initial);
  if (candidates.length * events.length > EVENTS) return undefined;
  const answered = table.a[row]!;
  const expected: number[] = [];
  try {
    for (const value of candidates) {
      if (limits.stop?.() === true) return undefined;
      table.a[row] = value;
      const piece = new RegisterPieces(table, registers).pieceOf(events, 0, events.length);
      const read = piece?.rows.indexOf(row) ?? -1;
      const visits = events.length + VISITS;
      const valid = piece === undefined || read < 0 ||
        search(prefixOf(piece, piece.ret[read]! + 1), { ...limits, visits }).valid;
      if (valid === "unknown" || (valid && expected.length === MOST)) return undefined;
      if (valid) expected.push(value);
    }
  } finally {
    table.a[row] = answered;
  }
  if (expected.length === 0) return undefined;
  const values = expected.map((value) => table.values.at(value));
  const isSure = (value: unknown): boolean => isWrittenBefore(table, model, row, value);
  return [...values.filter(isSure), ...values.filter((value) => !isSure(value))];
}

/** Whether a register began with a value, or a write of it had returned when the operation in `row` returned. */
export function isWrittenBefore(table: Operations, model: RegisterModel, row: number, value: unknown): boolean {
  const id = table.values.intern(value);
  if (id === table.values.intern(model.initial)) return true;
  for (let other = 0; other < table.length; other++) {
    if (table.key[other] !== table.key[row] || !isWrite(table, other) || writtenBy(table, other) !== id) continue;
    if (table.outcome[other] === OK && table.returned[other]! < table.returned[row]!) return true;
  }
  return false;
}

/** The ids of the values that may have been there: those that nothing surely replaced before the read. */
function candidatesOf(table: Operations, events: Int32Array, read: number, initial: number): number[] {
  const { invoked, returned, outcome } = table;
  const writes = events.filter((row) => row >= 0 && isWrite(table, row) && invoked[row]! < returned[read]!);
  const isOver = (row: number, at: number): boolean => outcome[row] === OK && returned[row]! < at;
  let lastBegun = -1;
  for (const row of writes) if (isOver(row, invoked[read]!)) lastBegun = Math.max(lastBegun, invoked[row]!);
  const possible = writes.filter((row) => !isOver(row, lastBegun));
  return [...new Set([...lastBegun < 0 ? [initial] : [], ...Array.from(possible, (row) => writtenBy(table, row))])];
}

function isWrite({ verb, outcome }: Operations, row: number): boolean {
  return verb[row] !== GET && outcome[row] !== FAILED && outcome[row] !== MISMATCH;
}

function writtenBy(table: Operations, row: number): number {
  return table.verb[row] === CAS ? table.b[row]! : table.verb[row] === PUT ? table.a[row]! : NULL_ID;
}

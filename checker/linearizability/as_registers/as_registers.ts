/**
 * A history of another model, told as one of registers: for judges of registers are fast.
 *
 * @module
 */
import type { AnyModel, RegisterModel } from "../../models/model.ts";
import { Operations } from "../../table/operations.ts";

/** Registers that are linearizable if and only if the history is. Row for row they are the same operations. */
export interface AsRegisters {
  readonly table: Operations;
  readonly model: RegisterModel;
  /** The model that the registers stand for. */
  readonly stands: AnyModel;
  /** The operations without which a row is not what it is told as: a read shows what an append found. */
  readonly company: (row: number) => readonly number[];
}

/** A table of the same rows, outcomes and times; what the rows do is left out. */
export function sameEvents(from: Operations): Operations {
  const to = new Operations(Math.max(1, from.length));
  to.length = from.length;
  to.events = from.events;
  to.outcome.set(from.outcome.subarray(0, from.length));
  to.process.set(from.process.subarray(0, from.length));
  to.key.set(from.key.subarray(0, from.length));
  to.invoked.set(from.invoked.subarray(0, from.length));
  to.returned.set(from.returned.subarray(0, from.length));
  to.order = from.order;
  for (let key = 0; key < from.keys.size; key++) to.keys.intern(from.keys.at(key));
  to.timeAt = from.timeAt;
  to.countsLines = from.countsLines;
  to.lineOf = from.lineOf;
  return to;
}

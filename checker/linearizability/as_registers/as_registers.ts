/**
 * A history of another model, translated into a history of registers: judging registers is fast.
 *
 * @module
 */
import type { AnyModel, RegisterModel } from "../../models/model.ts";
import { Operations } from "../../table/operations.ts";

/**
 * A history of registers that is linearizable if and only if the original is. Each row is the same operation in both.
 */
export interface AsRegisters {
  readonly table: Operations;
  readonly model: RegisterModel;
  /** The original model. */
  readonly stands: AnyModel;
  /**
   * The operations that must accompany a row in a counterexample. For example, an append needs a read that shows what
   * it found.
   */
  readonly company: (row: number) => readonly number[];
}

/**
 * Makes a table with the same rows, outcomes and times, in which the operations themselves are still to be filled in.
 */
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
  to.nodeAt = from.nodeAt;
  to.countsLines = from.countsLines;
  to.lineOf = from.lineOf;
  return to;
}

/**
 * Projects a history whose operations touch several registers at once to single registers.
 *
 * Each operation becomes one operation on each register that it touches, at the same time. If the history is
 * linearizable, so is each register. So a register that is not linearizable proves that the history is not. If no
 * operation touches two registers, the reverse is true as well.
 *
 * @module
 */
import type { RegisterModel } from "../../models/model.ts";
import { CAS, GET, OK, OPEN, Operations, PUT } from "../../table/operations.ts";

/** A history of single registers. */
export interface Projection {
  readonly table: Operations;
  readonly model: RegisterModel;
  /** Whether no operation touches two registers. Then the history is linearizable if and only if each register is. */
  readonly isWhole: boolean;
}

/** The effect of an operation on one register, and its name there. Default name: read, write or cas. */
export type RegisterAction =
  & { readonly f?: string }
  & (
    | { readonly verb: typeof GET; readonly register: unknown; readonly sees: unknown }
    | { readonly verb: typeof PUT; readonly register: unknown; readonly writes: unknown }
    | { readonly verb: typeof CAS; readonly register: unknown; readonly sees: unknown; readonly writes: unknown }
  );

/** More operations on single registers than this would take too long. */
const MOST_ROWS = 4_000_000;

/**
 * Projects a history.
 *
 * @param actionsOf The actions of a row, at most one for each register; undefined if they are unclear.
 * @returns Undefined if the actions of some row are unclear, or there would be too many rows.
 */
export function project(
  table: Operations,
  model: RegisterModel,
  actionsOf: (row: number) => readonly RegisterAction[] | undefined,
): Projection | undefined {
  const projected = new Operations(Math.max(16, table.length));
  projected.countsLines = table.countsLines;
  projected.lineOf = table.lineOf;
  const names = { [GET]: projected.nameId("read"), [PUT]: projected.nameId("write"), [CAS]: projected.nameId("cas") };
  /** The number of each row's first operation; its operations are adjacent. */
  const first = new Int32Array(table.length);
  const end = new Int32Array(table.length);
  let isWhole = true;
  for (let i = 0; i < table.events; i++) {
    const event = table.order[i]!;
    const row = event < 0 ? ~event : event;
    if (event < 0) {
      for (let own = first[row]!; own < end[row]!; own++) {
        projected.complete(own, OK, table.returned[row]!);
      }
      continue;
    }
    const actions = actionsOf(row);
    if (actions === undefined || projected.length > MOST_ROWS) return undefined;
    if (actions.length > 1) isWhole = false;
    first[row] = projected.length;
    for (const action of actions) {
      const key = projected.keys.intern(action.register);
      const name = action.f === undefined ? names[action.verb] : projected.nameId(action.f);
      const own = projected.invoke(table.process[row]!, name, key, table.invoked[row]!);
      projected.verb[own] = action.verb;
      if (action.verb !== PUT) projected.a[own] = projected.values.intern(action.sees);
      if (action.verb === PUT) projected.a[own] = projected.values.intern(action.writes);
      if (action.verb === CAS) projected.b[own] = projected.values.intern(action.writes);
      if (table.outcome[row] === OPEN) projected.returned[own] = table.returned[row]!;
    }
    end[row] = projected.length;
  }
  return { table: projected, model, isWhole };
}

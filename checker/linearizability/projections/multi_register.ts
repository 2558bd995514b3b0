/**
 * Projects transactions on several registers to single registers.
 *
 * @module
 */
import { entryOf } from "../../entries.ts";
import { CAS, FAILED, GET, OK, type Operations, PUT } from "../../table/operations.ts";
import type { MultiRegisterModel } from "../../models/multi_register.ts";
import { canonicalJson } from "../../table/values.ts";
import { project, type Projection, type RegisterAction } from "./projection.ts";

/** The effect on a register within one transaction, so far. */
interface Touched {
  readonly register: unknown;
  /** The value that was read before anything was written. */
  sees: { readonly value: unknown } | undefined;
  writes: { readonly value: unknown } | undefined;
}

/**
 * Projects a history of `multi-register`. All registers begin with null.
 *
 * @returns Undefined if an operation is not a list of reads and writes, or reads a value that it cannot have read.
 */
export function projectMultiRegister(table: Operations, model: MultiRegisterModel): Projection | undefined {
  // A model with initial values for single registers is not projected.
  if (Object.keys(model.initial).length > 0) return undefined;
  const register = { name: model.name, kind: "register", initial: null } as const;
  return project(table, register, (row) => actionsOf(table, row, model.nullReads === "value"));
}

function actionsOf(table: Operations, row: number, nullTells: boolean): RegisterAction[] | undefined {
  if (table.outcome[row] === FAILED) return [];
  const isKnown = table.outcome[row] === OK;
  // The table does not keep what a read asked for; without an answer it learned nothing.
  if (!isKnown && table.verb[row] === GET) return [];
  const value = isKnown && table.resultOf(row) !== null ? table.resultOf(row) : table.argumentOf(row);
  if (!Array.isArray(value)) return undefined;
  const touched = new Map<string, Touched>();
  for (const item of value) {
    if (!Array.isArray(item)) return undefined;
    const [f, register, operand] = item;
    const name = String(register);
    const at = entryOf(touched, name, () => ({ register: name, sees: undefined, writes: undefined }));
    if (f === "write" || f === "w") at.writes = { value: operand };
    else if (f !== "read" && f !== "r") return undefined;
    else if (isKnown && (nullTells || (operand !== null && operand !== undefined))) {
      const known = at.writes ?? at.sees;
      if (known === undefined) at.sees = { value: operand };
      else if (canonicalJson(known.value ?? null) !== canonicalJson(operand ?? null)) return undefined;
    }
  }
  return [...touched.values()].flatMap(({ register, sees, writes }): RegisterAction[] => {
    if (sees === undefined) return writes === undefined ? [] : [{ verb: PUT, register, writes: writes.value }];
    if (writes === undefined) return [{ verb: GET, register, sees: sees.value }];
    return [{ verb: CAS, register, sees: sees.value, writes: writes.value }];
  });
}

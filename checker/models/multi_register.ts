/**
 * The model of several registers that transactions read and write; each transaction is one operation.
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import { canonicalJson } from "../table/values.ts";
import type { Model, Operation } from "./model.ts";

type Registers = Readonly<Record<string, unknown>>;

/** A model of registers that are read and written together. */
export interface MultiRegisterModel extends Model<Registers> {
  /** Distinguishes it from other models. */
  readonly kind: "multi-register";
  /** Whether a read of null saw that there was no value, or learned nothing. */
  readonly nullReads: "value" | "unknown";
}

/** Whether a model is one of several registers. */
export function isMultiRegister(model: object): model is MultiRegisterModel {
  return "kind" in model && model.kind === "multi-register";
}

/**
 * Registers by name. An operation's value is a list of `["read", name, value]` and `["write", name, value]`, executed
 * together and in order. A read whose value is null learned nothing, as in Knossos, unless `nullReads` is `value`.
 *
 * @param initial The initial values of the registers. A register that is not named begins with null.
 */
export function multiRegister(
  initial: Registers,
  name = "multi-register",
  nullReads: "value" | "unknown" = "unknown",
): MultiRegisterModel {
  return {
    name,
    kind: "multi-register",
    nullReads,
    initial,
    observes: (operation) => microOperations(operation).every(([f]) => isRead(f)),
    step(registers, operation) {
      const next: Record<string, unknown> = { ...registers };
      for (const [f, register, value] of microOperations(operation)) {
        const current = Object.hasOwn(next, String(register)) ? next[String(register)] : null;
        if (!isRead(f) && f !== "write" && f !== "w") {
          throw new RangeError(`multi-register has read and write, not ${jsonOf(f)}`);
        }
        if (!isRead(f)) next[String(register)] = value;
        else if (operation.type === "ok" && (nullReads === "value" || (value !== null && value !== undefined))) {
          if (canonicalJson(value ?? null) !== canonicalJson(current)) return [];
        }
      }
      return [next];
    },
  };
}

function isRead(f: unknown): boolean {
  return f === "read" || f === "r";
}

function microOperations(
  { f, argument, result, type }: Pick<Operation, "f" | "argument" | "result" | "type">,
): readonly (readonly [unknown, unknown, unknown])[] {
  // What a read asked for is not kept; without an answer it learned nothing.
  if (type !== "ok" && argument === null && (f === "read" || f === "get")) return [];
  const list = type === "ok" && result !== null ? result : argument;
  const isList = Array.isArray(list) && list.every((item) => Array.isArray(item));
  if (!isList) {
    throw new RangeError(`multi-register takes lists of ["read" or "write", name, value], not ${jsonOf(list)}`);
  }
  return list as [unknown, unknown, unknown][];
}

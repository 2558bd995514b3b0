/**
 * Chooses how a history of another model is translated into one of registers.
 *
 * @module
 */
import type { AnyModel } from "../../models/model.ts";
import type { Operations } from "../../table/operations.ts";
import { appendChains } from "./append_chains.ts";
import type { AsRegisters } from "./as_registers.ts";
import { setElements } from "./set_elements.ts";

/** Translates a history into one of registers; undefined if its model or its content does not allow that. */
export function asRegisters(table: Operations, model: AnyModel): AsRegisters | undefined {
  const kind: unknown = "kind" in model ? model.kind : undefined;
  if (kind === "set") return setElements(table);
  return kind === "appends" ? appendChains(table) : undefined;
}

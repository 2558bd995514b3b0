/**
 * Chooses how a history is projected to registers.
 *
 * @module
 */
import type { AnyModel } from "../../models/model.ts";
import type { MultiRegisterModel } from "../../models/multi_register.ts";
import type { Operations } from "../../table/operations.ts";
import { projectMultiRegister } from "./multi_register.ts";
import type { Projection } from "./projection.ts";
import { projectScans } from "./scans.ts";
import { projectSetReads } from "./set_reads.ts";

/** Projects a history; undefined if its model or its content does not allow that. */
export function projected(table: Operations, model: AnyModel): Projection | undefined {
  const kind: unknown = "kind" in model ? model.kind : undefined;
  if (kind === "multi-register") return projectMultiRegister(table, model as MultiRegisterModel);
  if (kind === "scans") return projectScans(table);
  return kind === "set" ? projectSetReads(table) : undefined;
}

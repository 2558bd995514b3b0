/**
 * The judge: pure functions from a history to a verdict. Nothing here touches a clock, a file or the runtime, so it runs in a browser as it is.
 *
 * @module
 */
export type { EventType, HistoryEvent } from "./history.ts";
export { type Validity, type Verdict, worse } from "./verdict.ts";
export { FormatError } from "./formats/format_error.ts";
export { detectFormat, FORMATS } from "./formats/detect.ts";
export {
  type ReadHistory,
  readHistory,
  type ReadOperations,
  readOperations,
  type ReadOptions,
  tableOf,
} from "./formats/read.ts";
export {
  checkLinearizability,
  checkOperations,
  type Counterexample,
  type LinearizabilityOptions,
  type LinearizabilityVerdict,
  type ShownOperation,
} from "./linearizability/check.ts";
export { HistoryError, Operations } from "./linearizability/operations.ts";
export { renderLinearizability, type Style } from "./linearizability/render.ts";
export { type AnyModel, type Model, type Operation, type RegisterModel } from "./models/model.ts";
export { MODEL_NAMES, modelByName, type ModelOptions } from "./models/models.ts";

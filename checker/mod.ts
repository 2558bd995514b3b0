/**
 * The judge: pure functions from a history to a verdict. Nothing here touches a clock, a file or the runtime, so it runs in a browser as it is.
 *
 * @module
 */
export type { EventType, HistoryEvent } from "./history.ts";
export { type Validity, type Verdict, worse } from "./verdict.ts";
export { FormatError } from "./formats/format_error.ts";
export { JsonLinesOperations } from "./formats/jsonl_operations.ts";
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
  type LinearizabilityOptions,
  type LinearizabilityVerdict,
  type Witness,
} from "./linearizability/check.ts";
export type { Counterexample } from "./linearizability/explain.ts";
export type { ShownOperation } from "./linearizability/shown.ts";
export { HistoryError, Operations, OperationsBuilder } from "./linearizability/operations.ts";
export { Values } from "./linearizability/values.ts";
export { LinearizabilityMonitor, type MonitorOptions } from "./linearizability/monitor.ts";
export { renderLinearizability, type Style } from "./linearizability/render.ts";
export { type AnyModel, FAILED_COMPARE, type Model, type Operation, type RegisterModel } from "./models/model.ts";
export { inferModel, type Inferred } from "./models/infer.ts";
export { MODEL_NAMES, modelByName, type ModelOptions } from "./models/models.ts";
export { type EdnEntry, parseEdn, parseEdnHistory } from "./formats/edn.ts";
export { parsePolysi } from "./formats/polysi.ts";
export { parseAwdit } from "./formats/awdit.ts";
export type { RegisterOperation, SessionHistory, SessionTransaction } from "./transactions/session_history.ts";
export {
  checkSessions,
  checkTransactions,
  type TransactionOptions,
  type TransactionVerdict,
} from "./transactions/check.ts";
export type { AnomalyCase, CycleStep, DependencyType, ReportedTransaction } from "./transactions/findings.ts";
export { CONSISTENCY_MODELS } from "./transactions/consistency_models.ts";
export {
  checkTransactionModel,
  isTransactionModel,
  parseVersionOrder,
  TRANSACTION_MODELS,
  type TransactionInput,
} from "./transactions/models.ts";
export { renderTransactionVerdict } from "./transactions/render.ts";
export type { TransactionWorkload } from "./transactions/transactions.ts";
export { VERSION_ORDERS, type VersionOrderSource } from "./transactions/version_order.ts";
export { type BankOptions, checkBank } from "./workloads/bank.ts";
export { checkCounter } from "./workloads/counter.ts";
export { checkLongFork } from "./workloads/long_fork.ts";
export { checkSet } from "./workloads/set.ts";
export { checkSetFull, type SetFullOptions } from "./workloads/set_full.ts";
export type { WorkloadVerdict } from "./workloads/workload.ts";

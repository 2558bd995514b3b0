/**
 * The judge: pure functions from a history to a verdict. They use no clock, no file and no runtime module, so they run
 * in a browser unchanged.
 *
 * | to | call |
 * |---|---|
 * | read text or bytes in any format | `readHistory`; `readOperations` for histories too large for objects |
 * | judge linearizability | `checkLinearizability` with a model from `modelByName`, or your own `Model` |
 * | judge a history while it grows | `LinearizabilityMonitor` |
 * | judge transactions | `checkTransactions`, `checkSessions` |
 * | ask Jepsen's small questions | `checkBank`, `checkCounter`, `checkLongFork`, `checkSet`, `checkSetFull` |
 * | ask Maelstrom's of sets and counters | `checkBroadcast`, `checkGSet`, `checkEventualCounter` |
 * | ask Maelstrom's of all else | `checkUniqueIds`, `checkKafka`, `checkEcho`, `checkAvailability` |
 * | choose by a model's name | `inferModel`, `isTransactionModel`, `checkTransactionModel` |
 * | tell a person | `renderLinearizability`, `renderTransactionVerdict` |
 *
 * Every verdict has `valid`. `true` and `false` are proven; `"unknown"` is neither. An invalid or unreadable history
 * gives no verdict but an error: `HistoryError`, `FormatError`, or the one that a function's doc names.
 *
 * @example From a file's text to a sentence
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkLinearizability, modelByName, readHistory } from "@kayadb/raft/checker";
 *
 * const { events } = readHistory(`
 *   {"process":0,"type":"invoke","f":"put","key":"x","value":1}
 *   {"process":0,"type":"ok","f":"put","key":"x","value":1}
 *   {"process":1,"type":"invoke","f":"get","key":"x"}
 *   {"process":1,"type":"ok","f":"get","key":"x","value":null}
 * `);
 * const verdict = checkLinearizability(events, modelByName("kv"));
 * assert.equal(verdict.valid, false);
 * assert.match(verdict.counterexample!.sentence, /A read of x by process 1 returned null/);
 * ```
 *
 * @example A model of your own, and a history that comes in chunks of bytes: a high-water mark for each key
 * ```ts
 * import assert from "node:assert/strict";
 * import { JsonLinesOperations, LinearizabilityMonitor, type Model } from "@kayadb/raft/checker";
 *
 * const highWater: Model<number> = {
 *   name: "high-water",
 *   initial: 0,
 *   step(mark, { f, argument, result, type }) {
 *     if (f === "raise") return [Math.max(mark, Number(argument))];
 *     return type === "info" || result === mark ? [mark] : [];
 *   },
 *   partition: ({ key }) => key, // keys have nothing to do with each other
 *   observes: ({ f }) => f === "read", // a read changes nothing, and is cheap to search past
 * };
 * const monitor = new LinearizabilityMonitor(highWater);
 * const lines = new JsonLinesOperations(monitor.builder);
 * const chunks = [
 *   '{"process":0,"type":"invoke","f":"raise","key":"x","value":5}\n{"process":0,"type":"ok","f":"rai',
 *   'se","key":"x","value":5}\n{"process":0,"type":"invoke","f":"read","key":"x"}\n',
 *   '{"process":0,"type":"ok","f":"read","key":"x","value":3}\n',
 * ];
 * for (const chunk of chunks) {
 *   lines.push(new TextEncoder().encode(chunk));
 *   monitor.settle();
 *   if (monitor.violation !== undefined) break;
 * }
 * lines.finish();
 * assert.equal(monitor.verdict().valid, false);
 * ```
 *
 * @module
 */
export type { EventType, HistoryEvent } from "./history.ts";
export { type CountedVerdict, unlessVacuous, type Validity, type Verdict, worse } from "./verdict.ts";
export { MisfitError, ModelError, type Place, UnknownOperationError } from "./misfit.ts";
export { FormatError } from "./formats/format_error.ts";
export { JsonLinesOperations } from "./formats/jsonl_operations.ts";
export { detectFormat, FORMATS, HEAD_BYTES } from "./formats/detect.ts";
export type { Pairs } from "./formats/independent.ts";
export { sortedByTime, type SortedHistory, whereTimeGoesBack } from "./formats/real_time.ts";
export type { TimeGoesBack } from "./formats/time.ts";
export {
  isJepsens,
  parseValue,
  type ReadHistory,
  readHistory,
  type ReadOperations,
  readOperations,
  type ReadOptions,
  tableOf,
  withKeys,
} from "./formats/read.ts";
export {
  checkLinearizability,
  checkOperations,
  type LinearizabilityVerdict,
  type Witness,
} from "./linearizability/check.ts";
export type { LinearizabilityOptions } from "./linearizability/options.ts";
export type { Share } from "./linearizability/search/share.ts";
export type { Counterexample } from "./linearizability/explain/explain.ts";
export type { ShownOperation } from "./linearizability/piece/shown.ts";
export { HistoryError, Operations, OperationsBuilder } from "./table/operations.ts";
export { Values } from "./table/values.ts";
export { LinearizabilityMonitor, type MonitorOptions } from "./linearizability/monitor.ts";
export { renderLinearizability, type Style } from "./linearizability/render.ts";
export { type AnyModel, FAILED_COMPARE, type Model, type Operation, type RegisterModel } from "./models/model.ts";
export { inferModel, type Inferred } from "./models/infer.ts";
export { MODEL_NAMES, modelByName, type ModelOptions, MODELS_WITH_NULL_READS } from "./models/models.ts";
export { parsePolysi, readPolysi } from "./formats/polysi.ts";
export { parseAwdit, readAwdit } from "./formats/awdit.ts";
export type { MicroOperations } from "./transactions/read/micro_operations.ts";
export type { SessionTable } from "./transactions/read/session_table.ts";
export type { RegisterOperation, SessionHistory, SessionTransaction } from "./transactions/read/session_history.ts";
export {
  checkSessions,
  checkTransactions,
  type TransactionOptions,
  type TransactionVerdict,
} from "./transactions/check.ts";
export type { AnomalyCase, CycleStep, DependencyType, ReportedTransaction } from "./transactions/read/findings.ts";
export { CONSISTENCY_MODEL_ALIASES, CONSISTENCY_MODELS } from "./transactions/levels/consistency_models.ts";
export {
  type AskedModel,
  checkTransactionModel,
  isTransactionModel,
  parseTransactionModel,
  TRANSACTION_MODELS,
  type TransactionInput,
} from "./transactions/models.ts";
export { renderTransactionVerdict } from "./transactions/render.ts";
export type { TransactionWorkload } from "./transactions/read/transactions.ts";
export { VERSION_ORDERS, type VersionOrderSource } from "./transactions/order/version_order.ts";
export { type AvailabilityVerdict, checkAvailability } from "./small/availability.ts";
export { type BankOptions, checkBank } from "./small/bank.ts";
export { checkBroadcast, checkGSet } from "./small/broadcast.ts";
export { checkCounter } from "./small/counter.ts";
export { checkEcho } from "./small/echo.ts";
export { checkEventualCounter } from "./small/eventual_counter.ts";
export { checkKafka } from "./small/kafka.ts";
export { checkLongFork } from "./small/long_fork.ts";
export { checkSet } from "./small/set.ts";
export { checkSetFull, type SetFullOptions } from "./small/set_full.ts";
export { checkUniqueIds } from "./small/unique_ids.ts";
export { checkTotalQueue } from "./small/total_queue.ts";
export type { WorkloadVerdict } from "./small/workload.ts";

/**
 * Judges the history of a workload with the checker.
 *
 * @module
 */
import {
  checkLinearizability,
  checkTransactionModel,
  type HistoryEvent,
  modelByName,
  type Verdict,
} from "../../checker/mod.ts";

/** Whether the operations took effect one at a time, each between its invocation and its completion. */
export function judgeLinearizability(events: readonly HistoryEvent[], model: string): Verdict {
  return checkLinearizability(events, modelByName(model));
}

/** The verdict of the transaction checker, or of one of the small checkers. Lists must be strictly serializable. */
export function judgeTransactions(events: readonly HistoryEvent[], model: string): Verdict {
  return checkTransactionModel(model, { events });
}

/**
 * From a workload's history to the checker's verdict.
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

/** Whether the operations took effect one at a time, each between its invocation and its end. */
export function judgeLinearizability(events: readonly HistoryEvent[], model: string): Verdict {
  return checkLinearizability(events, modelByName(model));
}

/**
 * What the checker of transactions, or one of its small siblings, says; of lists, whether they are strictly
 * serializable.
 */
export function judgeTransactions(events: readonly HistoryEvent[], model: string): Verdict {
  return checkTransactionModel(model, { events });
}

/**
 * Judges models that are given by their `step`: by a search, one partition after another.
 *
 * @module
 */
import type { Model } from "../models/model.ts";
import type { Operations } from "../table/operations.ts";
import type { LinearizabilityOptions } from "./options.ts";
import { witnessOf } from "./explain/confirm.ts";
import { explain } from "./explain/explain.ts";
import { howFar, type Judgement } from "./explain/judgement.ts";
import { stepPieces } from "./piece/steps.ts";
import { search } from "./search/search.ts";

/**
 * Judges each partition.
 *
 * @param isAsked Whether the operations of a key are asked about; those of others are passed over. Default: all are.
 */
export function* judgeSteps<State>(
  table: Operations,
  model: Model<State>,
  options: LinearizabilityOptions,
  isAsked?: (key: number) => boolean,
): Generator<Judgement> {
  for (const piece of stepPieces(table, model, isAsked)) {
    const found = search(piece, options);
    if (found.valid === "unknown") {
      yield { valid: "unknown", reason: howFar(table, piece.rows, piece.events.length, found) };
    } else if (found.valid === false) {
      const where = { piece, reached: found.reached, visited: found.visited, suspects: [] };
      yield { valid: false, explain: () => explain(table, model, where, options) };
    } else if (options.witness !== true || piece.length === 0) yield { valid: true };
    else yield { valid: true, order: witnessOf(table, model, piece, found.order!()) };
  }
}

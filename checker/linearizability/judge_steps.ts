/**
 * Judges models that are defined by their `step`, with a search for each partition.
 *
 * @module
 */
import type { Model } from "../models/model.ts";
import type { Operations } from "../table/operations.ts";
import type { LinearizabilityOptions } from "./options.ts";
import { witnessOf } from "./explain/confirm.ts";
import { explain } from "./explain/explain.ts";
import { howFar, type Judgement } from "./explain/judgement.ts";
import type { Piece } from "./piece/piece.ts";
import { isAskedForOne, stepPieces } from "./piece/steps.ts";
import { search } from "./search/search.ts";

/**
 * Judges each partition.
 *
 * @param isAsked Whether the operations of a key should be judged; other keys are skipped. Default: all keys.
 */
export function* judgeSteps<State>(
  table: Operations,
  model: Model<State>,
  options: LinearizabilityOptions,
  isAsked?: (key: number) => boolean,
): Generator<Judgement> {
  for (let decided = 0;;) {
    try {
      for (const piece of stepPieces(table, model, isAsked).slice(decided)) {
        yield judgePiece(table, model, piece, options);
        decided++;
      }
      return;
    } catch (error) {
      if (!isAskedForOne(error, model)) throw error;
    }
  }
}

function judgePiece<State>(
  table: Operations,
  model: Model<State>,
  piece: Piece,
  options: LinearizabilityOptions,
): Judgement {
  const found = search(piece, options);
  if (found.valid === "unknown") {
    return { valid: "unknown", reason: howFar(table, piece.rows, piece.events.length, found) };
  }
  if (found.valid === false) {
    const where = { piece, reached: found.reached, visited: found.visited, suspects: [] };
    return { valid: false, explain: () => explain(table, model, where, options) };
  }
  if (options.witness !== true || piece.length === 0) return { valid: true };
  return { valid: true, order: witnessOf(table, model, piece, found.order!()) };
}

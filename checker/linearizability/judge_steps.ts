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
import type { SearchResult } from "./search/limits.ts";
import { search } from "./search/search.ts";
import { decidedInOrder } from "./search/share.ts";

/**
 * Judges each partition.
 *
 * @param undecided The keys to judge, and why no quicker judge could decide them. Default: all keys.
 */
export function* judgeSteps<State>(
  table: Operations,
  model: Model<State>,
  options: LinearizabilityOptions,
  undecided?: ReadonlyMap<number, string>,
): Generator<Judgement> {
  for (let decided = 0;;) {
    try {
      const pieces = stepPieces(table, model, undecided && ((key) => undecided.has(key))).slice(decided);
      for (const [piece, found] of decidedInOrder(pieces, options, search)) {
        const judgement = judgementOf(table, model, { piece, found }, options);
        const why = undecided?.get(table.key[piece.rows[0]!]!);
        yield judgement.valid !== "unknown" || why === undefined
          ? judgement
          : { ...judgement, reason: `${judgement.reason}; only a search could decide, because ${why}` };
        decided++;
      }
      return;
    } catch (error) {
      if (!isAskedForOne(error, model)) throw error;
    }
  }
}

function judgementOf<State>(
  table: Operations,
  model: Model<State>,
  { piece, found }: { readonly piece: Piece; readonly found: SearchResult },
  options: LinearizabilityOptions,
): Judgement {
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

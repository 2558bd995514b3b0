/**
 * Decides whether a collection is linearizable, without a search if possible.
 *
 * @module
 */
import { type CollectionModel, priorityOf } from "../../models/collection.ts";
import type { CollectionAnswer, CollectionConflict, CollectionSequence } from "./answer.ts";
import type { Collection, Mismatch, ReadCollection } from "./collection.ts";
import { judgeFifo } from "./fifo.ts";
import { judgePriority } from "./priority.ts";
import { replaySequence } from "./replay.ts";
import { judgeStack } from "./stack.ts";
import { assignUnknownRemovals, removeAllUnknown } from "./unknown_removals.ts";
import type { Operations } from "../../table/operations.ts";
import { NULL_ID } from "../../table/values.ts";

/** The result: an order, which was replayed; a proven conflict; or the reason why only a search can decide. */
export type CollectionVerdict =
  | { readonly valid: true; readonly collection: Collection; readonly sequence: CollectionSequence }
  | { readonly valid: false; readonly collection: Collection; readonly mismatch: Mismatch }
  | { readonly valid: false; readonly collection: Collection; readonly conflict: CollectionConflict }
  | { readonly valid: "unknown"; readonly reason: string };

/**
 * Judges a collection that `CollectionReader` has read.
 *
 * Removals of unknown outcome are assigned to elements by the rules of `unknown_removals.ts`. An order that is found in
 * this way is valid. A conflict counts only if no other assignment could avoid it.
 */
export function judgeCollection(table: Operations, model: CollectionModel, read: ReadCollection): CollectionVerdict {
  const { collection, mismatch, repeated } = read;
  if (mismatch !== undefined) return { valid: false, collection, mismatch };
  if (collection.value.includes(NULL_ID)) {
    return {
      valid: "unknown",
      reason: "null is inserted, but a removal also answers null if the collection is empty",
    };
  }
  const rank = model.order === "priority" ? ranksOf(table, model, collection) : new Int32Array(collection.length);
  const given = assignUnknownRemovals(collection, model.order, rank);
  const answer = judgeByOrder(given.collection, model, rank);
  if ("sequence" in answer) {
    const problem = replaySequence(given.collection, model.order, rank, answer.sequence);
    if (problem === undefined) return { valid: true, collection: given.collection, sequence: answer.sequence };
    return { valid: "unknown", reason: `the order that was built could not be confirmed (${problem})` };
  }
  if (repeated >= 0) {
    const value = JSON.stringify(table.values.at(repeated));
    return {
      valid: "unknown",
      reason: `${value} is inserted more than once, so that its removals may belong to either insert`,
    };
  }
  if (given.isExact) return { valid: false, collection: given.collection, conflict: answer.conflict };
  const relaxed = removeAllUnknown(collection);
  const proof = judgeByOrder(relaxed, model, rank);
  if ("conflict" in proof) return { valid: false, collection: relaxed, conflict: proof.conflict };
  return { valid: "unknown", reason: "it is uncertain which elements the removals of unknown outcome removed" };
}

function judgeByOrder(collection: Collection, { order }: CollectionModel, rank: Int32Array): CollectionAnswer {
  switch (order) {
    case "fifo":
      return judgeFifo(collection);
    case "lifo":
      return judgeStack(collection);
    default:
      return judgePriority(collection, rank);
  }
}

/** Each element's priority as a rank from 0, the best first. Equal priorities have equal ranks. */
function ranksOf(table: Operations, { largestFirst }: CollectionModel, { length, value }: Collection): Int32Array {
  const priorities = Array.from(value, (id) => priorityOf(table.values.at(id)));
  const order = Int32Array.from({ length }, (_, e) => e);
  const sign = largestFirst ? -1 : 1;
  order.sort((x, y) => priorities[x]! < priorities[y]! ? -sign : priorities[x]! > priorities[y]! ? sign : 0);
  const rank = new Int32Array(length);
  order.forEach((e, i) =>
    rank[e] = i === 0 ? 0 : rank[order[i - 1]!]! + (priorities[e] === priorities[order[i - 1]!] ? 0 : 1)
  );
  return rank;
}

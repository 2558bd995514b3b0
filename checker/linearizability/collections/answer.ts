/**
 * The answers of the algorithms that judge collections.
 *
 * @module
 */

/**
 * An order of a collection's operations: `2 * e` is the insert of element `e`, `2 * e + 1` its removal, and `-1 - i`
 * the removal number `i` that found nothing.
 */
export type CollectionSequence = Int32Array;

/** Why a collection is not linearizable. */
export type CollectionConflict =
  /** `first` went into the queue before `second`, but `second` came out before any removal of `first` began. */
  | { readonly pattern: "overtaken"; readonly first: number; readonly second: number }
  /** The order in which drains removed elements contradicts the order of the queue: together they form a circle. */
  | { readonly pattern: "circle"; readonly elements: readonly number[] }
  /** A removal found nothing, although these elements, one after another, covered the whole time of the removal. */
  | { readonly pattern: "not empty"; readonly empty: number; readonly elements: readonly number[] }
  /** An element came out although better ones, one after another, covered the whole time of its removal. */
  | { readonly pattern: "not the best"; readonly element: number; readonly elements: readonly number[] }
  /** None of these elements can have been below all the others. */
  | { readonly pattern: "not nested"; readonly elements: readonly number[] };

/** An order that explains everything, or a conflict. */
export type CollectionAnswer =
  | { readonly sequence: CollectionSequence }
  | { readonly conflict: CollectionConflict };

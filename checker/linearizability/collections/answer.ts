/**
 * What the judges of collections answer.
 *
 * @module
 */

/**
 * An order of a collection's operations: `2 * e` is the insert of element `e`, `2 * e + 1` its removal, and `-1 - i`
 * the removal `i` that found nothing.
 */
export type CollectionSequence = Int32Array;

/** What cannot be. */
export type CollectionConflict =
  /** `first` was inserted before `second`, and `second` came out of the queue before `first` did, or could have. */
  | { readonly pattern: "overtaken"; readonly first: number; readonly second: number }
  /** The removals of drains, in their order, and the queue's order make a circle. */
  | { readonly pattern: "circle"; readonly elements: readonly number[] }
  /** A removal found nothing, though these elements, one after another, were inside all the while. */
  | { readonly pattern: "not empty"; readonly empty: number; readonly elements: readonly number[] }
  /** An element came out though better ones, one after another, were inside all the while. */
  | { readonly pattern: "not the best"; readonly element: number; readonly elements: readonly number[] }
  /** None of these elements can have lain below all others. */
  | { readonly pattern: "not nested"; readonly elements: readonly number[] };

/** An order that explains everything, or a conflict. */
export type CollectionAnswer =
  | { readonly sequence: CollectionSequence }
  | { readonly conflict: CollectionConflict };

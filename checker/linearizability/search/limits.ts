/**
 * What bounds a search, and what it finds.
 *
 * @module
 */

/** What bounds a search. */
export interface SearchLimits {
  /** Asked now and then; `true` ends the search with `"unknown"`. */
  readonly stop?: () => boolean;
  /** How many configurations may be remembered. Default: 20,000,000. */
  readonly configurations?: number;
  /** How many may be visited. Default: as many as it takes. */
  readonly visits?: number;
}

/** What a search found. */
export interface SearchResult {
  readonly valid: true | false | "unknown";
  /** For `true`: the operations in an order that explains them; unknown ones that were not needed are left out. */
  readonly order?: () => Int32Array;
  /** How many events could be explained together: for `false` the event at this position is the first that cannot. */
  readonly reached: number;
  /** How many configurations were visited. */
  readonly visited: number;
}

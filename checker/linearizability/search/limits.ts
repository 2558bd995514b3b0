/**
 * The limits and the result of a search.
 *
 * @module
 */

/** The limits of a search. */
export interface SearchLimits {
  /** Called now and then; `true` ends the search with `"unknown"`. */
  readonly stop?: () => boolean;
  /** How many configurations may be remembered. Default: 20,000,000. */
  readonly configurations?: number;
  /** How many configurations may be visited. Default: no limit. */
  readonly visits?: number;
}

/** The result of a search. */
export interface SearchResult {
  readonly valid: true | false | "unknown";
  /** For `true`: the operations in a valid order; unknown ones that were not needed are left out. */
  readonly order?: () => Int32Array;
  /** How many events have a common explanation. For `false`, the event at this position is the first without one. */
  readonly reached: number;
  /** How many configurations were visited. */
  readonly visited: number;
}

/**
 * Exit statuses of verdicts, Jepsen's.
 *
 * @module
 */

/** By a verdict's `valid`, as text. */
export const STATUS: { readonly true: 0; readonly false: 1; readonly unknown: 2 } = { true: 0, false: 1, unknown: 2 };

/**
 * Exit statuses, Jepsen's.
 *
 * @module
 */

/** By a verdict's `valid`, as text. */
export const STATUS: { readonly true: 0; readonly false: 1; readonly unknown: 2 } = { true: 0, false: 1, unknown: 2 };
/** The command line was not understood, or names a file that cannot be used. */
export const WRONG_USAGE = 254;
/** This program itself failed. */
export const PROGRAM_FAILED = 255;

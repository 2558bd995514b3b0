/**
 * Exit statuses: Jepsen's, and a shell's for Ctrl-C.
 *
 * @module
 */

/** By a verdict's `valid`, as text. */
export const STATUS: { readonly true: 0; readonly false: 1; readonly unknown: 2 } = { true: 0, false: 1, unknown: 2 };
/** The command line was not understood, or names a file that cannot be used. */
export const WRONG_USAGE = 254;
/** Ctrl-C came before all was done, as shells say it: 128 and the signal's number. */
export const INTERRUPTED = 130;
/** This program itself failed. */
export const PROGRAM_FAILED = 255;

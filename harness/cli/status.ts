/**
 * Exit statuses: those of Jepsen, and a shell's for Ctrl-C.
 *
 * @module
 */

/** The status for each `valid` of a verdict, by its text. */
export const STATUS: { readonly true: 0; readonly false: 1; readonly unknown: 2 } = { true: 0, false: 1, unknown: 2 };
/** The command line was wrong, or names a file that cannot be used. */
export const WRONG_USAGE = 254;
/** Ctrl-C came before everything was done: as in shells, 128 plus the signal's number. */
export const INTERRUPTED = 130;
/** This program has failed. */
export const PROGRAM_FAILED = 255;

/**
 * The version of this module.
 *
 * @module
 */

/** The same as in deno.json and package.json, which a test checks: a program without permissions can read neither. */
export const VERSION = "0.2.0";

/**
 * The version of this module.
 *
 * @module
 */

/** As in deno.json and package.json, which a test compares: a program without permissions can read neither. */
export const VERSION = "0.2.0";

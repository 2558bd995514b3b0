/**
 * Why a system under test cannot be had: its program is missing, ends at once, or is no target. The message is one
 * line, for people.
 *
 * @module
 */

/** A target, or its cluster, cannot be had, for a reason that lies outside this program. */
export class TargetError extends Error {
  /** The error's name. */
  override name = "TargetError";
}

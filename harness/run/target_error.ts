/**
 * The error for a system under test that cannot be started: its program is missing, ends at once, or is not a target.
 * The message is one line, for people.
 *
 * @module
 */

/** A target, or its cluster, cannot be started, for a reason outside this program. */
export class TargetError extends Error {
  /** The error's name. */
  override name = "TargetError";
}

/** The program under test was found, but did not begin to serve: it ended, or stayed silent. */
export class StartError extends TargetError {
  /** The error's name. */
  override name = "StartError";
}

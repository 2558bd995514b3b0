/**
 * What every checker answers.
 *
 * @module
 */

/** `true` and `false` are proven; `"unknown"` is never to be read as `true`. */
export type Validity = true | false | "unknown";

/** The least that every checker's answer has in common. */
export interface Verdict {
  /** Whether the history is what the model allows. */
  readonly valid: Validity;
  /** For `"unknown"`: what kept the checker from a decision. For `false`: the violation in one sentence. */
  readonly reason?: string;
}

/** The worse of two validities: `false` before `"unknown"` before `true`. */
export function worse(a: Validity, b: Validity): Validity {
  if (a === false || b === false) return false;
  return a === "unknown" || b === "unknown" ? "unknown" : true;
}

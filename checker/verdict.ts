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

/** Why a history in which nothing succeeded is `"unknown"`. */
const NOTHING_SUCCEEDED = "nothing succeeded: there is no ok that could be wrong";

/**
 * A verdict for people: `"unknown"` where `true` would only say that nothing was there that could be wrong, as nothing
 * succeeded, or no transaction had to do with another.
 */
export function unlessVacuous<Answer extends CountedVerdict>(answer: Answer): Answer {
  if (answer.valid !== true) return answer;
  if (answer.operations.ok === 0) return { ...answer, valid: "unknown", reason: NOTHING_SUCCEEDED };
  if (answer.anomalyTypes?.includes("empty-transaction-graph") !== true) return answer;
  return { ...answer, valid: "unknown", reason: "no transaction saw or overwrote what another did" };
}

/** A verdict that counts operations; that of transactions names what was found. */
export interface CountedVerdict extends Verdict {
  /** How the operations ended. */
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
  /** The anomalies of transactions. */
  readonly anomalyTypes?: readonly string[];
}

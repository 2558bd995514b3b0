/**
 * The common part of all verdicts.
 *
 * @module
 */

/** `true` and `false` are proven. `"unknown"` never means `true`. */
export type Validity = true | false | "unknown";

/** The fields that all verdicts have. */
export interface Verdict {
  /** Whether the model allows the history. */
  readonly valid: Validity;
  /** For `"unknown"`: why the checker could not decide. For `false`: the violation in one sentence. */
  readonly reason?: string;
}

/** The worse of two validities: `false` before `"unknown"` before `true`. */
export function worse(a: Validity, b: Validity): Validity {
  if (a === false || b === false) return false;
  return a === "unknown" || b === "unknown" ? "unknown" : true;
}

/** The reason of `"unknown"` for a history in which nothing succeeded. */
const NOTHING_SUCCEEDED = "nothing succeeded: there is no ok that could be wrong";

/**
 * The verdict for people. Changes `true` to `"unknown"` if nothing could have been wrong, because no operation
 * succeeded, or no transaction affected another.
 */
export function unlessVacuous<Answer extends CountedVerdict>(answer: Answer): Answer {
  if (answer.valid !== true) return answer;
  if (answer.operations.ok === 0) return { ...answer, valid: "unknown", reason: NOTHING_SUCCEEDED };
  if (answer.anomalyTypes?.includes("empty-transaction-graph") !== true) return answer;
  return { ...answer, valid: "unknown", reason: "no transaction saw or overwrote what another did" };
}

/** A verdict that counts operations; a verdict on transactions also names anomalies. */
export interface CountedVerdict extends Verdict {
  /** How many operations ended in each way. */
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number };
  /** The names of the anomalies found. */
  readonly anomalyTypes?: readonly string[];
}

/**
 * The options of a check.
 *
 * @module
 */

import type { Share } from "./search/share.ts";

/** The options of a check. */
export interface LinearizabilityOptions {
  /**
   * Called now and then; `true` ends the check with `"unknown"`. (The checker has no clock of its own.) Default: never.
   */
  readonly stop?: () => boolean;
  /** Called once, when the verdict is certain and before a violation is explained: for measurements. */
  readonly decided?: () => void;
  /** Whether a valid verdict has a witness. Default: false. */
  readonly witness?: boolean;
  /**
   * Whether an invalid verdict has all minimal counterexamples, as far as they can be found before `stop` is `true`.
   * Default: false.
   */
  readonly all?: boolean;
  /** How many configurations a search may remember before it answers `"unknown"`. Default: 20,000,000. */
  readonly configurations?: number;
  /** Shares searches with other threads that judge the same history. Default: this thread does all of them. */
  readonly share?: Share;
}

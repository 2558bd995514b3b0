/**
 * What a caller may ask of a check.
 *
 * @module
 */

/** What bounds and shapes a check. */
export interface LinearizabilityOptions {
  /** Asked now and then; `true` ends the check with `"unknown"`. The room has no clock of its own. Default: never. */
  readonly stop?: () => boolean;
  /** Called once, when the verdict stands: before a violation is explained. For whoever measures. */
  readonly decided?: () => void;
  /** Whether a valid verdict has a witness. Default: false. */
  readonly witness?: boolean;
  /** How many configurations a search may remember before it answers `"unknown"`. Default: 20,000,000. */
  readonly configurations?: number;
}
